internal import Glibc

/// The system's words for an errno value.
public enum SystemError {
  public static func text(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
