import TaperBase

extension PlanCodec {
  static func write(_ interaction: LateInteraction, to writer: inout ByteWriter) {
    writer.write(interaction.queryPrompt ?? "")
    writer.write(interaction.expansion != nil)
    if let expansion = interaction.expansion {
      writer.write(expansion.token)
      writer.write(expansion.length)
      writer.write(expansion.isFixed)
      writer.write(expansion.isAttended)
    }
    writer.write(interaction.queryLength)
    writer.write(interaction.documentLength)
    writer.write(count: interaction.skippedIDs.count)
    for id in interaction.skippedIDs { writer.write(id) }
    writer.write(interaction.skipsInQueries)
    writer.write(interaction.skipsInDocuments)
  }

  static func readInteraction(_ reader: inout SectionReader) throws(PlanFormatError) -> LateInteraction {
    var interaction = LateInteraction()
    let prompt = unsafe try reader.readString()
    interaction.queryPrompt = prompt.isEmpty ? nil : prompt
    if unsafe try reader.readBool() {
      let token = unsafe try reader.read(UInt32.self)
      let length = unsafe try reader.read(UInt32.self)
      let isFixed = unsafe try reader.readBool()
      interaction.expansion = LateInteraction.Expansion(
        token: token, length: Int(length), isFixed: isFixed, isAttended: unsafe try reader.readBool())
    }
    interaction.queryLength = unsafe try reader.read(UInt32.self)
    interaction.documentLength = unsafe try reader.read(UInt32.self)
    interaction.skippedIDs = unsafe try reader.readCountedUInt32s()
    interaction.skipsInQueries = unsafe try reader.readBool()
    interaction.skipsInDocuments = unsafe try reader.readBool()
    return interaction
  }
}
