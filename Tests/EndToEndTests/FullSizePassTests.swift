import TaperModelSpec
import TaperPlanner
import TaperTokenization
import Testing

/// As `DisabledPassTests`, on the real models' weights and on texts. `tools/dev full` fetches the models and runs this.
@Suite(.serialized, .enabled(if: FullSizeModels.folder != nil)) struct FullSizePassTests {
  @Test(arguments: PassCase.untrained("minilm"), Precision.allCases)
  func miniLMAnswersTheSame(subject: PassCase, precision: Precision) throws {
    try check(subject, precision)
  }

  /// In f32 alone: every plan packs 430 MB of weights.
  @Test(arguments: PassCase.untrained("mpnet")) func mpnetAnswersTheSame(subject: PassCase) throws {
    try check(subject, .f32)
  }

  private func check(_ subject: PassCase, _ precision: Precision) throws {
    let model = try FullSizeModels.model(subject.model)
    let inputs = try FullSizeFixture(subject.model).texts.map { text in
      (ids: model.tokenizer.encode(text, maximumLength: 48).ids, typeIDs: [UInt32]())
    }
    try subject.checkEveryPass(model, inputs, maximumLength: 48, precision: precision)
  }
}
