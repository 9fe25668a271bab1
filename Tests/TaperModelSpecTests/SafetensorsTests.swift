import TaperJSON
import TaperModelSpec
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  static let sound = RawTensor.file([
    RawTensor(name: "a", type: "F32", shape: [2, 1], data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]),
    RawTensor(name: "b", type: "F16", shape: [3], data: [0x00, 0x3C, 0x01, 0x00, 0x00, 0xFC]),
    RawTensor(name: "c", type: "BF16", shape: [], data: [0x80, 0x3F]),
    RawTensor(name: "d", type: "F32", shape: [0, 7], data: []),
    RawTensor(name: "e", type: "I64", shape: [1], data: [1, 0, 0, 0, 0, 0, 0, 0]),
  ])

  static func read(_ bytes: [UInt8]) throws(SafetensorsDefect) -> SafetensorsHeader {
    try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(SafetensorsDefect) in
      try unsafe SafetensorsHeader.read(bytes)
    }
  }

  static func defect(_ header: String, data: Int) -> SafetensorsDefect? {
    do throws(SafetensorsDefect) {
      _ = try read(RawTensor.file(header: header, data: [UInt8](repeating: 0, count: data)))
      return nil
    } catch {
      return error
    }
  }

  @Test func elementsBecomeFloats() throws {
    let directory = TemporaryDirectory()
    let file = try SafetensorsFile(path: directory.write("x.safetensors", Self.sound))
    #expect(file.tensors.map(\.name).sorted() == ["a", "b", "c", "d", "e"])
    #expect(try file.floats("a") == [1, -2])
    #expect(try file.floats("b") == [1, 0x1p-24, -.infinity])
    #expect(try file.floats("c") == [1])
    #expect(try file.floats("d") == [])
    #expect(file.tensor("a")?.shape == [2, 1])
    #expect(throws: ModelSpecError.tensorMissing(path: file.path, tensor: "z", tried: ["z"])) {
      try file.floats("z")
    }
    #expect(
      throws: ModelSpecError.tensorType(
        path: file.path, tensor: "e", expected: ["F32", "F16", "BF16"], found: "I64")
    ) { try file.floats("e") }
  }

  /// All 65,536 half-precision numbers, against their definition.
  @Test func everyHalfIsExact() throws {
    let bytes = (0..<65536).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let directory = TemporaryDirectory()
    let path = directory.write(
      "h", RawTensor.file([RawTensor(name: "h", type: "F16", shape: [65536], data: bytes)]))
    for (bits, value) in try SafetensorsFile(path: path).floats("h").enumerated() {
      let sign: Double = bits >> 15 == 1 ? -1 : 1
      let exponent = bits >> 10 & 31
      let fraction = Double(bits & 1023) / 1024
      if exponent == 31 {
        #expect(fraction == 0 ? value == Float(sign * .infinity) : value.isNaN)
      } else {
        let scale = Double(sign: .plus, exponent: max(exponent, 1) - 15, significand: 1)
        #expect(Double(value) == sign * scale * (fraction + (exponent == 0 ? 0 : 1)))
      }
    }
  }

  @Test func eachDefectIsNamed() throws {
    func one(_ member: String, data: Int = 4) -> SafetensorsDefect? {
      Self.defect("{\"t\":{\(member)}}", data: data)
    }
    #expect(one(#""dtype":"F32","shape":[1],"data_offsets":[0,4]"#) == nil)
    #expect(
      one(#""dtype":"F33","shape":[1],"data_offsets":[0,4]"#) == nil,
      "a tensor of an unknown type may be in the file")
    #expect(
      one(#""dtype":"F32","shape":[2],"data_offsets":[0,4]"#)
        == .sizeMismatch(tensor: "t", expected: 8, found: 4))
    #expect(
      one(#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#) == .outOfFile(tensor: "t", end: 8, available: 4)
    )
    #expect(
      one(#""dtype":"F32","shape":[1],"data_offsets":[4,0]"#)
        == .offsetsReversed(tensor: "t", begin: 4, end: 0))
    #expect(
      one(#""dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]"#)
        == .shapeTooLarge(tensor: "t", shape: [4_294_967_296, 4_294_967_296]))
    #expect(
      one(#""dtype":"F32","shape":[-1],"data_offsets":[0,4]"#)
        == .description(tensor: "t", member: "shape", expected: "an array of sizes", found: "-1 in it"))
    #expect(
      one(#""dtype":"F32","shape":[1],"data_offsets":[0]"#)
        == .description(tensor: "t", member: "data_offsets", expected: "two offsets", found: "1"))
    #expect(
      one(#""shape":[1],"data_offsets":[0,4]"#)
        == .description(tensor: "t", member: "dtype", expected: "a string", found: "nothing"))
    #expect(
      one(#""dtype":"F32","shape":[1],"data_offsets":[0,4]"#, data: 6)
        == .trailingBytes(expectedEnd: 4, found: 6))
    #expect(
      one(#""dtype":"F32","shape":[1],"data_offsets":[2,6]"#, data: 6)
        == .hole(tensor: "t", expectedBegin: 0, found: 2))
    #expect(Self.defect("[]", data: 0) == .headerNotObject(found: "an array"))
    #expect(Self.defect(#"{"__metadata__":{"k":1}}"#, data: 0) == .metadata(found: "an integer at \"k\""))
    #expect(
      Self.defect(
        #"{"s":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"t":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
        data: 6) == .overlap(tensor: "t", begin: 2, other: "s", otherEnd: 4))
  }

  @Test func headerLengthsAndTextAreChecked() {
    func defect(_ bytes: [UInt8]) -> SafetensorsDefect? {
      do throws(SafetensorsDefect) {
        _ = try Self.read(bytes)
        return nil
      } catch {
        return error
      }
    }
    #expect(defect([1, 2, 3]) == .noHeader(fileSize: 3))
    #expect(
      defect([255, 255, 255, 255, 255, 255, 255, 255, 0])
        == .headerTooLarge(found: .max, limit: 100_000_000))
    #expect(defect(RawTensor.length(99) + [0x7B, 0x7D]) == .headerTruncated(expected: 99, found: 2))
    #expect(
      defect(RawTensor.file(header: #"{"t":{},"t":{}}"#, data: []))
        == .headerNotJSON(.duplicateKey(offset: 8, key: "t")))
    guard
      case .headerNotJSON(.invalidString) = defect(
        RawTensor.length(6) + [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31])
    else {
      Issue.record("a name that is not UTF-8 must be refused")
      return
    }
  }

  /// Cut anywhere in its header or data, the file is refused.
  @Test func everyTruncationIsRefused() {
    for count in Self.sound.indices {
      #expect(throws: SafetensorsDefect.self) { try Self.read(Array(Self.sound[..<count])) }
    }
  }

  /// Ten thousand seeded corruptions: an error or a header whose every range lies in the file and is read in bounds.
  @Test func corruptionsNeverTrap() throws {
    var generator = SeededGenerator(seed: 2)
    var refused = 0
    for _ in 0..<10_000 {
      var bytes = Self.sound
      for _ in 0...Int.random(in: 0..<4, using: &generator) {
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes[position] = UInt8.random(in: 0x30...0x39, using: &generator)
        default: bytes.remove(at: position)
        }
      }
      do {
        let header = try Self.read(bytes)
        for tensor in header.tensors {
          #expect(tensor.range.upperBound <= bytes.count)
          // How large an element of an unknown type is, is not known.
          guard let element = tensor.element else { continue }
          #expect(tensor.shape.reduce(element.byteCount, *) == tensor.range.count)
        }
      } catch { refused += 1 }
    }
    #expect(refused > 4_000 && refused < 10_000)
  }

  @Test func whatIsWrittenIsRead() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/w.safetensors"
    for count in [0, 1, 5] {
      var writer = SafetensorsWriter(metadata: [("format", "pt"), ("note", "\"quoted\"")])
      let values = (0..<count * 3).map { Float($0) * 0.1 }
      writer.add("weight", shape: [count, 3], values: values)
      writer.add("scalar", shape: [], values: [.pi])
      try writer.write(to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["format": "pt", "note": "\"quoted\""])
      #expect(file.tensors.count == 2)
      #expect(try file.floats("weight") == values)
      #expect(try file.floats("scalar") == [.pi])
      #expect(file.tensor("weight")?.shape == [count, 3])
      #expect(file.tensors.allSatisfy { $0.range.lowerBound % 4 == 0 })
    }
    #expect(TemporaryDirectory.entries(directory.path) == ["w.safetensors"], "no temporary file is left")
  }
}
