import Glibc

/// A program run to its end, with files for its input and outputs so that no pipe can fill up.
public struct ChildProcess: Sendable {
  /// The exit code; 128 + the signal's number when a signal ended it.
  public var exitCode: Int32
  public var output: String
  public var errors: String

  /// A product of this package, beside the test binary.
  public static func product(_ name: String) -> String {
    let binary = CommandLine.arguments[0]
    return binary[..<(binary.lastIndex(of: "/") ?? binary.startIndex)] + "/" + name
  }

  /// Runs `path` with `arguments`, `input` on standard input, and this process's environment changed by `environment`.
  public static func run(
    _ path: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) -> ChildProcess {
    let folder = TemporaryDirectory()
    folder.write("input", input)
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    let created = O_WRONLY | O_CREAT | O_TRUNC
    unsafe posix_spawn_file_actions_addopen(&actions, 0, folder.path + "/input", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, folder.path + "/output", created, 0o644)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, folder.path + "/errors", created, 0o644)

    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      unsafe changed(environment).map { unsafe strdup($0) } + [nil]
    defer {
      for i in unsafe words.indices { unsafe free(words[i]) }
      for i in unsafe variables.indices { unsafe free(variables[i]) }
    }
    var pid: pid_t = 0
    let failure = unsafe posix_spawn(&pid, path, &actions, nil, &words, &variables)
    precondition(failure == 0, "cannot start \(path): is the product built?")
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 { precondition(errno == EINTR, "lost a child process") }
    let signal = status & 0x7F
    return ChildProcess(
      exitCode: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
      output: String(decoding: TestFile.bytes(folder.path + "/output"), as: UTF8.self),
      errors: String(decoding: TestFile.bytes(folder.path + "/errors"), as: UTF8.self))
  }

  private static func changed(_ changes: [String: String]) -> [String] {
    var variables: [String] = []
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let variable = unsafe String(cString: text)
      if !changes.keys.contains(where: { variable.hasPrefix($0 + "=") }) { variables.append(variable) }
      unsafe entry += 1
    }
    return variables + changes.map { $0.key + "=" + $0.value }.sorted()
  }
}
