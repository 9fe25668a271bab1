import TaperBase
import TaperPlanFormat
import Testing

/// Versions, unknown sections, holes and order.
@Suite struct ContainerTests {
  private func file() throws -> (plan: Plan, bytes: [UInt8]) {
    let (plan, weights) = ToyPlan.make()
    return (plan, try encode(plan, weights))
  }

  @Test func rebuildingChangesNothing() throws {
    let bytes = try file().bytes
    var again = rebuilt(bytes)
    Sealed.seal(&again)
    #expect(again == bytes)
  }

  @Test func unknownOptionalSectionsAreSkipped() throws {
    let (plan, bytes) = try file()
    var changed = rebuilt(bytes, extra: [(kind: 77, flags: 0, content: [1, 2, 3])])
    Sealed.seal(&changed)
    #expect(try PlanReader.read(changed).plan == plan)
    // Skipped, but not unchecked.
    changed[Sealed.range(changed, 11).lowerBound] ^= 1
    #expect(failure { _ = try PlanReader.read(changed) } == .sectionDigest(SectionKind(rawValue: 77)))
  }

  @Test func unknownRequiredSectionsAreRefused() throws {
    var changed = rebuilt(try file().bytes, extra: [(kind: 77, flags: 1, content: [1, 2, 3])])
    Sealed.seal(&changed)
    #expect(failure { _ = try PlanReader.read(changed) } == .unknownRequiredSection(kind: 77))
  }

  @Test func newerMinorIsReadAndItsLongerHeaderSkipped() throws {
    let (plan, bytes) = try file()
    var changed = bytes
    Sealed.put(Int(ContainerFormat.version.minor) + 1, 2, at: 18, in: &changed)
    Sealed.seal(&changed)
    #expect(try PlanReader.read(changed).plan == plan)
  }

  /// A file is of the oldest format that can say it, and of no other.
  @Test func theVersionIsTheContents() throws {
    var options = ToyPlan.Options()
    #expect(ToyPlan.make(options).plan.formatVersion == .first)
    options.scored = true
    var scored = ToyPlan.make(options).plan
    #expect(scored.formatVersion == .packed)
    for number in scored.selections.indices where scored.selections[number].kernel == .attentionScoredF32 {
      scored.selections[number].kernel = .attentionScoredBF16
    }
    #expect(scored.formatVersion == .dynamic)
    for (layout, minor) in [(WeightLayout.rowMajor, 0), (.panelF32, 1), (.panelBF16, 1), (.panelI8, 2)] {
      options.scored = false
      options.layout = layout
      let (plan, weights) = ToyPlan.make(options)
      var bytes = try encode(plan, weights)
      #expect(Sealed.number(bytes, at: 18, 2) == minor && Sealed.number(bytes, at: 22, 2) == minor)
      let other = minor == 0 ? 1 : minor - 1
      Sealed.put(other, 2, at: 18, in: &bytes)
      Sealed.put(other, 2, at: 22, in: &bytes)
      Sealed.seal(&bytes)
      #expect(
        failure { _ = try PlanReader.read(bytes) } == .malformedHeader(.version, found: UInt64(other)))
    }
  }

  /// Readers of before would trap on no layers, or take them for a damaged plan.
  @Test func plansWithoutLayersAreOfTheNewestFormat() throws {
    var options = ToyPlan.Options()
    (options.layers, options.reducing, options.restores) = (0, [], false)
    let (plan, weights) = ToyPlan.make(options)
    #expect(plan.formatVersion == .wordRows)
    let bytes = try encode(plan, weights)
    #expect(bytes[16...19] == [1, 0, 7, 0] && bytes[20...23] == [1, 0, 7, 0])
    #expect(try PlanReader.read(bytes).plan == plan)
  }

  @Test func theTierIsASectionOfItsOwn() throws {
    var (plan, weights) = ToyPlan.make()
    plan.identity.tier = "avx512"
    #expect(plan.formatVersion == .packed)
    let bytes = try encode(plan, weights)
    #expect(try PlanReader.read(bytes).plan == plan)
    // An empty one has no place.
    let tier = Sealed.sectionCount(bytes) - 2
    #expect(Sealed.kind(bytes, tier) == 12)
    var empty = rebuilt(bytes) { $0 == tier ? [0, 0, 0, 0] : $1 }
    Sealed.seal(&empty)
    #expect(
      failure { _ = try PlanReader.read(empty) }
        == .malformed(section: .tier, value: .count, offset: 0, found: 0))
  }

  @Test func aFileThatNeedsANewerReaderIsRefusedWithBothVersions() throws {
    var changed = try file().bytes
    Sealed.put(2, 2, at: 16, in: &changed)
    Sealed.put(2, 2, at: 20, in: &changed)
    let error = failure { _ = try PlanReader.read(changed) }
    let two = FormatVersion(major: 2, minor: 0)
    #expect(error == .newerVersion(written: two, needsReader: two, thisReader: ContainerFormat.version))
    #expect(
      error?.description
        == "the file is of format 2.0 and needs a reader of format 2.0 or later; this one reads up to \(ContainerFormat.version.description): "
        + "update Taper, or plan again with this version")
  }

  @Test func everyBitOfTheHeaderAndTheTableIsGuarded() throws {
    let bytes = try file().bytes
    let end = Sealed.headerSize + Sealed.sectionCount(bytes) * Sealed.entrySize
    for at in 0..<end {
      for bit in 0..<8 {
        var changed = bytes
        changed[at] ^= 1 << UInt8(bit)
        #expect(failure { _ = try PlanReader.read(changed) } != nil, "byte \(at) bit \(bit)")
        // Again with a right header digest. A newer minor version may stand there, and nothing else.
        guard !(48..<80).contains(at) else { continue }
        Sealed.put(Sealed.sectionCount(bytes), 4, at: 28, in: &changed)
        if (28..<32).contains(at) { continue }
        Sealed.sealHeader(&changed)
        if (16..<20).contains(at) { continue }
        #expect(failure { _ = try PlanReader.read(changed) } != nil, "sealed byte \(at) bit \(bit)")
      }
    }
  }

  @Test func paddingIsZero() throws {
    var changed = try file().bytes
    let weights = Sealed.range(changed, 11)
    changed[weights.lowerBound - 1] = 1
    Sealed.seal(&changed)
    #expect(
      failure { _ = try PlanReader.read(changed) }
        == .malformedSection(index: 11, .padding, expected: 0, found: 1))
  }

  @Test func aMissingSectionIsNamed() throws {
    let (plan, bytes) = try file()
    var changed = rebuilt(bytes)
    // The canaries become an unknown optional section between their neighbours: kind 10 cannot be renamed in order, so
    // the last small section is dropped instead, by counting one less and moving the weights' entry.
    let index = Sealed.headerSize + 10 * Sealed.entrySize
    changed.removeSubrange(index..<index + Sealed.entrySize)
    Sealed.put(11, 4, at: 28, in: &changed)
    changed.insert(contentsOf: [UInt8](repeating: 0, count: Sealed.entrySize), at: changed.count)
    var again = rebuilt(shifted(changed))
    Sealed.seal(&again)
    #expect(failure { _ = try PlanReader.read(again) } == .missingSection(.weightsIndex))
    #expect(plan.weights.isEmbedded)
  }

  /// Offsets of the table moved by the entry that was taken out of it.
  private func shifted(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for index in 0..<Sealed.sectionCount(bytes) {
      let at = Sealed.headerSize + index * Sealed.entrySize + 8
      Sealed.put(Sealed.number(bytes, at: at, 8) - Sealed.entrySize, 8, at: at, in: &bytes)
    }
    return bytes
  }

  @Test func floatsThatAreNotFiniteOrCanonicalAreRefused() throws {
    let bytes = try file().bytes
    for pattern in [0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x8000_0000] {
      var changed = bytes
      let canaries = Sealed.range(changed, 9)
      Sealed.put(pattern, 4, at: canaries.upperBound - 4, in: &changed)
      Sealed.seal(&changed)
      guard
        case .malformed(.canaries, .float, _, UInt64(pattern))? = failure({ _ = try PlanReader.read(changed) }
        )
      else {
        Issue.record("pattern \(pattern) was accepted")
        continue
      }
    }
  }
}
