import TaperJSON
import TaperModelSpec
import TestSupport

/// The tiny random checkpoints in Fixtures (tools/reference/make-model-fixtures.py), and spoilt copies of them.
enum TinyModel: String, CaseIterable {
  case tunedSelector = "tuned-selector"
  case tunedLexical = "tuned-lexical"
  case tunedHalting = "tuned-halting"
  case tunedAccHalting = "tuned-acc-halting"
  case bertClassifier = "tiny-bert-classifier"
  case bertTokens = "tiny-bert-tokens"
  case bertOldNames = "tiny-bert-old-names"
  case mpnet = "tiny-mpnet"
  case mpnetRegression = "tiny-mpnet-regression"
  case mpnetTokens = "tiny-mpnet-tokens"
  case distilbert = "tiny-distilbert"
  case roberta = "tiny-roberta"
  case xlmRoberta = "tiny-xlm-roberta"
  case camembertTokens = "tiny-camembert-tokens"
  case electra = "tiny-electra"
  case electraTokens = "tiny-electra-tokens"
  case albert = "tiny-albert"
  case albertGroups = "tiny-albert-groups"
  case modernbert = "tiny-modernbert"
  case modernbertTokens = "tiny-modernbert-tokens"
  case nomicBert = "tiny-nomic-bert"
  case gte = "tiny-gte"
  case debertaV3 = "tiny-deberta-v3"
  case debertaV2Tokens = "tiny-deberta-v2-tokens"
  case poolMax = "tiny-pool-max"
  case poolSqrt = "tiny-pool-sqrt"
  case poolWeighted = "tiny-pool-weighted"
  case poolLast = "tiny-pool-last"
  case splade = "tiny-splade"
  case spladeSum = "tiny-splade-sum"
  case spladeTwice = "tiny-splade-twice"
  case spladeUntied = "tiny-splade-untied"
  case colbert = "tiny-colbert"
  case colbertPyLate = "tiny-colbert-pylate"
  case colbertStanford = "tiny-colbert-stanford"
  case prompts = "tiny-prompts"

  /// Directories that tools/tune wrote (tools/tune/make-fixtures); apart, for they run by rules of their own.
  static let tuned: [TinyModel] = [
    .tunedSelector, .tunedLexical, .tunedHalting, .tunedAccHalting,
  ]

  static let allCases: [TinyModel] = twoLayers + [.albertGroups]

  static let twoLayers: [TinyModel] = [
    .bertClassifier, .bertTokens, .bertOldNames, .mpnet, .mpnetRegression, .mpnetTokens, .distilbert,
    .roberta,
    .xlmRoberta, .camembertTokens, .electra, .electraTokens, .albert, .modernbert, .modernbertTokens,
    .nomicBert, .gte, .debertaV3, .debertaV2Tokens, .poolMax, .poolSqrt, .poolWeighted, .poolLast,
    .splade, .spladeSum, .spladeTwice, .spladeUntied,
    .colbert, .colbertPyLate, .colbertStanford,
  ]

  var path: String { TestFile.fixture(rawValue) }

  func load() throws -> ModelSpec { try ModelSpec.load(directory: path) }

  /// A copy in `directory`, with config.json's members replaced (or removed, with nil).
  func copy(to directory: TemporaryDirectory, config changes: [(String, JSONValue?)] = []) throws {
    for name in TemporaryDirectory.entries(path) where TestFile.exists("\(path)/\(name)/.") == false {
      directory.write(name, TestFile.bytes("\(path)/\(name)"))
    }
    for folder in TemporaryDirectory.entries(path) where TestFile.exists("\(path)/\(folder)/.") {
      for name in TemporaryDirectory.entries("\(path)/\(folder)") {
        directory.write("\(folder)/\(name)", TestFile.bytes("\(path)/\(folder)/\(name)"))
      }
    }
    guard !changes.isEmpty else { return }
    var config = try JSONValue.parse(TestFile.bytes("\(path)/config.json")).object ?? JSONObject()
    for (key, value) in changes { config[key] = value }
    directory.write("config.json", JSONValue.object(config).serialized())
  }

  /// What loading a copy with a changed config.json throws; nil when it loads.
  func error(config changes: [(String, JSONValue?)]) throws -> ModelSpecError? {
    let directory = TemporaryDirectory()
    try copy(to: directory, config: changes)
    return TinyModel.error(loading: directory.path)
  }

  static func error(loading path: String) -> ModelSpecError? {
    do throws(ModelSpecError) {
      _ = try ModelSpec.load(directory: path)
      return nil
    } catch {
      return error
    }
  }

  /// The tensors of the checkpoint as they are in its file, for copies with some changed.
  func tensors() throws -> [RawTensor] {
    let file = try SafetensorsFile(path: "\(path)/model.safetensors")
    let bytes = TestFile.bytes("\(path)/model.safetensors")
    return file.tensors.map {
      RawTensor(name: $0.name, type: $0.type, shape: $0.shape, data: Array(bytes[$0.range]))
    }
  }
}
