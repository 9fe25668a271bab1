import TaperBase
public import TaperJSON
public import TaperPlanFormat

/// A value in a report. Its case says what it is, so that a terminal and a page show "1.25 ms" where JSON has 1250000.
public indirect enum ReportValue: Hashable, Sendable {
  /// Not known: "–", and null in JSON.
  case none
  case text(String)
  case flag(Bool)
  case whole(Int64)
  case time(Nanoseconds)
  case bytes(Bytes)
  case flops(Flops)
  /// 0.25: "25.0%", with so many decimals.
  case share(Double, decimals: Int = 1)
  /// How far one value is from another: 0.021 is "+2.1%".
  case change(Double?)
  /// 2.05: "2.05x".
  case factor(Double)
  case number(Double, decimals: Int)
  case list([ReportValue])
  case record([Field])
  /// What the plan predicts and nobody has measured: "~1.25 ms".
  case predicted(ReportValue)
  /// Rounded to six decimals in JSON, and null where it is no number there: more decimals of a measurement are noise.
  case rounded(ReportValue)
  /// Words for people, another value for programs.
  case shown(String, ReportValue)

  public struct Field: Hashable, Sendable {
    public var key: String
    public var value: ReportValue

    public init(_ key: String, _ value: ReportValue) {
      self.key = key
      self.value = value
    }
  }
}

extension ReportValue {
  public static func record(_ fields: KeyValuePairs<String, ReportValue>) -> ReportValue {
    .record(fields.map { Field($0.key, $0.value) })
  }

  /// `.none` for nil.
  public init<Value>(_ value: Value?, _ make: (Value) -> ReportValue) { self = value.map(make) ?? .none }

  public static func integer(_ value: some BinaryInteger) -> ReportValue { .whole(Int64(clamping: value)) }

  public static func times(_ times: [Nanoseconds]) -> ReportValue { .list(times.map { .time($0) }) }
  public static func integers(_ values: [some BinaryInteger]) -> ReportValue {
    .list(values.map { .integer($0) })
  }
  public static func texts(_ values: [String]) -> ReportValue { .list(values.map { .text($0) }) }

  /// A number for programs; people get two decimals.
  public static func number(_ value: Double) -> ReportValue { .number(value, decimals: 2) }
}

extension ReportValue {
  /// For people.
  package var text: String {
    switch self {
    case .none: "–"
    case .text(let text): text
    case .flag(let flag): flag ? "yes" : "no"
    case .whole(let value): "\(value)"
    case .time(let time): NumberText.time(time)
    case .bytes(let bytes): NumberText.size(bytes)
    case .flops(let flops): "\(flops.rawValue)"
    case .share(let share, let decimals): NumberText.percent(share, decimals)
    case .change(let change): NumberText.signedPercent(change)
    case .factor(let factor): NumberText.times(factor)
    case .number(let value, let decimals): NumberText.fixed(value, decimals)
    case .list(let values): values.map(\.text).joined(separator: " ")
    case .record(let fields): fields.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
    case .predicted(.none): "–"
    case .predicted(let value): "~" + value.text
    case .rounded(let value): value.text
    case .shown(let words, _): words
    }
  }

  /// For programs: times in integer nanoseconds, sizes in integer bytes, shares and factors as numbers.
  public var json: JSONValue {
    switch self {
    case .none, .change(nil): .null
    case .text(let text): .string(text)
    case .flag(let flag): .bool(flag)
    case .whole(let value): .integer(value)
    case .time(let time): .integer(Int64(clamping: time.rawValue))
    case .bytes(let bytes): .integer(Int64(clamping: bytes.rawValue))
    case .flops(let flops): .integer(Int64(clamping: flops.rawValue))
    case .share(let value, _), .factor(let value), .number(let value, _), .change(let value?): .number(value)
    case .list(let values): .array(values.map(\.json))
    case .record(let fields): .object(JSONObject(fields.map { ($0.key, $0.value.json) }))
    case .predicted(let value), .shown(_, let value): value.json
    case .rounded(let value): Self.rounded(value.json)
    }
  }

  private static func rounded(_ value: JSONValue) -> JSONValue {
    guard case .number(let number) = value else { return value }
    guard number.isFinite, abs(number) < 1e9 else { return .null }
    return .number((number * 1e6).rounded() / 1e6)
  }

  /// Its size, for what is drawn to scale.
  var magnitude: Double {
    switch self {
    case .whole(let value): Double(value)
    case .time(let time): Double(time.rawValue)
    case .bytes(let bytes): Double(bytes.rawValue)
    case .flops(let flops): Double(flops.rawValue)
    case .share(let value, _), .factor(let value), .number(let value, _), .change(let value?): value
    case .predicted(let value), .rounded(let value), .shown(_, let value): value.magnitude
    case .none, .change(nil), .text, .flag, .list, .record: 0
    }
  }
}

extension ReportValue {
  /// A value of another document, for programs.
  package init(_ json: JSONValue) {
    self =
      switch json {
      case .null: .none
      case .bool(let flag): .flag(flag)
      case .integer(let value): .integer(value)
      case .number(let value): .number(value)
      case .string(let text): .text(text)
      case .array(let values): .list(values.map(ReportValue.init))
      case .object(let object): .record(object.members.map { Field($0.key, ReportValue($0.value)) })
      }
  }
}
