public import CTaperLibrary
internal import TaperBase
internal import TaperPlanFormat
internal import TaperPlanRuntime

// The functions of taper.h about plans; that header says what they do.

@_cdecl("taper_abi")
public func taperABI() -> UInt32 { 1 }

private let version = CText(TaperVersion.current)

@_cdecl("taper_version")
public func taperVersion() -> UnsafePointer<CChar> { unsafe version.bytes }

@_cdecl("taper_plan_open")
public func openPlan(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<taper_plan_options>?,
  _ plan: UnsafeMutablePointer<OpaquePointer?>?
) -> taper_status {
  unsafe plan?.pointee = nil
  return status { () throws(LibraryError) in
    guard let plan = unsafe plan else { throw .argument("plan", expected: "a pointer", "NULL") }
    let path = try unsafe string(path, "path")
    var weights: String?
    var (residency, isStrict) = (WeightResidency(), false)
    if let options = unsafe options {
      try unsafe check(options.pointee.size, MemoryLayout<taper_plan_options>.size)
      if unsafe options.pointee.weights_path != nil {
        weights = try unsafe string(options.pointee.weights_path, "weights_path")
      }
      if unsafe options.pointee.prefault != 0 { residency = .prefault }
      if unsafe options.pointee.lock != 0 { residency = .lock }
      isStrict = unsafe options.pointee.strict != 0
    }
    do throws(RuntimeError) {
      try KernelTier.checkCap()
      let loaded = try LoadedPlan(path: path, weightsPath: weights, residency: residency)
      if isStrict, let missing = loaded.missingTier { throw missing }
      unsafe plan.pointee = Handle.make(PlanHandle(loaded))
    } catch {
      throw LibraryError(error)
    }
  }
}

@_cdecl("taper_plan_close")
public func closePlan(_ plan: UnsafeMutablePointer<OpaquePointer?>?) {
  guard let handle = unsafe plan?.pointee else { return }
  unsafe plan?.pointee = nil
  unsafe Handle.release(handle, as: PlanHandle.self)
}

@_cdecl("taper_plan_read_facts")
public func readFacts(
  _ plan: OpaquePointer?, _ facts: UnsafeMutablePointer<taper_plan_facts>?
) -> taper_status {
  status { () throws(LibraryError) in
    let found = try unsafe handle(plan)
    guard let facts = unsafe facts else { throw .argument("facts", expected: "a pointer", "NULL") }
    try unsafe check(facts.pointee.size, MemoryLayout<taper_plan_facts>.size)
    let plan = found.loaded.plan
    unsafe facts.pointee.kind = taper_kind(plan.head.kind)
    unsafe facts.pointee.width = plan.head.outputWidth
    unsafe facts.pointee.maximum_tokens = UInt32(plan.schedule.maximumLength)
    unsafe facts.pointee.threads = UInt32(found.loaded.maximumThreads)
    unsafe facts.pointee.vocabulary = plan.model.vocabulary
    unsafe facts.pointee.is_normalized = plan.head.normalized ? 1 : 0
    unsafe facts.pointee.model = found.model.bytes
  }
}

@_cdecl("taper_plan_label")
public func label(_ plan: OpaquePointer?, _ index: UInt32) -> UnsafePointer<CChar>? {
  guard let plan = unsafe plan else { return nil }
  let labels = unsafe Handle.object(plan, as: PlanHandle.self).labels
  return unsafe labels.indices.contains(Int(index)) ? labels[Int(index)].bytes : nil
}

@_cdecl("taper_plan_predict")
public func predict(
  _ plan: OpaquePointer?, _ tokens: UInt32, _ nanoseconds: UnsafeMutablePointer<UInt64>?
) -> taper_status {
  status { () throws(LibraryError) in
    let plan = try unsafe handle(plan).loaded.plan
    guard let nanoseconds = unsafe nanoseconds else {
      throw .argument("nanoseconds", expected: "a pointer", "NULL")
    }
    guard tokens >= 1, Int(tokens) <= plan.schedule.maximumLength else {
      throw .argument("tokens", expected: "1 to \(plan.schedule.maximumLength)", "\(tokens)")
    }
    guard !plan.predictions.lengths.isEmpty else {
      throw LibraryError(status: TAPER_UNFIT, text: "the plan has no predictions")
    }
    unsafe nanoseconds.pointee = plan.predictions.lengths[Int(tokens) - 1].planned.time.rawValue
  }
}

@_cdecl("taper_plan_verify")
public func verify(_ plan: OpaquePointer?) -> taper_status {
  status { () throws(LibraryError) in
    let loaded = try unsafe handle(plan).loaded
    do throws(RuntimeError) { try loaded.verifyWeights() } catch { throw LibraryError(error) }
  }
}

private func handle(_ plan: OpaquePointer?) throws(LibraryError) -> PlanHandle {
  guard let plan = unsafe plan else { throw .argument("plan", expected: "an open plan", "NULL") }
  return unsafe Handle.object(plan, as: PlanHandle.self)
}

/// A text with a zero at its end.
func string(_ text: UnsafePointer<CChar>?, _ name: String) throws(LibraryError) -> String {
  guard let text = unsafe text else { throw .argument(name, expected: "a text", "NULL") }
  guard let string = unsafe String(validatingCString: text) else {
    throw .argument(name, expected: "UTF-8", "other bytes")
  }
  return string
}

/// The member `size` of a structure from the caller: this version knows one.
func check(_ size: Int, _ expected: Int) throws(LibraryError) {
  guard size >= expected else {
    throw .argument("size", expected: "the structure's size, \(expected) or more", "\(size)")
  }
}

extension taper_kind {
  fileprivate init(_ kind: HeadKind) {
    self =
      switch kind {
      case .embedding: TAPER_VECTOR
      case .classification: TAPER_CLASSES
      case .multiLabel: TAPER_LABELS
      case .regression: TAPER_VALUES
      case .tokenClassification: TAPER_TOKEN_CLASSES
      case .sparse: TAPER_SPARSE_VECTOR
      case .tokenVectors: TAPER_TOKEN_VECTORS
      }
  }
}
