import ArgumentParser
import TaperBase
import TaperModelImport
import TaperModelSpec
import TaperPlanFormat
import TaperReportRendering
import TaperWorkflow

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Makes a model directory of an exported graph: ONNX or OpenVINO IR.",
    discussion: """
      Takes the configuration and the tokenizer that lie beside the graph (or above its folder "onnx" or "openvino"). \
      The model must answer as the graph itself does. Quantised weights become f32. docs/imports.md says what is \
      recognised. Other commands take a graph as MODEL too.
      """)

  @Argument(help: "The graph: model.onnx or openvino_model.xml.") var graph: String
  @Option(help: "Pooling of an embedder whose folder does not say it: mean or cls.") var pooling:
    EmbedderPooling?
  @Flag(help: "With --pooling: vectors are divided by their L2 norm.") var normalize = false
  @Option(name: .shortAndLong, help: "The model directory to write.") var output: String
  @Flag(help: "The summary as JSON.") var json = false

  /// Of a graph without token_type_ids.
  static let typesNote =
    "the graph has no token types: both texts of a pair are read as the first"

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(folders: [output])
      guard pooling != nil || !normalize else {
        throw CommandError.usage("--normalize: expected --pooling too; found none")
      }
      let summary = try GraphImporter.run(graph, pooling: pooling?.pooling, normalized: normalize, to: output)
      let model = try ModelSpec.load(directory: output)
      let report = Report("import", of: graph) {
        ReportNode.data("model", output)
        ReportNode.data("family", model.family)
        ReportNode.data("tensors", .integer(summary.tensors))
        ReportNode.data("dequantised", .flag(summary.areWeightsDequantised))
        ReportNode.data("leaves_out_activation_rounding", .flag(summary.leavesOutActivations))
        ReportNode.data("made_config", .flag(summary.madeConfig))
        ReportNode.data("approximates_gelu", .flag(summary.approximatesGELU))
        ReportNode.data("lacks_token_types", .flag(summary.lacksTypes))
        ReportNode.data("graph_output", summary.output)
        ReportNode.data("compared_inputs", .integer(summary.texts))
        ReportNode.data("largest_difference", .number(Double(summary.difference)))
        ReportNode.paragraph(
          "\(model.family), \(NumberText.count(Int(model.shape.layers), "layer")), "
            + NumberText.count(summary.tensors, "tensor")
            + (summary.madeConfig ? "; config.json made from the graph" : ""), .plain)
        if summary.areWeightsDequantised {
          ReportNode.paragraph(
            "weights in 4 or 8 bits: dequantised to f32"
              + (summary.leavesOutActivations ? "; the graph's rounding of activations is left out" : ""),
            .plain)
        }
        if summary.lacksTypes { ReportNode.paragraph(Self.typesNote, .plain) }
        if summary.approximatesGELU {
          ReportNode.paragraph("GELU by its tanh form, as the graph has it (config.json: gelu)", .plain)
        }
        ReportNode.paragraph(
          "output \"\(summary.output)\": the graph's own answer on \(NumberText.count(summary.texts, "input")) of at "
            + "most \(summary.longest) tokens: largest difference \(summary.difference) of the largest element",
          .plain)
        if model.head.kind == .embedding, pooling == nil, !summary.knowsPooling {
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
