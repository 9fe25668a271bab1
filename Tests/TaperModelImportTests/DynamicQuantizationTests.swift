import TaperModelImport
import TaperWorkflow
import TestSupport
import Testing

/// IR that openvino converted from dynamic int8 ONNX has the rounding of activations written out. It is left out, as
/// for the ONNX file, where all of it is there.
@Suite struct DynamicQuantizationTests {
  private let place = ImportPlace()

  /// Per tensor in i8, per column in u8.
  @Test(arguments: ["dynamic", "dynamic-channels"])
  func weightsAreThoseOfTheONNXFile(name: String) throws {
    let other = ImportPlace()
    let onnx = try GraphImporter.run(place.put("\(name).onnx").path, to: place.output)
    let ir = try GraphImporter.run(other.put("ir-from-\(name).xml").path, to: other.output)
    #expect(ir.leavesOutActivations && ir.areWeightsDequantised && ir.tensors == onnx.tensors)
    let weights = TestFile.bytes(place.output + "/model.safetensors")
    #expect(!weights.isEmpty && weights == TestFile.bytes(other.output + "/model.safetensors"))
  }

  /// What only resembles it keeps its rounding, and is refused: codes of other limits, another rounding, a range that
  /// is none or that leaves out zero, two ranges.
  @Test(arguments: [
    (#"max="255""#, #"max="254""#), (#"min="0" max"#, #"min="1" max"#), (#"type="Round""#, #"type="Floor""#),
    (#"type="ReduceMin""#, #"type="ReduceMax""#), (#"type="Maximum""#, #"type="Minimum""#),
    (#"type="Maximum""#, #"type="Add""#),
  ])
  func nearlyTheSameIsRefused(old: String, new: String) throws {
    let (path, _) = try place.put("ir-from-dynamic.xml")
    let text = String(decoding: TestFile.bytes(path), as: UTF8.self)
    #expect(text.contains(old))
    place.folder.write("ir-from-dynamic.xml", text.replacing(old, with: new))
    #expect(isUnrecognised(path))
  }

  /// Codes in other steps than those that the zero point is in.
  @Test func otherStepsAreRefused() throws {
    let (path, _) = try place.put("ir-from-dynamic.xml")
    var bytes = TestFile.bytes(place.folder.path + "/ir-from-dynamic.bin")
    let (old, new) = (littleEndian(255), littleEndian(250))
    let starts = bytes.indices.dropLast(3).filter { bytes[$0..<$0 + 4].elementsEqual(old) }
    #expect(!starts.isEmpty)
    for start in starts { bytes.replaceSubrange(start..<start + 4, with: new) }
    place.folder.write("ir-from-dynamic.bin", bytes)
    #expect(isUnrecognised(path))
  }

  /// Ranges along fewer axes than there are do not cancel.
  @Test func rangesOfRowsAreRefused() throws {
    let (path, _) = try place.put("ir-from-dynamic.xml")
    let text = String(decoding: TestFile.bytes(path), as: UTF8.self)
    let axes = try #require(text.firstMatch(of: #/shape="3" (offset="\d+") size="24"/#))
    place.folder.write(
      "ir-from-dynamic.xml", text.replacing(axes.0, with: "shape=\"2\" \(axes.1) size=\"16\""))
    guard
      case .badNode(_, _, _, "[1, 7, 24], expected 2 axes")? = #expect(
        throws: ImportError.self, performing: { try GraphImporter.run(path, to: place.output) })
    else {
      Issue.record("expected a refusal of the axes")
      return
    }
  }

  private func isUnrecognised(_ path: String) -> Bool {
    let error = #expect(
      throws: ImportError.self, performing: { try GraphImporter.run(path, to: place.output) })
    if case .unrecognised(_, part: "layer 1, attention", _, _)? = error { return true }
    return false
  }

  private func littleEndian(_ value: Float) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }
}
