import TaperBase
import TaperCalibration
import TaperPlanFormat
import Testing

@Suite struct TextDatasetTests {
  private func read(
    _ text: String, _ format: DatasetFormat, labels: Bool = false, skipBad: Bool = false,
    _ change: (inout DatasetOptions) -> Void = { _ in }
  ) throws(DatasetError) -> TextDataset {
    var options = DatasetOptions(requiresLabels: labels, skipsBad: skipBad)
    change(&options)
    return try TextDataset.read(
      DatasetReader(bytes: Array(text.utf8), name: "data", format: format, options: options))
  }

  @Test func jsonLines() throws {
    let data = try read(
      """
      {"text":"one","label":"earn"}

      {"sentence1":"two","sentence2":"second","label":3}
      {"sentence":"three","label":null,"other":[1]}
      {"text":"four","text_pair":"","label":0.5}
      """, .jsonl)
    #expect(
      data.rows == [
        TextRow(line: 1, text: "one", label: RowLabel("earn")),
        TextRow(line: 3, text: "two", pair: "second", label: RowLabel("3")),
        TextRow(line: 4, text: "three"),
        TextRow(line: 5, text: "four", pair: "", label: RowLabel("0.5")),
      ])
    #expect(data.rows[3].label?.number == 0.5)
    #expect(data.rows[0].label?.number == nil)
  }

  @Test func csvQuotesAndNewlines() throws {
    let data = try read(
      "\u{FEFF}id,Sentence,label\r\n1,\"He said \"\"no\"\", twice\",a\r\n2,\"two\nlines\",\"b\"\r\n3,plain \"quote\",\r\n4,\"\",x\n5,last,c",
      .csv, skipBad: true)
    #expect(
      data.rows == [
        TextRow(line: 2, text: "He said \"no\", twice", label: RowLabel("a")),
        TextRow(line: 3, text: "two\nlines", label: RowLabel("b")),
        TextRow(line: 5, text: "plain \"quote\""),
        TextRow(line: 6, text: "", label: RowLabel("x")),
        TextRow(line: 7, text: "last", label: RowLabel("c")),
      ])
    #expect(data.badRows.isEmpty)
  }

  @Test func csvMalformedQuotes() throws {
    let data = try read("text,label\n\"a\"b,x\nfine,y\n\"never closed,z\nand on", .csv, skipBad: true)
    #expect(data.rows == [TextRow(line: 3, text: "fine", label: RowLabel("y"))])
    #expect(
      data.badRows == [
        BadRow(line: 2, reason: "expected a separator or the line's end after a closing quote"),
        BadRow(line: 4, reason: "expected the quote opened on line 4 to be closed before the file's end"),
      ])
  }

  @Test func glueTablesDoNotQuote() throws {
    let data = try read(
      "index\tquestion\tsentence\tlabel\n0\t\"Who?\tHe \"did\" it\tentailment\n1\tshort\n", .tsv,
      skipBad: true)
    #expect(
      data.rows == [TextRow(line: 2, text: "\"Who?", pair: "He \"did\" it", label: RowLabel("entailment"))])
    #expect(data.badRows == [BadRow(line: 3, reason: "expected 4 columns, found 2")])
  }

  @Test func glueColumnNames() throws {
    let mrpc = try read("\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t2\t3\tx\ty\n", .tsv)
    #expect(mrpc.rows == [TextRow(line: 2, text: "x", pair: "y", label: RowLabel("1"))])
    let sts = try read("index\tsentence1\tsentence2\tscore\n0\tx\ty\t3.800\n", .tsv)
    #expect(sts.rows[0].label?.number == 3.8)
    let qqp = try read("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n0\t1\t2\tx\ty\t0\n", .tsv)
    #expect(qqp.rows == [TextRow(line: 2, text: "x", pair: "y", label: RowLabel("0"))])
    let sst = try read("sentence\tlabel\nx \t1\n", .tsv)
    #expect(sst.rows == [TextRow(line: 2, text: "x ", label: RowLabel("1"))])
  }

  @Test func orangeTables() throws {
    let data = try read("Category\tText\nd\tstring\nclass\t\n\t\nearn\tsome words\n", .tab, skipBad: true)
    #expect(data.rows == [TextRow(line: 5, text: "some words", label: RowLabel("earn"))])
    let other = try read(
      "Title\tTopic\tBody\nstring\td\tstring\nmeta\tclass\t\n\"a\tb\"\tt\tc\n", .tab, labels: true)
    #expect(other.rows == [TextRow(line: 4, text: "a\tb", label: RowLabel("t"))])
    // A flag of a column that is not there.
    let wide = try read("text\tnote\nstring\tstring\n\t\tclass\na\tb\n", .tab)
    #expect(wide.rows == [TextRow(line: 4, text: "a")])
  }

  @Test func strictModeNamesTheFirstBadRowAndCountsTheOthers() throws {
    let text = "{\"text\":\"a\"}\n{\"text\":1}\nnot json\n[]\n"
    let error = DatasetError.badRow(
      path: "data", row: BadRow(line: 2, reason: "expected \"text\" to be a string"), others: 2)
    #expect(throws: error) { try read(text, .jsonl) }
    let data = try read(text, .jsonl, skipBad: true)
    #expect(data.rows.count == 1)
    #expect(data.badRowCount == 3)
    #expect(data.badRows.map(\.line) == [2, 3, 4])
  }

  @Test func labelsWhenRequired() throws {
    #expect(
      throws: DatasetError.badRow(
        path: "data", row: BadRow(line: 2, reason: "expected a label, found none"), others: 0)
    ) { try read("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\"}", .jsonl, labels: true) }
    #expect(throws: DatasetError.missingColumn(path: "data", expected: ["label"], found: ["text", "note"])) {
      try read("text,note\na,b\n", .csv, labels: true)
    }
    #expect(
      throws: DatasetError.badRow(
        path: "data", row: BadRow(line: 1, reason: "expected the label to be a string or a number"), others: 0
      )
    ) { try read("{\"text\":\"a\",\"label\":true}", .jsonl) }
  }

  @Test func emptyFilesAndHeaders() throws {
    #expect(throws: DatasetError.noRows(path: "data", badRows: 0)) { try read("\n\n", .jsonl) }
    #expect(throws: DatasetError.noRows(path: "data", badRows: 1)) { try read("{}", .jsonl, skipBad: true) }
    #expect(throws: DatasetError.noRows(path: "data", badRows: 0)) { try read("text\n", .csv) }
    #expect(throws: DatasetError.self) { try read("", .csv) }
    #expect(throws: DatasetError.self) { try read("a,b\n1,2\n", .csv) }
    #expect(throws: DatasetError.unknownFormat(path: "x.txt")) { try TextDataset.read(path: "x.txt") }
    #expect(throws: DatasetError.unknownFormat(path: "x.csv/data")) {
      try TextDataset.read(path: "x.csv/data")
    }
    #expect(throws: DatasetError.self) { try TextDataset.read(path: "/nowhere/x.csv") }
  }

  @Test func textThatIsNotUTF8IsABadRow() throws {
    let bytes = Array("text\nfine\n".utf8) + [0x66, 0xC3, 0x28, 0x0A]
    let data = try TextDataset.read(
      DatasetReader(bytes: bytes, name: "data", format: .csv, options: DatasetOptions(skipsBad: true)))
    #expect(data.badRows.map(\.line) == [3])
  }

  /// "-" is SNLI's label of a row that has none, -1 GLUE's; among other numbers −1 is a number.
  @Test(arguments: [
    (["1", "-1", "0"], ["1", "0"]), (["a", "-", "b"], ["a", "b"]), (["0.5", "-1", "1"], ["0.5", "-1", "1"]),
    (["pos", "-1"], ["pos", "-1"]), (["-1", "-", "2"], ["2"]),
  ])
  func labelsThatMeanNone(labels: [String], kept: [String]) throws {
    let text = "text,label\n" + labels.map { "a,\($0)\n" }.joined()
    let required = try read(text, .csv, labels: true)
    #expect(required.rows.map { $0.label?.text } == kept)
    #expect(required.unlabelledCount == labels.count - kept.count)
    let all = try read(text, .csv)
    #expect(all.rows.count == labels.count && all.rows.compactMap { $0.label?.text } == kept)
    #expect(try read(text, .csv, labels: true) { $0.unlabelled = [] }.rows.count == labels.count)
  }

  @Test func columnsByName() throws {
    let text = "id,text,review,stars,topic\n1,short,long,5,x\n"
    #expect(
      try read(text, .csv) {
        ($0.textColumn, $0.pairColumn, $0.labelColumn) = ("review", "text", "stars")
      }.rows == [TextRow(line: 2, text: "long", pair: "short", label: RowLabel("5"))])
    #expect(try read(text, .csv) { $0.labelColumn = "topic" }.rows[0].label == RowLabel("x"))
    #expect(
      try read(text, .csv) {
        $0.labelColumn = "topic"
        $0.ignoresLabels = true
      }.rows[0].label == nil)
    #expect(
      throws: DatasetError.missingColumn(
        path: "data", expected: ["Review"], found: ["id", "text", "review", "stars", "topic"])
    ) { try read(text, .csv) { $0.textColumn = "Review" } }
    #expect(
      try read(#"{"body":"b","y":1}"#, .jsonl) { ($0.textColumn, $0.labelColumn) = ("body", "y") }.rows
        == [TextRow(line: 1, text: "b", label: RowLabel("1"))])
  }

  /// What Python's json module writes is read; members that are not used are not judged.
  @Test func jsonLinesOfPython() throws {
    let data = try read("\u{FEFF}{\"text\":\"ok \\ud83d\",\"score\":NaN,\"text2\":-Infinity}", .jsonl) {
      $0.ignoresLabels = true
    }
    #expect(data.rows.map(\.text) == ["ok \u{FFFD}"])
  }

  @Test func otherEncodings() throws {
    try withTemporaryDirectory { (directory: String) throws in
      let path = directory + "/a.csv"
      func read(_ bytes: [UInt8], _ encoding: String?) throws(DatasetError) -> [String] {
        writeFile(path, bytes)
        return try TextDataset.read(path: path, options: DatasetOptions(encoding: encoding)).rows.map(\.text)
      }
      #expect(try read(Array("text\nna".utf8) + [0xEF, 0x76, 0x65], "latin1") == ["naïve"])
      // A block ends within a character of two code units.
      let long = String(repeating: "é😀", count: (1 << 18) / 5)
      let wide = "text\n\(long)\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
      #expect(try read([0xFF, 0xFE] + wide, "utf-16") == [long])
      #expect(throws: DatasetError.otherEncoding(path: path, name: "UTF-16")) {
        try read([0xFF, 0xFE] + wide, nil)
      }
      #expect(throws: DatasetError.otherEncoding(path: path, name: "UTF-16LE")) { try read(wide, nil) }
      #expect(throws: DatasetError.unknownEncoding(path: path, name: "klingon")) { try read([], "klingon") }
      for bad in [Array(wide.dropLast()), [0x00, 0xDC, 0x41, 0x00]] {
        #expect(throws: DatasetError.notOfEncoding(path: path, name: "utf-16le")) {
          try read(bad, "utf-16le")
        }
      }
    }
  }

  @Test func longRowsAreSkippedNotHeld() throws {
    let long = String(repeating: "x", count: DatasetReader.maximumRowByteCount + 1)
    let data = try read("text\n\(long)\nok\n\"\(long)\"\nok too\n", .csv, skipBad: true)
    #expect(data.rows.map(\.text) == ["ok", "ok too"])
    #expect(data.rows.map(\.line) == [3, 5])
    #expect(data.badRows.map(\.line) == [2, 4])
  }

  @Test func filesAreReadInBlocksWithTheirDigest() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/big.jsonl"
      var text = ""
      for index in 0..<20_000 { text += "{\"text\":\"é number \(index)\",\"label\":\(index % 12)}\r\n" }
      writeFile(path, Array(text.utf8))
      let data = try TextDataset.read(path: path)
      #expect(data.rows.count == 20_000)
      #expect(data.rows[19_999] == TextRow(line: 20_000, text: "é number 19999", label: RowLabel("7")))
      #expect(data.digest == SHA256.digest(of: Array(text.utf8)))
      #expect(data.labels == (0..<12).map(String.init))
    }
  }

  @Test func labelOrder() throws {
    let data = try read("text,label\na,b\na,10\na,9\na,B\na,\n", .csv)
    #expect(data.labels == ["9", "10", "B", "b"])
  }
}
