public import TaperBase
public import TaperPlanFormat

/// Why a plan cannot be loaded or an input cannot be run.
public enum RuntimeError: Error, Hashable, Sendable {
  // Files
  case file(FileError)
  case badPlan(path: String?, PlanFormatError)
  case badWeightsFile(path: String, PlanFormatError)
  case weightsFileMissing(path: String, digest: Digest, errno: Int32)
  case weightsFileMismatch(path: String, expected: Digest, found: Digest)
  case weightsSizeMismatch(path: String?, expected: Bytes, found: Bytes)
  case weightsDamaged(expected: Digest, found: Digest)
  // Fit to this machine and this runtime
  case unknownKernel(selection: Int, kernel: KernelID)
  /// The plan computes products with OpenBLAS, and this program does not link it.
  case openBLASMissing(selection: Int)
  /// The plan provides less scratch for an op than this program's kernel uses: it was made for another build.
  case scratchTooSmall(op: Int, kernel: KernelID, expected: Int, found: Int)
  case arenaTooLarge(needed: Bytes, errno: Int32)
  case workersUnavailable(threads: Int, errno: Int32)
  /// The plan's times were predicted with kernels this CPU (or TAPER_MAX_TIER) does not allow.
  case tierMissing(expected: String, found: String)
  case cannotLock(byteCount: Int, errno: Int32)
  // Arguments and inputs
  /// TAPER_MAX_TIER names no tier.
  case unknownTier(String)
  case threadsOutOfRange(asked: Int, maximum: Int)
  case emptyInput
  case inputTooLong(tokens: Int, maximum: Int)
  case tokenOutOfRange(position: Int, id: UInt32, vocabulary: UInt32)
  case tokenTypeOutOfRange(position: Int, typeID: UInt32, tokenTypes: UInt32)
  case tokenTypeCount(expected: Int, found: Int)
}

extension RuntimeError: FileFailure {}

extension RuntimeError {
  /// The documented exit code (`taper --help`): 4 when the plan does not fit this device, 64 for wrong usage, 65 for
  /// bad or corrupt data.
  public var exitCode: Int32 {
    switch self {
    case .unknownKernel, .openBLASMissing, .scratchTooSmall, .arenaTooLarge, .workersUnavailable,
      .tierMissing,
      .cannotLock:
      4
    case .file, .unknownTier, .threadsOutOfRange: 64
    case .badPlan, .badWeightsFile, .weightsFileMissing, .weightsFileMismatch, .weightsSizeMismatch,
      .weightsDamaged, .emptyInput, .inputTooLong, .tokenOutOfRange, .tokenTypeOutOfRange, .tokenTypeCount:
      65
    }
  }
}
