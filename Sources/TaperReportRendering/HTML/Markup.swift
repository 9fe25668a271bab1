/// Escaping for HTML text and attributes, and for JSON inside a script element.
enum Markup {
  static func escape(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// JSON in which no `<` is left, so that no text of it can end the script element or open a comment.
  static func scriptData(_ json: String) -> String {
    var result = ""
    for character in json.unicodeScalars {
      if character == "<" { result += "\\u003c" } else { result.unicodeScalars.append(character) }
    }
    return result
  }
}
