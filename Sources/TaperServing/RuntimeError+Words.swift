import TaperBase
import TaperPlanFormat
public import TaperPlanRuntime

/// What the two programs that run plans, `taper run` and `taper-run`, say of a runtime error. The runtime itself has
/// facts only.
extension RuntimeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .badPlan(let path, let error): "\(path ?? "the plan"): \(error)"
    case .badWeightsFile(let path, let error): "weights file \(path): \(error)"
    case .weightsFileMissing(let path, let digest, let code):
      "the plan's weights (SHA-256 \(digest.hex)) are expected in \(path): \(SystemCall.text(code)); "
        + "copy the weights file there, or name it explicitly"
    case .weightsFileMismatch(let path, let expected, let found):
      "weights file \(path) holds SHA-256 \(found.hex), the plan wants \(expected.hex); use the file the plan was made with"
    case .weightsSizeMismatch(let path, let expected, let found):
      "\(path ?? "the weights"): \(expected.rawValue) bytes of weights expected, \(found.rawValue) found; "
        + "the file may be cut off"
    case .weightsDamaged(let expected, let found):
      "the weights' SHA-256 is \(found.hex), the plan says \(expected.hex); copy the weights again"
    case .unknownKernel(let selection, let kernel):
      "kernel selection \(selection) asks for kernel \(kernel.name ?? "id \(kernel.rawValue)"), which this runtime does "
        + "not have; use a newer taper, or plan again with this one"
    case .openBLASMissing(let selection):
      "kernel selection \(selection) asks for gemm_f32_openblas, and this program is without OpenBLAS; run the plan with "
        + "`taper run`, or plan again without --with-openblas"
    case .scratchTooSmall(let op, let kernel, let expected, let found):
      "op \(op) provides \(found) elements of scratch for each worker, and this version's kernel "
        + "\(kernel.name ?? "\(kernel.rawValue)") needs \(expected); plan again with this taper"
    case .arenaTooLarge(let needed, let code):
      "the plan's arena takes \(needed.rawValue) bytes, which this machine does not give: \(SystemCall.text(code))"
    case .workersUnavailable(let threads, let code):
      "cannot start \(threads) workers: \(SystemCall.text(code)); ask for fewer threads"
    case .unknownTier(let name):
      "TAPER_MAX_TIER: expected one of \(KernelTier.allCases.map(\.name).joined(separator: ", ")); found \(name)"
    case .tierMissing(let expected, let found):
      "the plan's times were predicted with tier \(expected), the best here is \(found): its answers may "
        + "differ by rounding, and its times do; profile this machine and plan again"
    case .cannotLock(let byteCount, let code):
      "cannot keep \(byteCount) bytes of weights in memory: \(SystemCall.text(code)); raise the limit (ulimit -l)"
    case .threadsOutOfRange(let asked, let maximum):
      "\(asked) threads asked for, 1 to \(maximum) possible; plan with more --threads to use more"
    case .emptyInput: "the input has no tokens; 1 at least expected"
    case .inputTooLong(let tokens, let maximum):
      "the input has \(tokens) tokens, the plan takes \(maximum) at most; truncate it, or plan with a larger --max-length"
    case .tokenOutOfRange(let position, let id, let vocabulary):
      "token id \(id) at position \(position) is outside the vocabulary of \(vocabulary)"
    case .tokenTypeOutOfRange(let position, let typeID, let tokenTypes):
      "token type \(typeID) at position \(position) is refused: "
        + (tokenTypes == 0
          ? "this model has no token types; pass 0" : "the model has types 0 to \(tokenTypes - 1)")
    case .tokenTypeCount(let expected, let found):
      "\(found) token types given for \(expected) token ids; pass one each, or none"
    }
  }
}
