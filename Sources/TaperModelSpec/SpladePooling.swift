import TaperJSON
import TaperPlanFormat

/// A SpladePooling module's config.json: a weight for every token of the vocabulary, log(1 + ReLU) of its logits,
/// joined over the text's tokens.
struct SpladePooling {
  let file: JSONFile
  let pooling: Pooling
  /// How often log(1 + ReLU) is applied: OpenSearch's models have it twice.
  let logarithms: Int

  init(_ file: JSONFile) throws(ModelSpecError) {
    self.file = file
    let name = file.member("pooling_strategy") == nil ? "max" : try file.string("pooling_strategy")
    pooling = try Pooling(named: name, in: file, key: "pooling_strategy", among: [.max, .sum])
    switch file.member("activation_function") == nil ? "relu" : try file.string("activation_function") {
    case "relu": logarithms = 1
    case "log1p_relu": logarithms = 2
    default:
      throw file.failure(
        "activation_function", expected: "\"relu\" or \"log1p_relu\"", file.value["activation_function"])
    }
  }

  /// The steps after a masked language model's head. The largest of logarithms is the logarithm of the largest, so of
  /// a maximum only one row of them is computed.
  func steps(vocabulary: Int) -> [HeadStep] {
    let functions = (1...logarithms).map { number in
      HeadStep(.log1p, width: vocabulary, name: number == logarithms ? "weights" : "weights.\(number)")
    }
    let pool = HeadStep.pool(pooling, width: vocabulary)
    return pooling == .max ? [pool] + functions : functions + [pool]
  }

  /// The width, when stated, must be the vocabulary's.
  func check(vocabulary: Int) throws(ModelSpecError) {
    try file.checkPooledWidth(vocabulary, "the vocabulary's size")
  }
}
