import TaperBase

extension PlanCodec {
  /// Bytes of one op record.
  static let opSize = 133

  static func write(_ ops: [PlanOp], to writer: inout ByteWriter) {
    writer.write(count: ops.count)
    for op in ops {
      writer.write(op.kind.rawValue)
      writer.write(op.condition.rawValue)
      writer.write(op.activation.rawValue)
      writer.write(op.layer)
      writer.write(op.fusionGroup)
      writer.write(op.rows.rawValue)
      writer.write(op.innerRows.rawValue)
      writer.write(op.columns)
      writer.write(op.depth)
      writer.write(op.heads)
      writer.write(op.parts)
      writer.write(op.extent)
      writer.write(op.epsilon)
      writer.write(op.scale)
      for operand in [op.a, op.b, op.c, op.output, op.output2, op.index, op.origin, op.scratch] {
        writer.write(operand.slot)
        writer.write(operand.offset)
        writer.write(operand.leading)
      }
      writer.write(op.scratchStride)
      for weight in [op.weight, op.bias, op.gamma, op.beta, op.table0, op.table1, op.table2] {
        writer.write(weight.rawValue)
      }
    }
  }

  static func readOps(_ reader: inout SectionReader) throws(PlanFormatError) -> [PlanOp] {
    let count = unsafe try reader.readCount(elementSize: opSize)
    var ops: [PlanOp] = []
    ops.reserveCapacity(count)
    for _ in 0..<count { unsafe ops.append(try readOp(&reader)) }
    return ops
  }

  private static func readOp(_ reader: inout SectionReader) throws(PlanFormatError) -> PlanOp {
    let kind = unsafe try reader.readCase { OpKind(rawValue: $0) }
    let condition = unsafe try reader.readCase { OpGuard(rawValue: $0) }
    let activation = unsafe try reader.readCase { Activation(rawValue: $0) }
    var op = PlanOp(kind, layer: 0, rows: .one)
    op.condition = condition
    op.activation = activation
    op.layer = unsafe try reader.read()
    op.fusionGroup = unsafe try reader.read()
    op.rows = unsafe RowCount(rawValue: try reader.read())
    op.innerRows = unsafe RowCount(rawValue: try reader.read())
    op.columns = unsafe try reader.read()
    op.depth = unsafe try reader.read()
    op.heads = unsafe try reader.read()
    op.parts = unsafe try reader.read()
    op.extent = unsafe try reader.read()
    op.epsilon = unsafe try reader.readFloat()
    op.scale = unsafe try reader.readFloat()
    op.a = unsafe try readOperand(&reader)
    op.b = unsafe try readOperand(&reader)
    op.c = unsafe try readOperand(&reader)
    op.output = unsafe try readOperand(&reader)
    op.output2 = unsafe try readOperand(&reader)
    op.index = unsafe try readOperand(&reader)
    op.origin = unsafe try readOperand(&reader)
    op.scratch = unsafe try readOperand(&reader)
    op.scratchStride = unsafe try reader.read()
    op.weight = unsafe WeightReference(rawValue: try reader.read())
    op.bias = unsafe WeightReference(rawValue: try reader.read())
    op.gamma = unsafe WeightReference(rawValue: try reader.read())
    op.beta = unsafe WeightReference(rawValue: try reader.read())
    op.table0 = unsafe WeightReference(rawValue: try reader.read())
    op.table1 = unsafe WeightReference(rawValue: try reader.read())
    op.table2 = unsafe WeightReference(rawValue: try reader.read())
    return op
  }

  private static func readOperand(_ reader: inout SectionReader) throws(PlanFormatError) -> Operand {
    unsafe Operand(slot: try reader.read(), offset: try reader.read(), leading: try reader.read())
  }

  static func write(_ selections: [KernelSelection], to writer: inout ByteWriter) {
    writer.write(count: selections.count)
    for selection in selections {
      writer.write(selection.op)
      writer.write(selection.maximumRows)
      writer.write(selection.kernel.rawValue)
    }
  }

  static func readSelections(_ reader: inout SectionReader) throws(PlanFormatError) -> [KernelSelection] {
    let count = unsafe try reader.readCount(elementSize: 6)
    var selections: [KernelSelection] = []
    selections.reserveCapacity(count)
    for _ in 0..<count {
      let op = unsafe try reader.read(UInt16.self)
      let rows = unsafe try reader.read(UInt16.self)
      let kernel = unsafe KernelID(rawValue: try reader.read())
      selections.append(KernelSelection(op: Int(op), maximumRows: Int(rows), kernel: kernel))
    }
    return selections
  }
}
