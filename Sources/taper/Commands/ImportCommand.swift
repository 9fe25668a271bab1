import ArgumentParser
import TaperBase
import TaperModelImport
import TaperModelSpec
import TaperPlanFormat
import TaperReportRendering

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Makes a model directory of an ONNX export, for the other commands.",
    discussion: """
      Takes the configuration and the tokenizer that lie beside the graph (or above its folder "onnx"). int8 weights are \
      dequantised: the result is the quantised model, in f32. docs/models.md says what is recognised.
      """)

  @Argument(help: "The graph: model.onnx.") var graph: String
  @Option(help: "Pooling of an embedder whose folder does not say it: mean or cls.") var pooling:
    EmbedderPooling?
  @Flag(help: "With --pooling: vectors are divided by their L2 norm.") var normalize = false
  @Option(name: .shortAndLong, help: "The model directory to write.") var output: String
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(folders: [output])
      guard pooling != nil || !normalize else {
        throw CommandError.usage("--normalize: expected --pooling too; found none")
      }
      let summary = try OnnxImport.run(graph, pooling: pooling?.pooling, normalized: normalize, to: output)
      let model = try ModelSpec.load(directory: output)
      let report = Report("import", of: graph) {
        ReportNode.data("model", output)
        ReportNode.data("family", model.family)
        ReportNode.data("tensors", .integer(summary.tensors))
        ReportNode.data("dequantised", .flag(summary.areQuantised))
        ReportNode.data("made_config", .flag(summary.madeConfig))
        ReportNode.paragraph(
          "\(model.family), \(NumberText.count(Int(model.shape.layers), "layer")), "
            + NumberText.count(summary.tensors, "tensor")
            + (summary.areQuantised ? "; int8 weights dequantised to f32" : "")
            + (summary.madeConfig ? "; config.json made from the graph" : ""), .plain)
        if model.head.kind == .embedding, pooling == nil {
          ReportNode.paragraph(
            "pooling: \(model.head.pooling); if the model's is another, name it with --pooling", .plain)
        }
        ReportNode.paragraph("→ \(output)", .plain)
      }
      try Console.print(report, json: json)
    }
  }
}

/// Poolings that make one vector.
enum EmbedderPooling: String, ExpressibleByArgument, CaseIterable {
  case mean, cls

  var pooling: Pooling { self == .mean ? .mean : .cls }
}
