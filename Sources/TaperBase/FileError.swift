/// Why a file could not be read or written.
public enum FileError: Error, Hashable, Sendable {
  /// The system refused an operation.
  case system(path: String, FileOperation, errno: Int32)
  /// A folder, a device, a pipe or a socket, where a regular file is read or would be replaced.
  case notRegularFile(path: String)
  case tooLarge(path: String, limit: Int)
}

public enum FileOperation: String, Hashable, Sendable {
  case open
  case examine
  case read
  case map
  case list
  case create
  case write
  case synchronize
  case rename
}

extension FileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .system(let path, let operation, let code):
      "cannot \(operation.rawValue) \(path): \(SystemCall.text(code))"
    case .notRegularFile(let path): "\(path): expected a regular file, found a folder, a device or a pipe"
    case .tooLarge(let path, let limit): "\(path): expected at most \(limit) bytes; is it another file?"
    }
  }
}

/// An error that can stand for a failed file operation.
package protocol FileFailure: Error {
  static func file(_ error: FileError) -> Self
}

extension FileError: FileFailure {
  package static func file(_ error: FileError) -> FileError { error }
}

extension FileFailure {
  /// The value of `body`; its `FileError` becomes one of these.
  package static func wrapping<T: ~Copyable>(_ body: @autoclosure () throws(FileError) -> T) throws(Self) -> T
  {
    do throws(FileError) { return try body() } catch { throw file(error) }
  }
}
