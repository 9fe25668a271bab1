public import TaperJSON

/// Why a device profile is refused.
public enum DeviceProfileError: Error, Hashable, Sendable {
  case unreadable(path: String, errno: Int32)
  case unwritable(path: String, errno: Int32)
  case tooLarge(path: String, limit: Int)
  case malformed(JSONError)
  case unsupportedSchema(found: Int, supported: Int)
  case missing(field: String)
  case invalid(field: String, expected: String, found: String)
}

extension DeviceProfileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let errno):
      "cannot read the device profile \(path): errno \(errno); "
        + "check the path, or make one with `taper profile`"
    case .unwritable(let path, let errno): "cannot write the device profile \(path): errno \(errno)"
    case .tooLarge(let path, let limit):
      "\(path) has more than \(limit) bytes, which no device profile has; is it another file?"
    case .malformed(let error): "device profile: \(error); make it anew with `taper profile`"
    case .unsupportedSchema(let found, let supported):
      "device profile has schema_version \(found), this version reads \(supported); "
        + "make it anew with `taper profile`"
    case .missing(let field): "device profile lacks \(field); make it anew with `taper profile`"
    case .invalid(let field, let expected, let found):
      "device profile: \(field) must be \(expected), found \(found); make it anew with `taper profile`"
    }
  }
}
