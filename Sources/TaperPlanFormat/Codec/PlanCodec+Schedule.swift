import TaperBase

extension PlanCodec {
  static func write(_ schedule: Schedule, to writer: inout ByteWriter) {
    writer.write(UInt32(schedule.maximumLength))
    writer.write(UInt32(schedule.layerCount))
    writer.write(schedule.restoresDroppedTokens)
    for count in schedule.keepCounts { writer.write(count) }
  }

  static func readSchedule(_ reader: inout SectionReader) throws(PlanFormatError) -> Schedule {
    let length = unsafe try Int(reader.read(UInt32.self))
    let layers = unsafe try Int(reader.read(UInt32.self))
    let restores = unsafe try reader.readBool()
    // Both are below 2³², so the product fits 64 bits only when it is bounded first.
    let (count, overflow) = length.multipliedReportingOverflow(by: layers + 1)
    guard !overflow, unsafe count <= reader.remaining / 2 else {
      throw unsafe .truncated(
        section: .schedule, needed: overflow ? .max : UInt64(count) * 2, available: UInt64(reader.remaining))
    }
    return unsafe Schedule(
      maximumLength: length, layerCount: layers, keepCounts: try reader.readUInt16s(count),
      restoresDroppedTokens: restores)
  }

  static func write(_ arena: ArenaLayout, resultSlot: UInt16, to writer: inout ByteWriter) {
    writer.write(arena.byteCount.rawValue)
    writer.write(resultSlot)
    writer.write(count: arena.slots.count)
    for slot in arena.slots {
      writer.write(slot.name)
      writer.write(slot.element.rawValue)
      writer.write(slot.copies)
      writer.write(slot.rows.rawValue)
      writer.write(slot.innerRows.rawValue)
      writer.write(slot.columns)
      writer.write(slot.offset.rawValue)
      writer.write(slot.byteCount.rawValue)
      writer.write(slot.firstOp)
      writer.write(slot.lastOp)
    }
  }

  static func readArena(
    _ reader: inout SectionReader
  ) throws(PlanFormatError) -> (arena: ArenaLayout, resultSlot: UInt16) {
    let byteCount = unsafe Bytes(rawValue: try reader.read())
    let resultSlot = unsafe try reader.read(UInt16.self)
    let count = unsafe try reader.readCount(elementSize: 41)
    var slots: [ArenaSlot] = []
    slots.reserveCapacity(count)
    for _ in 0..<count {
      let name = unsafe try reader.readString()
      let element = unsafe try reader.readCase { ElementType(rawValue: $0) }
      let copies = unsafe try reader.read(UInt32.self)
      let rows = unsafe RowCount(rawValue: try reader.read())
      let innerRows = unsafe RowCount(rawValue: try reader.read())
      let columns = unsafe try reader.read(UInt32.self)
      let offset = unsafe Bytes(rawValue: try reader.read())
      let size = unsafe Bytes(rawValue: try reader.read())
      let first = unsafe try reader.read(UInt32.self)
      let last = unsafe try reader.read(UInt32.self)
      slots.append(
        ArenaSlot(
          name: name, element: element, copies: Int(copies), rows: rows, innerRows: innerRows,
          columns: Int(columns),
          offset: offset, byteCount: size, firstOp: first, lastOp: last))
    }
    return (ArenaLayout(slots: slots, byteCount: byteCount), resultSlot)
  }
}
