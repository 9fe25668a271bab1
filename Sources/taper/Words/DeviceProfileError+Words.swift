import TaperDeviceProfile

extension DeviceProfileError {
  var words: String {
    switch self {
    case .file(let error): "device profile: \(error)"
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
