import TaperBase

extension PlanCodec {
  /// The default is written as its place counted from 1; 0: none.
  static func write(_ prompts: Prompts, to writer: inout ByteWriter) {
    writer.write(count: prompts.all.count)
    for prompt in prompts.all {
      writer.write(prompt.name)
      writer.write(prompt.text)
    }
    let place = prompts.all.firstIndex { $0.name == prompts.defaultName }
    writer.write(UInt32(place.map { $0 + 1 } ?? 0))
  }

  static func readPrompts(_ reader: inout SectionReader) throws(PlanFormatError) -> Prompts {
    var all: [Prompts.Prompt] = []
    let count = unsafe try reader.readCount(elementSize: 8)
    // The writer leaves out an empty section.
    guard count > 0 else { throw unsafe reader.malformed(.count, found: 0) }
    for _ in 0..<count {
      let name = unsafe try reader.readString()
      unsafe all.append(Prompts.Prompt(name: name, text: try reader.readString()))
    }
    let place = unsafe try reader.read(UInt32.self)
    guard place <= count else { throw unsafe reader.malformed(.count, found: UInt64(place)) }
    return Prompts(all, defaultName: place == 0 ? nil : all[Int(place) - 1].name)
  }
}
