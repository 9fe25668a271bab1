public import TaperJSON
internal import TaperPlanFormat

/// The file form of a profile: one JSON object, "schema_version" first, all times in integer nanoseconds.
///
/// Canonical: equal profiles give equal text. Points are arrays, to keep files small:
/// [rows, inner_rows, samples, p10, p50, p90, p99].
extension DeviceProfile {
  public init(json: JSONValue) throws(DeviceProfileError) {
    let top = try FieldReader(json, at: "")
    let version = try top.integer("schema_version", in: 0...Int(Int32.max))
    guard version == Self.schemaVersion else {
      throw .unsupportedSchema(found: version, supported: Self.schemaVersion)
    }
    self.init(
      name: try top.string("name"), created: try top.string("created"),
      fingerprint: try Fingerprint(try top.reader("fingerprint")),
      threadFigures: try Self.readFigures(top), noise: try ProfileNoise(try top.reader("noise")),
      entries: try Self.readEntries(top))
    for (index, entry) in entries.enumerated() where figures(threads: entry.threads) == nil {
      throw .invalid(
        field: "entries[\(index)].threads", expected: "a thread count listed in threads",
        found: "\(entry.threads)")
    }
  }

  /// The canonical JSON value.
  public var json: JSONValue {
    [
      "schema_version": JSONValue(Self.schemaVersion), "name": JSONValue(name), "created": JSONValue(created),
      "fingerprint": fingerprint.json,
      "threads": .array(threadFigures.map(\.json)), "noise": noise.json,
      "entries": .array(entries.map(\.json)),
    ]
  }

  private static func readFigures(_ top: FieldReader) throws(DeviceProfileError) -> [ThreadFigures] {
    var figures: [ThreadFigures] = []
    for (index, value) in try top.array("threads").enumerated() {
      let next = try ThreadFigures(try FieldReader(value, at: "threads[\(index)]"))
      if let last = figures.last, last.threads >= next.threads {
        throw .invalid(
          field: "threads[\(index)].threads", expected: "more than \(last.threads)", found: "\(next.threads)")
      }
      figures.append(next)
    }
    guard !figures.isEmpty else {
      throw .invalid(field: "threads", expected: "at least one thread count", found: "none")
    }
    return figures
  }

  private static func readEntries(_ top: FieldReader) throws(DeviceProfileError) -> [ProfileEntry] {
    struct Key: Hashable { var kernel: KernelID, shape: OpShape, threads: Int, isNear: Bool }
    var entries: [ProfileEntry] = []
    var seen: Set<Key> = []
    for (index, value) in try top.array("entries").enumerated() {
      let path = "entries[\(index)]"
      let entry = try ProfileEntry(try FieldReader(value, at: path))
      let key = Key(
        kernel: entry.kernel, shape: entry.shape, threads: entry.threads, isNear: entry.isNear)
      guard seen.insert(key).inserted else {
        throw .invalid(
          field: path, expected: "a kernel, shape and thread count not given before", found: "a second one")
      }
      entries.append(entry)
    }
    return entries
  }
}

/// Ranges accepted from a file: wide enough for any machine, narrow enough that sums never overflow.
enum Limits {
  static let threads = 1...4096
  static let rows = 1...65_535
  static let width = 0...16_777_216
  static let samples = 1...1_000_000_000
  /// An hour.
  static let time = 0...3_600_000_000_000
  static let rate = 1...1_000_000_000_000_000_000
  static let cache = 1...1_099_511_627_776
  static let ratio = 0...1e6
}

extension Fingerprint {
  init(_ reader: FieldReader) throws(DeviceProfileError) {
    var caches: [CacheSize] = []
    for (index, value) in try reader.array("caches").enumerated() {
      let cache = try FieldReader(value, at: "\(reader.name("caches"))[\(index)]")
      caches.append(
        CacheSize(level: try cache.string("level"), byteCount: try cache.integer("bytes", in: Limits.cache)))
    }
    var environment: [EnvironmentVariable] = []
    let variables = try reader.reader("environment")
    for key in variables.object.keys {
      environment.append(EnvironmentVariable(name: key, value: try variables.string(key)))
    }
    self.init(
      cpu: try reader.string("cpu"), features: try reader.strings("features"),
      tier: try reader.string("tier"),
      caches: caches, cores: try reader.integer("cores", in: Limits.threads),
      blasCore: try reader.string("blas_core"), blasConfiguration: try reader.string("blas_configuration"),
      environment: environment, system: try reader.string("system"))
  }

  var json: JSONValue {
    [
      "cpu": JSONValue(cpu), "features": .array(features.map { JSONValue($0) }), "tier": JSONValue(tier),
      "caches": .array(caches.map { ["level": JSONValue($0.level), "bytes": JSONValue($0.byteCount)] }),
      "cores": JSONValue(cores), "blas_core": JSONValue(blasCore),
      "blas_configuration": JSONValue(blasConfiguration),
      "environment": .object(JSONObject(environment.map { ($0.name, JSONValue($0.value)) })),
      "system": JSONValue(system),
    ]
  }
}

extension ThreadFigures {
  init(_ reader: FieldReader) throws(DeviceProfileError) {
    self.init(
      threads: try reader.integer("threads", in: Limits.threads),
      bandwidthOneStream: UInt64(try reader.integer("bandwidth_one_stream_bytes_per_s", in: Limits.rate)),
      bandwidthManyStreams: UInt64(try reader.integer("bandwidth_many_streams_bytes_per_s", in: Limits.rate)),
      computePeak: UInt64(try reader.integer("compute_peak_flops_per_s", in: Limits.rate)),
      opOverhead: Nanoseconds(UInt64(try reader.integer("op_overhead_ns", in: Limits.time))),
      runOverhead: Nanoseconds(UInt64(try reader.integer("run_overhead_ns", in: Limits.time))),
      wake: try reader.optionalTime("wake_ns"), footprints: try FootprintRate.read(reader),
      references: try Self.references(reader),
      tail: try reader.object["tail"] == nil ? nil : TailRatios(try reader.reader("tail")))
  }

  /// Both, or neither.
  private static func references(_ reader: FieldReader) throws(DeviceProfileError) -> ReferenceTimes? {
    guard let compute = try reader.optionalTime("reference_compute_ns") else { return nil }
    let bandwidth = try reader.integer("reference_bandwidth_ns", in: Limits.time)
    return ReferenceTimes(compute: compute, bandwidth: Nanoseconds(UInt64(bandwidth)))
  }

  var json: JSONValue {
    var object = JSONObject([
      ("threads", JSONValue(threads)),
      ("bandwidth_one_stream_bytes_per_s", JSONValue(Int(bandwidthOneStream))),
      ("bandwidth_many_streams_bytes_per_s", JSONValue(Int(bandwidthManyStreams))),
      ("compute_peak_flops_per_s", JSONValue(Int(computePeak))),
      ("op_overhead_ns", JSONValue(Int(opOverhead.rawValue))),
      ("run_overhead_ns", JSONValue(Int(runOverhead.rawValue))),
    ])
    if let wake { object["wake_ns"] = JSONValue(Int(wake.rawValue)) }
    if !footprints.isEmpty { object["footprints"] = .array(footprints.map(\.json)) }
    if let references {
      object["reference_compute_ns"] = JSONValue(Int(references.compute.rawValue))
      object["reference_bandwidth_ns"] = JSONValue(Int(references.bandwidth.rawValue))
    }
    if let tail { object["tail"] = tail.json }
    return .object(object)
  }
}

extension FootprintRate {
  /// None when the member is absent.
  static func read(_ reader: FieldReader) throws(DeviceProfileError) -> [FootprintRate] {
    guard reader.object["footprints"] != nil else { return [] }
    var rates: [FootprintRate] = []
    for (index, value) in try reader.array("footprints").enumerated() {
      let field = "\(reader.name("footprints"))[\(index)]"
      guard let pair = value.array, pair.count == 2 else {
        throw .invalid(field: field, expected: "[bytes, bytes_per_s]", found: value.kindDescription)
      }
      let least = Int(rates.last?.byteCount ?? 0) + 1
      rates.append(
        FootprintRate(
          byteCount: UInt64(
            try FieldReader.integer(pair[0], in: least...Limits.cache.upperBound, field: field + ".bytes")),
          bytesPerSecond: UInt64(
            try FieldReader.integer(pair[1], in: Limits.rate, field: field + ".bytes_per_s"))))
    }
    return rates
  }

  var json: JSONValue { [JSONValue(Int(byteCount)), JSONValue(Int(bytesPerSecond))] }
}

extension TailRatios {
  init(_ reader: FieldReader) throws(DeviceProfileError) {
    var last = 1.0
    func next(_ percentile: Percentile) throws(DeviceProfileError) -> Double {
      let ratio = try reader.ratio(percentile.name)
      guard ratio >= last else {
        throw .invalid(field: reader.name(percentile.name), expected: "at least \(last)", found: "\(ratio)")
      }
      last = ratio
      return ratio
    }
    self.init(p90: try next(.p90), p99: try next(.p99), p999: try next(.p999))
  }

  var json: JSONValue {
    .object(JSONObject(Percentile.allCases.dropFirst().map { ($0.name, JSONValue(self[$0])) }))
  }
}

extension ProfileNoise {
  init(_ reader: FieldReader) throws(DeviceProfileError) {
    self.init(
      spread: try reader.ratio("spread"), drift: try reader.ratio("drift"),
      probes: try reader.integer("probes", in: 0...Limits.samples.upperBound))
  }

  var json: JSONValue {
    ["spread": JSONValue(spread), "drift": JSONValue(drift), "probes": JSONValue(probes)]
  }
}
