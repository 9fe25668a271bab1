import Glibc

/// A day of the Gregorian calendar, UTC.
struct CalendarDay: CustomStringConvertible {
  /// Days since 1970-01-01.
  let number: Int

  static func today() -> CalendarDay { CalendarDay(number: time(nil) / 86_400) }

  /// From "2026-11-21"; nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
      (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var fields = unsafe tm()
    unsafe fields.tm_year = Int32(year - 1900)
    unsafe fields.tm_mon = Int32(month - 1)
    unsafe fields.tm_mday = Int32(day)
    number = unsafe timegm(&fields) / 86_400
  }

  private init(number: Int) { self.number = number }

  var description: String {
    var seconds = number * 86_400
    var fields = unsafe tm()
    unsafe gmtime_r(&seconds, &fields)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return unsafe "\(fields.tm_year + 1900)-\(two(fields.tm_mon + 1))-\(two(fields.tm_mday))"
  }
}
