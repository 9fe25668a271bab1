internal import CTaperLibrary
internal import TaperPlanRuntime
internal import TaperServing

/// Why a call failed: a status for programs and a text for people.
struct LibraryError: Error {
  var status: taper_status
  var text: String

  /// A call that does not go with what it is given.
  static func argument(_ name: String, expected: String, _ found: String) -> LibraryError {
    LibraryError(status: TAPER_ARGUMENT, text: "\(name): expected \(expected); found \(found)")
  }

  init(status: taper_status, text: String) {
    self.status = status
    self.text = text
  }

  init(_ error: RuntimeError) {
    let status =
      switch error {
      case .file, .badPlan, .badWeightsFile, .weightsFileMissing, .weightsFileMismatch, .weightsSizeMismatch,
        .weightsDamaged:
        TAPER_FILE
      case .unknownKernel, .openBLASMissing, .scratchTooSmall, .arenaTooLarge, .workersUnavailable,
        .tierMissing, .cannotLock, .unknownTier:
        TAPER_UNFIT
      case .emptyInput, .inputTooLong, .tokenOutOfRange, .tokenTypeOutOfRange, .tokenTypeCount: TAPER_INPUT
      case .threadsOutOfRange: TAPER_ARGUMENT
      }
    self.init(status: status, text: "\(error)")
  }

  init(_ error: ServingError) {
    let status =
      switch error {
      case .plan(let error), .input(_, let error): LibraryError(error).status
      case .option: TAPER_ARGUMENT
      case .tokenizer, .noCanaries: TAPER_FILE
      case .notFinite: TAPER_RESULT
      case .canariesDiffer, .linesFailed: TAPER_CANARY
      case .notUTF8, .notUTF8Input, .notJSON, .notAText, .lineTooLong, .notAReranker, .queryWithoutDocuments,
        .pairForEmbedding, .noRoom, .noRoomForChunks, .cannotReadInput, .cannotWriteOutput:
        TAPER_INPUT
      }
    // A call has no lines.
    let (text, line) = ("\(error)", "line 1: ")
    self.init(status: status, text: text.hasPrefix(line) ? String(text.dropFirst(line.count)) : text)
  }
}

/// Runs a call's body; what it throws becomes the call's status and this thread's last error.
func status(of body: () throws(LibraryError) -> Void) -> taper_status {
  do throws(LibraryError) {
    try body()
    return TAPER_OK
  } catch {
    var text = error.text
    text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe taper_keep_error($0.baseAddress, $0.count) }
    }
    return error.status
  }
}
