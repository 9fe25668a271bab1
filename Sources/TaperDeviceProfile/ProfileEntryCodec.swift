internal import TaperJSON
internal import TaperPlanFormat

extension ProfileEntry {
  init(_ reader: FieldReader) throws(DeviceProfileError) {
    let name = try reader.string("kernel")
    guard let kernel = KernelID(name: name), let kind = kernel.opKind else {
      throw .invalid(field: reader.name("kernel"), expected: "a kernel of kernels.def", found: "\"\(name)\"")
    }
    let shape = try OpShape(try reader.reader("shape"), kind: kind)
    let threads = try reader.integer("threads", in: Limits.threads)
    var points: [ProfilePoint] = []
    let path = reader.name("points")
    for (index, value) in try reader.array("points").enumerated() {
      let point = try ProfilePoint(value, at: "\(path)[\(index)]")
      if let last = points.last, !(last.sortKey < point.sortKey) {
        throw .invalid(
          field: "\(path)[\(index)]", expected: "rows after (\(last.rows), \(last.innerRows))",
          found: "(\(point.rows), \(point.innerRows))")
      }
      points.append(point)
    }
    guard !points.isEmpty else { throw .invalid(field: path, expected: "at least one point", found: "none") }
    let isNear = reader.object["weights"] != nil
    if isNear, try reader.string("weights") != "near" || !kind.isProduct {
      throw .invalid(
        field: reader.name("weights"), expected: "\"near\", of a product", found: try reader.string("weights")
      )
    }
    self.init(kernel: kernel, shape: shape, threads: threads, isNear: isNear, points: points)
  }

  var json: JSONValue {
    var object = JSONObject([
      ("kernel", JSONValue(kernel.name ?? "\(kernel.rawValue)")), ("shape", shape.json),
      ("threads", JSONValue(threads)),
    ])
    if isNear { object["weights"] = "near" }
    object["points"] = .array(points.map(\.json))
    return .object(object)
  }
}

extension OpShape {
  /// The kind follows from the kernel; absent members mean 0, one part, no activation, no relative bias.
  init(_ reader: FieldReader, kind: OpKind) throws(DeviceProfileError) {
    var activation = Activation.none
    if reader.object["activation"] != nil {
      let name = try reader.string("activation")
      guard let match = Activation.allCases.first(where: { $0.name == name }) else {
        throw .invalid(
          field: reader.name("activation"),
          expected: "one of \(Activation.allCases.map(\.name).joined(separator: ", "))", found: "\"\(name)\"")
      }
      activation = match
    }
    var relativeBias = false
    if let value = reader.object["relative_bias"] {
      guard let flag = value.bool else {
        throw .invalid(
          field: reader.name("relative_bias"), expected: "true or false", found: value.kindDescription)
      }
      relativeBias = flag
    }
    self.init(
      kind, columns: try reader.integer("columns", in: Limits.width, absent: 0),
      depth: try reader.integer("depth", in: Limits.width, absent: 0),
      heads: try reader.integer("heads", in: Limits.width, absent: 0),
      parts: try reader.integer("parts", in: 1...65_535, absent: 1),
      activation: activation, relativeBias: relativeBias)
  }

  var json: JSONValue {
    var object = JSONObject()
    if columns != 0 { object["columns"] = JSONValue(columns) }
    if depth != 0 { object["depth"] = JSONValue(depth) }
    if heads != 0 { object["heads"] = JSONValue(heads) }
    if parts != 1 { object["parts"] = JSONValue(parts) }
    if activation != .none { object["activation"] = JSONValue(activation.name) }
    if relativeBias { object["relative_bias"] = true }
    return .object(object)
  }
}

extension ProfilePoint {
  var sortKey: (Int, Int) { (innerRows, rows) }

  init(_ value: JSONValue, at path: String) throws(DeviceProfileError) {
    guard let fields = value.array, fields.count == 7 else {
      throw .invalid(
        field: path, expected: "[rows, inner_rows, samples, p10, p50, p90, p99]",
        found: value.array.map { "\($0.count) values" } ?? value.kindDescription)
    }
    func time(_ index: Int, _ name: String, from least: Int) throws(DeviceProfileError) -> Nanoseconds {
      let range = least...Limits.time.upperBound
      return Nanoseconds(UInt64(try FieldReader.integer(fields[index], in: range, field: "\(path).\(name)")))
    }
    let p10 = try time(3, "p10_ns", from: 0)
    let p50 = try time(4, "p50_ns", from: Int(p10.rawValue))
    let p90 = try time(5, "p90_ns", from: Int(p50.rawValue))
    let p99 = try time(6, "p99_ns", from: Int(p90.rawValue))
    self.init(
      rows: try FieldReader.integer(fields[0], in: Limits.rows, field: "\(path).rows"),
      innerRows: try FieldReader.integer(fields[1], in: Limits.rows, field: "\(path).inner_rows"),
      time: TimeDistribution(
        samples: try FieldReader.integer(fields[2], in: Limits.samples, field: "\(path).samples"),
        p10: p10, p50: p50, p90: p90, p99: p99))
  }

  var json: JSONValue {
    let times = [time.p10, time.p50, time.p90, time.p99].map { JSONValue(Int($0.rawValue)) }
    return .array([JSONValue(rows), JSONValue(innerRows), JSONValue(time.samples)] + times)
  }
}
