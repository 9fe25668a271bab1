internal import TaperJSON
internal import TaperPlanFormat

/// Reads the members of a JSON object. Errors name the member that is missing or wrong.
struct FieldReader {
  let object: JSONObject
  /// The object's path, for example "entries[3].shape"; empty for the top level.
  let path: String

  init(_ value: JSONValue, at path: String) throws(DeviceProfileError) {
    guard let object = value.object else {
      throw .invalid(
        field: path.isEmpty ? "the file" : path, expected: "an object", found: value.kindDescription)
    }
    self.object = object
    self.path = path
  }

  func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func value(_ key: String) throws(DeviceProfileError) -> JSONValue {
    guard let value = object[key] else { throw .missing(field: name(key)) }
    return value
  }

  func reader(_ key: String) throws(DeviceProfileError) -> FieldReader {
    try FieldReader(try value(key), at: name(key))
  }

  func string(_ key: String) throws(DeviceProfileError) -> String {
    let value = try value(key)
    guard let string = value.string else {
      throw .invalid(field: name(key), expected: "a string", found: value.kindDescription)
    }
    return string
  }

  func strings(_ key: String) throws(DeviceProfileError) -> [String] {
    var strings: [String] = []
    for (index, value) in try array(key).enumerated() {
      guard let string = value.string else {
        throw .invalid(field: "\(name(key))[\(index)]", expected: "a string", found: value.kindDescription)
      }
      strings.append(string)
    }
    return strings
  }

  func array(_ key: String) throws(DeviceProfileError) -> [JSONValue] {
    let value = try value(key)
    guard let array = value.array else {
      throw .invalid(field: name(key), expected: "an array", found: value.kindDescription)
    }
    return array
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(DeviceProfileError) -> Int {
    try Self.integer(try value(key), in: range, field: name(key))
  }

  /// As `integer`, but an absent key means `fallback`.
  func integer(
    _ key: String, in range: ClosedRange<Int>, absent fallback: Int
  ) throws(DeviceProfileError) -> Int {
    guard let value = object[key] else { return fallback }
    return try Self.integer(value, in: range, field: name(key))
  }

  /// A time; nil when the member is absent.
  func optionalTime(_ key: String) throws(DeviceProfileError) -> Nanoseconds? {
    guard object[key] != nil else { return nil }
    return Nanoseconds(UInt64(try integer(key, in: Limits.time)))
  }

  static func integer(
    _ value: JSONValue, in range: ClosedRange<Int>, field: String
  ) throws(DeviceProfileError) -> Int {
    guard let integer = value.int, range.contains(integer) else {
      throw .invalid(
        field: field, expected: "an integer from \(range.lowerBound) to \(range.upperBound)",
        found: value.int.map(String.init) ?? value.kindDescription)
    }
    return integer
  }

  /// A number from 0 to a million.
  func ratio(_ key: String) throws(DeviceProfileError) -> Double {
    let value = try value(key)
    guard let number = value.double, Limits.ratio.contains(number) else {
      throw .invalid(
        field: name(key), expected: "a number from 0 to \(Int(Limits.ratio.upperBound))",
        found: value.double.map { "\($0)" } ?? value.kindDescription)
    }
    return number
  }
}
