public import TaperBase
public import TaperJSON

/// Why a device profile is refused.
public enum DeviceProfileError: Error, Hashable, Sendable {
  case file(FileError)
  case malformed(JSONError)
  case unsupportedSchema(found: Int, supported: Int)
  case missing(field: String)
  case invalid(field: String, expected: String, found: String)
}

extension DeviceProfileError: FileFailure {}
