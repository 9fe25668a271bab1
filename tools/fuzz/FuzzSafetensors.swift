/// Fuzzes the safetensors header reader: in an accepted header every tensor lies inside the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSafetensors(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  do throws(SafetensorsDefect) {
    let header = try SafetensorsHeader.read(bytes)
    for tensor in header.tensors {
      precondition(
        tensor.range.lowerBound >= 8 && tensor.range.upperBound <= count, "a tensor outside the file")
    }
  } catch {}
  return 0
}
