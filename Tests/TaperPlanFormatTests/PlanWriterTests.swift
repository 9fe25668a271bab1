import TaperBase
import TaperPlanFormat
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writing to disk: what is there afterwards is the canonical file, or nothing.
@Suite struct PlanWriterTests {
  private let directory = TemporaryDirectory()
  private var folder: String { directory.path }

  /// Tensors out of a weights section, in pieces of 37 bytes.
  private func source(_ plan: Plan, _ weights: [UInt8]) -> PlanWriter.WeightSource {
    { (number, consumer) throws(PlanFormatError) in
      let entry = plan.weights.entries[number]
      var at = Int(entry.offset.rawValue)
      let end = at + Int(entry.byteCount.rawValue)
      while at < end {
        let piece = Array(weights[at..<min(end, at + 37)])
        let outcome = unsafe piece.withUnsafeBytes { buffer -> PlanFormatError? in
          do throws(PlanFormatError) {
            unsafe try consumer.append(buffer)
            return nil
          } catch {
            return error
          }
        }
        if let outcome { throw outcome }
        at += piece.count
      }
    }
  }

  @Test func aStreamedPlanHasTheBytesOfTheEncodedOne() throws {
    for seed in 0..<10 {
      let (plan, weights) = ToyPlan.make(seed: seed)
      var blank = plan
      blank.weights.digest = .zero
      blank.weights.isEmbedded = false
      let written = try PlanWriter.write(blank, to: folder + "/a.plan", weights: source(plan, weights))
      #expect(written == withoutGaps(plan, weights).plan)
      #expect(try TestFile.bytes(folder + "/a.plan") == encode(written, withoutGaps(plan, weights).weights))
      #expect(TemporaryDirectory.entries(folder) == ["a.plan"])
    }
  }

  /// The weights section with zeros between tensors, which is what the writer makes.
  private func withoutGaps(_ plan: Plan, _ weights: [UInt8]) -> (plan: Plan, weights: [UInt8]) {
    var plan = plan
    var clean = [UInt8](repeating: 0, count: weights.count)
    for entry in plan.weights.entries {
      let range = Int(entry.offset.rawValue)..<Int(entry.offset.rawValue + entry.byteCount.rawValue)
      clean.replaceSubrange(range, with: weights[range])
    }
    plan.weights.digest = SHA256.digest(of: clean)
    return (plan, clean)
  }

  @Test func severalPlansShareOneWeightsFile() throws {
    var (plan, weights) = ToyPlan.make()
    let (index, path) = try PlanWriter.writeWeightsFile(
      plan.weights, inFolder: folder, weights: source(plan, weights))
    #expect(path == folder + "/" + index.digest.shortHex + ".weights")
    plan.weights = index
    try PlanWriter.write(plan, to: folder + "/b.plan")
    let (read, range) = try PlanReader.read(TestFile.bytes(folder + "/b.plan"))
    #expect(read == plan)
    #expect(range == nil)
    let bytes = TestFile.bytes(path)
    let (digest, place) = try unsafe bytes.withUnsafeBytes { try unsafe WeightsFile.read($0) }
    #expect(digest == plan.weights.digest)
    #expect(place.lowerBound % 4096 == 0)
    #expect(SHA256.digest(of: Array(bytes[place])) == digest)
    #expect(failure { _ = try PlanReader.read(bytes) } == .wrongFileKind(found: 1))
    let planBytes = TestFile.bytes(folder + "/b.plan")
    #expect(
      failure { _ = try unsafe planBytes.withUnsafeBytes { try unsafe WeightsFile.read($0) } }
        == .wrongFileKind(found: 0))
  }

  @Test func aFailingSourceLeavesNothingBehind() throws {
    let (plan, weights) = ToyPlan.make()
    let whole = source(plan, weights)
    var calls = 0
    let error = failure {
      try PlanWriter.write(plan, to: folder + "/c.plan") { (number, consumer) throws(PlanFormatError) in
        calls += 1
        if calls == plan.weights.entries.count { throw .weightSource(name: "x", reason: "gone") }
        try whole(number, &consumer)
      }
    }
    #expect(error == .weightSource(name: "x", reason: "gone"))
    #expect(TemporaryDirectory.entries(folder) == [])
    let short = failure {
      try PlanWriter.write(plan, to: folder + "/c.plan") { (_, _) throws(PlanFormatError) in }
    }
    let first = plan.weights.entries[0]
    #expect(short == .weightEntrySize(name: first.name, expected: first.byteCount.rawValue, found: 0))
  }

  @Test func aFolderThatIsNotThereIsNamed() throws {
    let (plan, weights) = ToyPlan.make()
    let error = failure { try PlanWriter.write(plan, to: "/nowhere/d.plan", weights: source(plan, weights)) }
    #expect(error == .file(.system(path: "/nowhere/d.plan", .create, errno: ENOENT)))
  }
}
