import TaperCalibration
import TaperModelSpec
import TaperWorkflow

/// The dense encoder and the texts it is to read: what calibrating and fitting a head begin with.
struct EncoderWork {
  let spec: ModelSpec
  let dataset: TextDataset
  let samples: [TokenizedSample]
  /// Tokens that a text is cut to.
  let maximumLength: Int
  let bench: Workbench

  /// Arguments are the options of those names; nil is the option left out.
  init(
    model: String, prompts: PromptOptions, texts: TextOptions, limit: Int?, seed: UInt64, maxLength: Int?,
    threads: Int?,
    fitsHead: Bool = false
  ) throws {
    spec = try Inputs.model(model, prompts, keepsFiles: fitsHead)
    var dataset = try Inputs.texts(texts, limit: limit, seed: seed, requiresLabels: fitsHead)
    do throws(WorkflowError) {
      dataset.rows = try LabelMap.naming(dataset.rows, by: spec.head.textLabels, isWhole: fitsHead)
    } catch {
      // A head that is fitted anew may have labels of its own.
      guard fitsHead else { throw error }
    }
    self.dataset = dataset
    maximumLength = try Inputs.maximumLength(maxLength, of: spec)
    samples = try TokenizedSample.tokenize(dataset.rows, model: spec, maximumLength: maximumLength)
    bench = Workbench(model: spec, maximumLength: maximumLength, threads: Inputs.threads(threads))
  }
}
