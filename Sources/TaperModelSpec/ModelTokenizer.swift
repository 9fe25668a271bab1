import TaperBase
import TaperJSON
import TaperTokenization

/// A checkpoint's tokenizer: tokenizer.json, or else vocab.txt with the settings of tokenizer_config.json.
enum ModelTokenizer {
  static let files = ["tokenizer.json", "vocab.txt"]

  /// - Parameter vocabulary: rows of the word embeddings; every id the tokenizer can give must be one of them.
  /// - Throws: `fileMissing`, `json`, `tokenizer`, `value`.
  static func load(directory: String, vocabulary: Int) throws(ModelSpecError) -> Tokenizer {
    let path: String
    let tokenizer: Tokenizer
    if let file = try JSONFile(ifPresent: "\(directory)/tokenizer.json") {
      path = file.path
      do throws(TokenizerError) { tokenizer = try Tokenizer(tokenizerJSON: file.value) } catch {
        throw .tokenizer(path: path, reason: error.description)
      }
    } else {
      path = "\(directory)/vocab.txt"
      guard FilePath.exists(path) else { throw .fileMissing(directory: directory, anyOf: files) }
      tokenizer = try fromVocabulary(path, config: JSONFile(ifPresent: "\(directory)/tokenizer_config.json"))
    }
    guard tokenizer.vocabularyCount <= vocabulary else {
      throw .value(
        path: path, key: "the vocabulary", expected: "at most the \(vocabulary) ids of the word embeddings",
        found: "\(tokenizer.vocabularyCount)")
    }
    return tokenizer
  }

  /// Defaults are the reference's. A vocabulary does not tell which of its tokens frame a text, so the tokenizer's
  /// choice is checked against the configuration.
  private static func fromVocabulary(_ path: String, config: JSONFile?) throws(ModelSpecError) -> Tokenizer {
    func flag(_ key: String) throws(ModelSpecError) -> Bool? {
      guard let config, config.member(key) != nil else { return nil }
      return try config.bool(key)
    }
    let bytes = try JSONFile.read(path)
    let lowercase = try flag("do_lower_case") ?? true
    let stripsAccents = try flag("strip_accents")
    let spacesChinese = try flag("tokenize_chinese_chars") ?? true
    let tokenizer: Tokenizer
    do throws(TokenizerError) {
      tokenizer = try Tokenizer(
        vocabulary: bytes, lowercase: lowercase, stripsAccents: stripsAccents, spacesChinese: spacesChinese)
    } catch {
      throw .tokenizer(path: path, reason: error.description)
    }
    let frame = tokenizer.encode("", maximumLength: 8).ids
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (key, id) in [("cls_token", frame.first), ("sep_token", frame.last)] {
      guard let config, let member = config.member(key) else { continue }
      let token = member.string ?? member["content"]?.string ?? ""
      guard let id, lines.indices.contains(Int(id)), lines[Int(id)].elementsEqual(token.utf8) else {
        throw .tokenizer(
          path: path,
          reason: "a text is not framed by the \(key) \"\(token)\"; add the model's tokenizer.json")
      }
    }
    return tokenizer
  }
}
