import TaperPlanFormat
import Testing

/// Damaged files: always an error or a plan that is as good, never a trap.
@Suite struct DamageTests {
  @Test func truncationAtEveryByte() throws {
    let (plan, weights) = ToyPlan.make()
    let bytes = try encode(plan, weights)
    for count in 0..<bytes.count {
      #expect(failure { _ = try PlanReader.read(Array(bytes[..<count])) } != nil, "cut at \(count)")
    }
    #expect(
      failure { _ = try PlanReader.read(bytes + [0]) }
        == .fileSize(expected: UInt64(bytes.count), found: UInt64(bytes.count + 1)))
  }

  @Test func truncationOfEverySectionAtEveryByte() throws {
    // With right digests and sizes, so that the section's own decoder must notice.
    let (plan, weights) = ToyPlan.make()
    let whole = try encode(plan, weights)
    for section in 0..<Sealed.sectionCount(whole) where Sealed.kind(whole, section) < 12 {
      let range = Sealed.range(whole, section)
      guard Sealed.kind(whole, section) != 8 else { continue }  // the tokenizer's bytes are opaque
      for cut in 0..<range.count {
        var bytes = rebuilt(whole) { $0 == section ? Array($1[..<cut]) : $1 }
        Sealed.seal(&bytes)
        #expect(failure { _ = try PlanReader.read(bytes) } != nil, "section \(section) cut at \(cut)")
      }
    }
  }

  @Test func tenThousandCorruptions() throws {
    let plans = try (0..<20).map { seed in
      let (plan, weights) = ToyPlan.make(seed: seed)
      return (plan: plan, weights: weights, bytes: try encode(plan, weights))
    }
    var random = Seeded(42)
    var refused = 0
    var refusedByRule = 0
    for round in 0..<10_000 {
      let (plan, weights, original) = plans[random.below(plans.count)]
      var bytes = original
      let isSealed = round % 4 != 0
      for _ in 0..<1 + random.below(3) { corrupt(&bytes, &random, inSections: isSealed) }
      if isSealed { Sealed.seal(&bytes) }
      do throws(PlanFormatError) {
        let (read, range) = try PlanReader.read(bytes)
        if isSealed {
          // Accepted: then it is a valid plan in its one spelling.
          let prefix = Array(bytes[..<(range?.lowerBound ?? bytes.count)])
          let again = try? encode(read, weights)
          #expect(again.map { Array($0[..<prefix.count]) == prefix } == true, "round \(round)")
        } else {
          #expect(read == plan, "round \(round)")
        }
      } catch {
        refused += 1
        if case .violated = error { refusedByRule += 1 }
        #expect(!error.description.isEmpty)
      }
    }
    #expect(refused > 5_000)
    #expect(refusedByRule > 1_000)
  }

  private func corrupt(_ bytes: inout [UInt8], _ random: inout Seeded, inSections: Bool) {
    var at = random.below(bytes.count)
    if inSections {
      let section = random.below(Sealed.sectionCount(bytes))
      let range = Sealed.range(bytes, section)
      guard Sealed.kind(bytes, section) != 0xFFFF, !range.isEmpty else { return }
      at = range.lowerBound + random.below(range.count)
    }
    switch random.below(4) {
    case 0: bytes[at] = 0
    case 1: bytes[at] = 0xFF
    case 2: bytes[at] = bytes[at] &+ 1
    default: bytes[at] ^= 1 << UInt8(random.below(8))
    }
  }

  @Test func mangledMagic() throws {
    let (plan, weights) = ToyPlan.make()
    var bytes = try encode(plan, weights)
    bytes.replaceSubrange(6..<8, with: [0x0A, 0x1A])
    #expect(failure { _ = try PlanReader.read(bytes) } == .mangledInTransfer)
    bytes[1] = 0x50
    #expect(failure { _ = try PlanReader.read(bytes) } == .notAPlan)
    #expect(failure { _ = try PlanReader.read(Array("{}".utf8)) } == .notAPlan)
    #expect(failure { _ = try PlanReader.read([]) } == .fileSize(expected: 96, found: 0))
  }
}

/// The file again with its sections' contents changed, laid out anew; digests are not right.
func rebuilt(
  _ bytes: [UInt8], extra: [(kind: Int, flags: Int, content: [UInt8])] = [],
  _ change: (Int, [UInt8]) -> [UInt8] = { $1 }
) -> [UInt8] {
  var sections: [(kind: Int, flags: Int, alignment: Int, digest: [UInt8], content: [UInt8])] = []
  for index in 0..<Sealed.sectionCount(bytes) {
    let entry = Sealed.headerSize + index * Sealed.entrySize
    sections.append(
      (
        Sealed.kind(bytes, index), Sealed.number(bytes, at: entry + 4, 4),
        Sealed.number(bytes, at: entry + 24, 4),
        Array(bytes[entry + 32..<entry + 64]), change(index, Array(bytes[Sealed.range(bytes, index)]))
      ))
  }
  for section in extra {
    sections.append((section.kind, section.flags, 8, [UInt8](repeating: 0, count: 32), section.content))
  }
  sections.sort { $0.kind < $1.kind }
  var result = Array(bytes[..<Sealed.headerSize])
  result += [UInt8](repeating: 0, count: sections.count * Sealed.entrySize)
  Sealed.put(sections.count, 4, at: 28, in: &result)
  for (index, section) in sections.enumerated() {
    let offset = (result.count + section.alignment - 1) / section.alignment * section.alignment
    result += [UInt8](repeating: 0, count: offset - result.count)
    let entry = Sealed.headerSize + index * Sealed.entrySize
    Sealed.put(section.kind, 4, at: entry, in: &result)
    Sealed.put(section.flags, 4, at: entry + 4, in: &result)
    Sealed.put(offset, 8, at: entry + 8, in: &result)
    Sealed.put(section.content.count, 8, at: entry + 16, in: &result)
    Sealed.put(section.alignment, 4, at: entry + 24, in: &result)
    result.replaceSubrange(entry + 32..<entry + 64, with: section.digest)
    result += section.content
  }
  Sealed.put(result.count, 8, at: 40, in: &result)
  return result
}
