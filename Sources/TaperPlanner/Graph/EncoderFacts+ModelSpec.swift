import TaperBase
package import TaperModelSpec
import TaperPlanFormat
import TaperTokenization

extension EncoderFacts {
  /// What the planner reads of a loaded model.
  package init(_ model: ModelSpec) {
    self.init(
      name: model.name, family: model.family, shape: model.shape, form: model.form,
      activation: model.activation,
      layerNormEpsilon: model.layerNormEpsilon, positionOffset: model.positionOffset,
      positions: model.has(.positionEmbedding) ? model.shape(of: .positionEmbedding)[0] : 0,
      maximumLength: model.maximumLength,
      hasRelativeBias: model.relativeBias != nil, head: model.head, prompts: model.prompts,
      leavesPromptOut: model.leavesPromptOut, interaction: model.interaction,
      selector: model.tuned?.selector.map {
        SelectorFacts(layers: $0.layers, width: $0.width, threshold: $0.threshold)
      },
      haltingLayers: model.tuned?.halting?.layers, tokenizer: model.tokenizer.encoded(),
      modelDigest: model.modelDigest,
      tokenizerDigest: model.tokenizerDigest)
  }
}
