internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperServing
internal import TaperTokenization

/// What a `taper_plan` points to.
final class PlanHandle: Sendable {
  let loaded: LoadedPlan
  /// C strings that live as long as the plan.
  let model: CText
  let labels: [CText]

  init(_ loaded: LoadedPlan) {
    self.loaded = loaded
    model = CText(loaded.plan.identity.modelName)
    labels = loaded.plan.head.labels.map(CText.init)
  }
}

/// What a `taper_session` points to: one thread at a time.
final class SessionHandle {
  var runner: TextRunner
  let plan: Plan
  /// Of the last text.
  var encoding: Encoding?

  init(_ runner: consuming TextRunner, _ plan: Plan) {
    self.runner = runner
    self.plan = plan
  }
}

/// A string with a zero at its end, at a fixed place.
/// `@unchecked Sendable`: the bytes are written once, before anyone has them.
@safe final class CText: @unchecked Sendable {
  let bytes: UnsafePointer<CChar>

  init(_ text: String) {
    let utf8 = text.utf8CString
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: utf8.count)
    for (index, byte) in utf8.enumerated() { unsafe (place + index).initialize(to: byte) }
    unsafe bytes = UnsafePointer(place)
  }

  deinit { unsafe bytes.deallocate() }
}

/// Objects behind C's opaque pointers. A pointer that is not one of ours, or no longer, is the caller's error, which C
/// cannot find; NULL is found.
enum Handle {
  static func make(_ object: some AnyObject) -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  static func object<Object: AnyObject>(_ pointer: OpaquePointer, as type: Object.Type) -> Object {
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  static func release<Object: AnyObject>(_ pointer: OpaquePointer, as type: Object.Type) {
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }
}
