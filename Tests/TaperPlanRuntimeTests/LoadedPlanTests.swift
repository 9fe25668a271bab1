import Glibc
import TaperBase
import TaperPlanFormat
import TaperPlanRuntime
import TestSupport
import Testing

/// Plans and weights in files.
@Suite struct LoadedPlanTests {
  let folder = TemporaryDirectory()
  let toy = ToyPlan(keep: { ($0 + 1) / 2 })

  func source(_ index: WeightsIndex, _ bytes: [UInt8]) -> PlanWriter.WeightSource {
    { (entry, consumer) throws(PlanFormatError) in
      let place = index.entries[entry]
      let begin = Int(place.offset.rawValue)
      let tensor = bytes[begin..<begin + Int(place.byteCount.rawValue)]
      let result = unsafe tensor.withUnsafeBytes { buffer -> Result<Void, PlanFormatError> in
        do throws(PlanFormatError) {
          return .success(unsafe try consumer.append(buffer))
        } catch {
          return .failure(error)
        }
      }
      try result.get()
    }
  }

  func writeEmbedded() throws -> String {
    let path = folder.path + "/toy.plan"
    try PlanWriter.write(toy.plan, to: path, weights: source(toy.plan.weights, toy.weightBytes))
    return path
  }

  /// The plan's path and the weights file's.
  func writeBeside() throws -> (plan: String, weights: String) {
    let (index, weights) = try PlanWriter.writeWeightsFile(
      toy.plan.weights, inFolder: folder.path, weights: source(toy.plan.weights, toy.weightBytes))
    var plan = toy.plan
    plan.weights = index
    plan.weights.isEmbedded = false
    try PlanWriter.write(plan, to: folder.path + "/toy.plan")
    return (folder.path + "/toy.plan", weights)
  }

  @Test(arguments: [WeightResidency.prefault, .lock]) func allPagesAreReadWhenAsked(
    residency: WeightResidency
  ) throws {
    let path = try writeEmbedded()
    let loaded: LoadedPlan
    do throws(RuntimeError) {
      loaded = try LoadedPlan(path: path, residency: residency)
    } catch {
      // A small limit on locked memory is the machine's business; anything else is not expected.
      guard case .cannotLock = error else { throw error }
      return
    }
    let pages = loaded.residentPages
    #expect(pages.total == (toy.weightBytes.count + 4095) / 4096 && pages.inMemory == pages.total)
    #expect(try answer(loaded) == answer(LoadedPlan(path: path)))
  }

  @Test func aTierThatIsNotHereIsNamed() throws {
    var plan = toy.plan
    #expect(try LoadedPlan(plan: plan, weightBytes: toy.weightBytes).missingTier == nil)
    plan.identity.tier = "scalar"
    #expect(try LoadedPlan(plan: plan, weightBytes: toy.weightBytes).missingTier == nil)
    plan.identity.tier = "quantum"
    let missing = try LoadedPlan(plan: plan, weightBytes: toy.weightBytes).missingTier
    #expect(missing?.exitCode == 4)
    guard case .tierMissing(expected: "quantum", _) = missing else {
      Issue.record("found \(String(describing: missing))")
      return
    }
  }

  func answer(_ loaded: LoadedPlan) throws -> [Float] {
    var session = try Session(loaded)
    try session.run(ids: [1, 2, 3, 4, 5, 6, 7])
    return session.result
  }

  func refusal(_ path: String, weights: String? = nil) -> RuntimeError? {
    do throws(RuntimeError) {
      _ = try LoadedPlan(path: path, weightsPath: weights)
      return nil
    } catch {
      return error
    }
  }

  @Test func embeddedWeights() throws {
    let loaded = try LoadedPlan(path: writeEmbedded())
    try loaded.verifyWeights()
    #expect(try answer(loaded) == answer(LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)))
  }

  @Test func weightsBesideThePlan() throws {
    let files = try writeBeside()
    let loaded = try LoadedPlan(path: files.plan)
    try loaded.verifyWeights()
    #expect(try answer(loaded) == answer(LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)))
  }

  @Test func weightsElsewhereMustBeNamed() throws {
    let files = try writeBeside()
    let elsewhere = TemporaryDirectory()
    elsewhere.write("w", TestFile.bytes(files.weights))
    unsafe unlink(files.weights)
    let error = refusal(files.plan)
    guard case .weightsFileMissing(files.weights, _, ENOENT) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(error?.exitCode == 65)
    let loaded = try LoadedPlan(path: files.plan, weightsPath: elsewhere.path + "/w")
    try loaded.verifyWeights()
  }

  @Test func weightsOfAnotherModel() throws {
    let files = try writeBeside()
    var other = toy.plan.weights
    other.entries[0].name = "another"
    var bytes = toy.weightBytes
    bytes[0] ^= 1
    let (index, path) = try PlanWriter.writeWeightsFile(
      other, inFolder: folder.path, weights: source(other, bytes))
    let expected = try LoadedPlan(path: files.plan).plan.weights.digest
    #expect(
      refusal(files.plan, weights: path)
        == .weightsFileMismatch(path: path, expected: expected, found: index.digest))
  }

  @Test func damagedWeightsAreFoundByVerifying() throws {
    let path = try writeEmbedded()
    var bytes = TestFile.bytes(folder.path + "/" + "toy.plan")
    bytes[bytes.count - 5] ^= 0x40
    folder.write("toy.plan", bytes)
    let loaded = try LoadedPlan(path: path)
    let error = #expect(throws: RuntimeError.self) { try loaded.verifyWeights() }
    guard case .weightsDamaged = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }

  @Test func filesThatAreNoPlans() throws {
    let files = try writeBeside()
    #expect(
      refusal(folder.path + "/none.plan")
        == .file(.system(path: folder.path + "/none.plan", .open, errno: ENOENT)))
    #expect(refusal(folder.path) == .file(.notRegularFile(path: folder.path)))
    folder.write("empty.plan", [])
    folder.write("text.plan", Array("hello".utf8))
    for name in ["empty.plan", "text.plan"] {
      guard case .badPlan(folder.path + "/" + name, _) = refusal(folder.path + "/" + name) else {
        Issue.record("\(name) was taken, or refused for another reason")
        continue
      }
    }
    guard case .badPlan = refusal(files.weights) else {
      Issue.record("a weights file was taken for a plan")
      return
    }
    guard case .badWeightsFile(files.plan, _) = refusal(files.plan, weights: files.plan) else {
      Issue.record("a plan was taken for a weights file")
      return
    }
  }

  /// TaperPlanFormatTests cut at every byte; this is about the mapping.
  @Test func truncationIsRefused() throws {
    let files = try writeBeside()
    let whole = TestFile.bytes(folder.path + "/" + "toy.plan")
    for count in stride(from: 0, to: whole.count, by: 997) {
      folder.write("cut.plan", Array(whole[..<count]))
      #expect(refusal(folder.path + "/cut.plan", weights: files.weights) != nil, "\(count) bytes")
    }
  }
}
