public import CTaperLibrary
internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperServing
internal import TaperTokenization

// The functions of taper.h about sessions; that header says what they do.

@_cdecl("taper_session_open")
public func openSession(
  _ plan: OpaquePointer?, _ options: UnsafePointer<taper_session_options>?,
  _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> taper_status {
  unsafe session?.pointee = nil
  return status { () throws(LibraryError) in
    guard let session = unsafe session else { throw .argument("session", expected: "a pointer", "NULL") }
    guard let plan = unsafe plan else { throw .argument("plan", expected: "an open plan", "NULL") }
    let loaded = unsafe Handle.object(plan, as: PlanHandle.self).loaded
    guard loaded.plan.interaction == nil else {
      throw LibraryError(
        status: TAPER_UNFIT,
        text: "expected a model of one answer a text; found one that compares token vectors; use taper run")
    }
    var answers = AnswerOptions()
    if let options = unsafe options {
      try unsafe check(options.pointee.size, MemoryLayout<taper_session_options>.size)
      let threads = unsafe Int(options.pointee.threads)
      if threads > 0 { answers.threads = threads }
      if unsafe options.pointee.prompt != nil {
        answers.prompt = .named(try unsafe string(options.pointee.prompt, "prompt"))
      }
      if unsafe options.pointee.no_prompt != 0 {
        guard unsafe options.pointee.prompt == nil else {
          throw .argument("prompt, no_prompt", expected: "one of them", "both")
        }
        answers.prompt = .none
      }
    }
    let runner: TextRunner
    do throws(ServingError) { runner = try TextRunner(loaded, answers) } catch { throw LibraryError(error) }
    unsafe session.pointee = Handle.make(SessionHandle(runner, loaded.plan))
  }
}

@_cdecl("taper_session_close")
public func closeSession(_ session: UnsafeMutablePointer<OpaquePointer?>?) {
  guard let handle = unsafe session?.pointee else { return }
  unsafe session?.pointee = nil
  unsafe Handle.release(handle, as: SessionHandle.self)
}

@_cdecl("taper_session_check")
public func checkSession(_ session: OpaquePointer?) -> taper_status {
  status { () throws(LibraryError) in
    let session = try unsafe handle(session)
    do throws(ServingError) { try session.runner.check() } catch { throw LibraryError(error) }
  }
}

@_cdecl("taper_run")
public func run(
  _ session: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ textBytes: Int, _ pair: UnsafePointer<CChar>?,
  _ pairBytes: Int, _ result: UnsafeMutablePointer<Float>?, _ capacity: Int,
  _ answer: UnsafeMutablePointer<taper_answer>?
) -> taper_status {
  status { () throws(LibraryError) in
    let session = try unsafe handle(session)
    session.encoding = nil
    try unsafe checkSize(answer)
    let input = try unsafe readInput(text, textBytes, pair, pairBytes)
    let reply: TextRunner.Reply
    do throws(ServingError) { reply = try session.runner.run(input) } catch { throw LibraryError(error) }
    try unsafe give(
      reply.result, tokens: reply.tokens, isTruncated: reply.encoding.truncated,
      layers: session.runner.layers, result, capacity, answer)
    session.encoding = reply.encoding
  }
}

@_cdecl("taper_run_ids")
public func runIDs(
  _ session: OpaquePointer?, _ ids: UnsafePointer<UInt32>?, _ types: UnsafePointer<UInt32>?, _ count: Int,
  _ result: UnsafeMutablePointer<Float>?, _ capacity: Int, _ answer: UnsafeMutablePointer<taper_answer>?
) -> taper_status {
  status { () throws(LibraryError) in
    let session = try unsafe handle(session)
    session.encoding = nil
    try unsafe checkSize(answer)
    guard let ids = unsafe ids else { throw .argument("ids", expected: "token ids", "NULL") }
    let most = session.plan.schedule.maximumLength
    guard count >= 0, count <= most else {
      throw LibraryError(
        status: TAPER_INPUT, text: "ids: expected 1 to \(most) tokens; found \(count)")
    }
    let tokens = unsafe Array(UnsafeBufferPointer(start: ids, count: count))
    let typeIDs = unsafe types.map { unsafe Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
    let found: [Float]
    do throws(ServingError) { found = try session.runner.result(of: tokens, typeIDs, line: 1) } catch {
      throw LibraryError(error)
    }
    try unsafe give(
      found, tokens: count, isTruncated: false, layers: session.runner.layers, result, capacity, answer)
  }
}

@_cdecl("taper_tokenize")
public func tokenize(
  _ session: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ textBytes: Int, _ pair: UnsafePointer<CChar>?,
  _ pairBytes: Int, _ tokens: UnsafeMutablePointer<taper_token>?, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>?
) -> taper_status {
  status { () throws(LibraryError) in
    let session = try unsafe handle(session)
    let input = try unsafe readInput(text, textBytes, pair, pairBytes)
    let encoding: Encoding
    do throws(ServingError) { encoding = try session.runner.encoding(of: input) } catch {
      throw LibraryError(error)
    }
    try unsafe give(encoding, tokens, capacity, count)
  }
}

@_cdecl("taper_last_tokens")
public func lastTokens(
  _ session: OpaquePointer?, _ tokens: UnsafeMutablePointer<taper_token>?, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>?
) -> taper_status {
  status { () throws(LibraryError) in
    let session = try unsafe handle(session)
    try unsafe give(session.encoding, tokens, capacity, count)
  }
}

private func handle(_ session: OpaquePointer?) throws(LibraryError) -> SessionHandle {
  guard let session = unsafe session else { throw .argument("session", expected: "an open session", "NULL") }
  return unsafe Handle.object(session, as: SessionHandle.self)
}

private func checkSize(_ answer: UnsafeMutablePointer<taper_answer>?) throws(LibraryError) {
  if let answer = unsafe answer { try check(unsafe answer.pointee.size, MemoryLayout<taper_answer>.size) }
}

private func readInput(
  _ text: UnsafePointer<CChar>?, _ textBytes: Int, _ pair: UnsafePointer<CChar>?, _ pairBytes: Int
) throws(LibraryError) -> InputLine {
  try unsafe InputLine(
    text: readText(text, textBytes, "text"), pair: pair == nil ? nil : readText(pair, pairBytes, "pair"))
}

/// A text of a given length.
private func readText(
  _ bytes: UnsafePointer<CChar>?, _ count: Int, _ name: String
) throws(LibraryError) -> String {
  guard count >= 0, count <= 1 << 30 else {
    throw .argument(name, expected: "at most 1 GiB", "\(count) bytes")
  }
  guard let bytes = unsafe bytes else {
    guard count == 0 else { throw .argument(name, expected: "a text", "NULL") }
    return ""
  }
  let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
  guard let text = unsafe String(validating: raw, as: UTF8.self) else {
    throw LibraryError(status: TAPER_INPUT, text: "\(name): expected UTF-8; found other bytes")
  }
  return text
}

/// Hands an answer over.
private func give(
  _ numbers: [Float], tokens: Int, isTruncated: Bool, layers: Int, _ result: UnsafeMutablePointer<Float>?,
  _ capacity: Int, _ answer: UnsafeMutablePointer<taper_answer>?
) throws(LibraryError) {
  if let answer = unsafe answer {
    unsafe answer.pointee.count = numbers.count
    unsafe answer.pointee.tokens = UInt32(tokens)
    unsafe answer.pointee.is_truncated = isTruncated ? 1 : 0
    unsafe answer.pointee.layers = UInt32(layers)
  }
  guard numbers.count <= capacity, let result = unsafe result else {
    throw LibraryError(
      status: TAPER_CAPACITY,
      text: "result: expected room for \(numbers.count) numbers; found room for \(capacity)")
  }
  for (index, number) in numbers.enumerated() { unsafe result[index] = number }
}

/// Hands tokens over; those of no text are none.
private func give(
  _ encoding: Encoding?, _ tokens: UnsafeMutablePointer<taper_token>?, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>?
) throws(LibraryError) {
  guard let count = unsafe count else { throw .argument("count", expected: "a pointer", "NULL") }
  let found = encoding?.ids.count ?? 0
  unsafe count.pointee = found
  guard found <= capacity, unsafe found == 0 || tokens != nil else {
    throw LibraryError(
      status: TAPER_CAPACITY, text: "tokens: expected room for \(found); found room for \(capacity)")
  }
  guard let encoding, let tokens = unsafe tokens else { return }
  for index in 0..<found {
    let offset = encoding.offsets[index]
    unsafe tokens[index] = taper_token(
      id: encoding.ids[index], type: encoding.typeIDs[index],
      text: Int32(encoding.texts.firstIndex { $0.contains(index) } ?? -1), begin: offset.begin,
      end: offset.end)
  }
}
