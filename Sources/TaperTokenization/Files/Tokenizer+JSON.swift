public import TaperJSON

extension Tokenizer {
  /// Reads a tokenizer.json. Its padding, truncation and decoder are ignored: the caller of `encode` gives the maximum
  /// length.
  /// - Throws: the place of a part that is missing, wrong or not supported.
  public init(tokenizerJSON json: JSONValue) throws(TokenizerError) {
    let root = TokenizerJSONNode(path: "", value: json)
    guard json.object != nil else {
      throw .invalid(path: "the top", expected: "an object", found: json.kindDescription)
    }
    let model = try ModelReader.read(try root.required("model", "an object with a \"type\""))
    let addedTokens = try AddedTokenReader.read(root["added_tokens"], model.vocabulary)
    let pipeline = Pipeline(
      normalizations: try NormalizationReader.read(root["normalizer"]),
      splittings: try SplittingReader.read(root["pre_tokenizer"]))
    let tokens = TokenIDs(vocabulary: model.vocabulary, addedTokens: addedTokens)
    let (template, trimmings) = try PostProcessorReader.read(root["post_processor"], tokens)
    try self.init(
      pipeline: pipeline, model: model, addedTokens: addedTokens, template: template, trimmings: trimmings)
  }
}
