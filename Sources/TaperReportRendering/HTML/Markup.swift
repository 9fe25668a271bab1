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

  /// A self-contained page.
  /// - Parameters:
  ///   - title: text.
  ///   - body: markup.
  ///   - dataName, data: the id of the script element that carries the JSON, and the JSON.
  static func page(title: String, body: String, dataName: String, data: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title>\(escape(title))</title>
    <style>
    \(PageStyle.css)
    </style>
    </head>
    <body>
    <main>
    \(body)</main>
    <script type="application/json" id="\(dataName)">\(scriptData(data))</script>
    </body>
    </html>

    """
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
