internal import CTaperKernels
internal import TaperBase
public import TaperPlanFormat

/// A validated plan with its weights in memory: immutable, and shared by any number of sessions.
///
/// Opened from a path, the weights stay where they are: a read-only mapping of the plan file, or of the weights file
/// beside it, which all processes on the machine share. Everything that can be wrong with a plan is found here, so that
/// a session's hot path has nothing left to check but its input.
public final class LoadedPlan: Sendable {
  public let plan: Plan
  /// Holds the weights' bytes; `weightRange` of them are the weights section.
  let memory: WeightMemory
  let weightRange: Range<Int>
  /// Where the weights come from; nil for weights in memory. For messages.
  let weightsPath: String?

  /// Maps and validates a plan file and its weights.
  ///
  /// - Parameters:
  ///   - path: the plan file.
  ///   - weightsPath: the weights file of a plan that does not carry its own; by default the file named
  ///     `<first 16 hex digits of the digest>.weights` in the plan's directory.
  ///   - residency: what is done while loading so that no run waits for the disk.
  /// - Throws: `RuntimeError` when a file cannot be read, is damaged, or asks for kernels this runtime does not have.
  ///   The digest that a weights file's header states is compared; its bytes are hashed only by `verifyWeights()`.
  public init(
    path: String, weightsPath: String? = nil, residency: WeightResidency = []
  ) throws(RuntimeError) {
    let file = try RuntimeError.wrapping(try WeightMemory(mapping: path))
    let plan: Plan
    let embedded: Range<Int>?
    do throws(PlanFormatError) {
      (plan, embedded) = unsafe try PlanReader.read(file.bytes)
    } catch {
      throw Self.refusal(error, path: path)
    }
    if let embedded {
      memory = file
      weightRange = embedded
      self.weightsPath = path
    } else {
      let place = weightsPath ?? Self.defaultWeightsPath(plan: path, digest: plan.weights.digest)
      memory = try Self.mapWeights(place, digest: plan.weights.digest)
      let found: (digest: Digest, weights: Range<Int>)
      do throws(PlanFormatError) {
        found = unsafe try WeightsFile.read(memory.bytes)
      } catch {
        throw .badWeightsFile(path: place, error)
      }
      guard found.digest == plan.weights.digest else {
        throw .weightsFileMismatch(path: place, expected: plan.weights.digest, found: found.digest)
      }
      weightRange = found.weights
      self.weightsPath = place
    }
    self.plan = plan
    try checkFit()
    try memory.prepare(weightRange, residency)
  }

  /// A plan made in this process, with its weights section's bytes.
  ///
  /// - Throws: `RuntimeError` when the plan is not valid, the bytes are not as many as the plan says, or it asks for
  ///   kernels this runtime does not have. The weights' digest is not checked.
  public convenience init(plan: Plan, weightBytes: [UInt8]) throws(RuntimeError) {
    try self.init(plan: plan, memory: WeightMemory(copying: weightBytes))
  }

  /// The same, over bytes that `owner` keeps where they are, page-aligned and unchanged, for as long as it lives.
  public convenience init(
    plan: Plan, weights: UnsafeRawBufferPointer, heldBy owner: any AnyObject & Sendable
  ) throws(RuntimeError) {
    try self.init(plan: plan, memory: unsafe WeightMemory(weights, heldBy: owner))
  }

  private init(plan: Plan, memory: WeightMemory) throws(RuntimeError) {
    do throws(PlanFormatError) {
      try PlanValidator.validate(plan)
    } catch {
      throw Self.refusal(error, path: nil)
    }
    self.plan = plan
    self.memory = memory
    weightRange = unsafe 0..<memory.bytes.count
    weightsPath = nil
    try checkFit()
  }

  /// Pages of the weights, of so many in all, that are in memory now.
  public var residentPages: (inMemory: Int, total: Int) { memory.residentPages(weightRange) }

  /// The error for a plan whose times were predicted with a tier that is not available here; nil if it is available or
  /// not recorded. Such a plan runs, with another tier's kernels and in other times.
  public var missingTier: RuntimeError? {
    let expected = plan.identity.tier
    guard !expected.isEmpty else { return nil }
    let best = KernelTier.detected
    let isThere = KernelTier.available.contains { $0.name == expected && $0.rawValue <= best.rawValue }
    return isThere ? nil : .tierMissing(expected: expected, found: best.name)
  }

  /// Hashes the weights and compares with the plan's digest. Reads every byte of them.
  ///
  /// - Throws: `RuntimeError.weightsDamaged` when they differ.
  public func verifyWeights() throws(RuntimeError) {
    var hash = SHA256()
    unsafe hash.update(UnsafeRawBufferPointer(rebasing: memory.bytes[weightRange]))
    let found = hash.finalize()
    guard found == plan.weights.digest else {
      throw .weightsDamaged(expected: plan.weights.digest, found: found)
    }
  }

  /// Workers of a session by default: as many as the plan was made for, but no more than this process has CPUs.
  public var defaultThreads: Int { max(1, min(maximumThreads, Int(ck_available_cpus()))) }

  /// Largest number of workers of a session: the plan has scratch memory for so many.
  public var maximumThreads: Int { Int(plan.identity.threads) }

  /// First byte of the weights section.
  var weightBase: UnsafeRawPointer? {
    guard let base = unsafe memory.bytes.baseAddress else { return nil }
    return unsafe base + weightRange.lowerBound
  }

  /// A kernel family that this version does not know does not mean damage: a newer version may have made the plan.
  private static func refusal(_ error: PlanFormatError, path: String?) -> RuntimeError {
    if case .violated(let violation) = error, violation.rule == .kernelKnown,
      case .selection(let number) = violation.place
    {
      return .unknownKernel(
        selection: number, kernel: KernelID(rawValue: UInt16(truncatingIfNeeded: violation.found)))
    }
    return .badPlan(path: path, error)
  }

  private func checkFit() throws(RuntimeError) {
    guard plan.weights.byteCount.rawValue == UInt64(weightRange.count) else {
      throw .weightsSizeMismatch(
        path: weightsPath, expected: plan.weights.byteCount, found: Bytes(UInt64(weightRange.count)))
    }
    for (number, selection) in plan.selections.enumerated() {
      // The format knows the kernel; this program must have it too.
      guard unsafe ck_find_kernel(selection.kernel.rawValue) != nil else {
        throw selection.kernel == .gemmF32OpenBLAS
          ? .openBLASMissing(selection: number) : .unknownKernel(selection: number, kernel: selection.kernel)
      }
    }
    try ScratchCheck.run(plan)
  }

  private static func defaultWeightsPath(plan path: String, digest: Digest) -> String {
    FilePath.sibling(of: path, named: WeightsFile.name(for: digest))
  }

  private static func mapWeights(_ path: String, digest: Digest) throws(RuntimeError) -> WeightMemory {
    do throws(FileError) {
      return try WeightMemory(mapping: path)
    } catch .system(_, _, let code) {
      throw .weightsFileMissing(path: path, digest: digest, errno: code)
    } catch {
      throw .file(error)
    }
  }
}
