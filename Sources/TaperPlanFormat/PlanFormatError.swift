public import TaperBase

/// Why bytes are not a plan (or a weights file), why a plan is refused, or why one could not be written.
public enum PlanFormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file does not begin with the magic.
  case notAPlan
  /// It begins like one, but a transfer has changed line ends or bytes of the magic.
  case mangledInTransfer
  /// The file is of the other kind: a plan in place of a weights file, or the reverse.
  case wrongFileKind(found: UInt32)
  case newerVersion(written: FormatVersion, needsReader: FormatVersion, thisReader: FormatVersion)
  /// The file ends before its header, table or last section, or continues after it.
  case fileSize(expected: UInt64, found: UInt64)
  case malformedHeader(HeaderField, found: UInt64)
  /// The digest of header and section table differs from the one in the header.
  case headerDigest
  case malformedSection(index: Int, SectionField, expected: UInt64, found: UInt64)
  case unknownRequiredSection(kind: UInt32)
  case missingSection(SectionKind)
  case sectionDigest(SectionKind)
  /// A section ends before the value that begins in it.
  case truncated(section: SectionKind, needed: UInt64, available: UInt64)
  case malformed(section: SectionKind, value: MalformedValue, offset: UInt64, found: UInt64)
  /// The plan breaks a rule of the validator.
  case violated(PlanViolation)
  /// The digest of the weights' bytes differs from the one in the weights index.
  case weightsDigest(expected: Digest, found: Digest)
  case weightsSize(expected: UInt64, found: UInt64)
  /// The caller's tensor has another size than its entry.
  case weightEntrySize(name: String, expected: UInt64, found: UInt64)
  /// The caller could not provide the weights.
  case weightSource(name: String, reason: String)
  case file(FileError)

  public enum HeaderField: Hashable, Sendable {
    case size
    case sectionCount
    case reserved
    case version
  }

  public enum SectionField: Hashable, Sendable {
    case order
    case flags
    case offset
    case alignment
    case padding
    case reserved
    case size
  }

  public var description: String {
    switch self {
    case .notAPlan:
      "not a Taper file: expected the magic 89 54 41 50 45 52 at its start; give a file that `taper plan` wrote"
    case .mangledInTransfer:
      "a Taper file whose magic was changed, as by a text-mode transfer; copy it again in binary mode"
    case .wrongFileKind(let found):
      found == 1
        ? "expected a plan, found a weights file; give the .plan next to it"
        : "expected a weights file, found container kind \(found); give the .weights file that belongs to the plan"
    case .newerVersion(let written, let needs, let this):
      "the file is of format \(written.description) and needs a reader of format \(needs.description) or later; "
        + "this one reads up to \(this.description): update Taper, or plan again with this version"
    case .fileSize(let expected, let found):
      "expected a file of \(expected) bytes, found \(found): it was cut short or appended to; copy it again"
    case .malformedHeader(let field, let found):
      "header: no writer writes \(found) as its \(field.name); the file is damaged, copy or plan it again"
    case .headerDigest:
      "the digest of header and section table does not match: the file is damaged, copy or plan it again"
    case .malformedSection(let index, let field, let expected, let found):
      "section table entry \(index): expected \(field.name) \(expected), found \(found); plan it again"
    case .unknownRequiredSection(let kind):
      "section kind \(kind) is required and unknown to this version: update Taper, or plan again with this one"
    case .missingSection(let kind):
      "the \(kind.name ?? "kind \(kind.rawValue)") section is missing; plan it again"
    case .sectionDigest(let kind):
      "the \(kind.name ?? "kind \(kind.rawValue)") section does not have its SHA-256: the file is damaged, copy it again"
    case .truncated(let section, let needed, let available):
      "\(section.name ?? "kind \(section.rawValue)") section: expected \(needed) more bytes, found \(available)"
    case .malformed(let section, let value, let offset, let found):
      "\(section.name ?? "kind \(section.rawValue)") section, byte \(offset): expected \(value.expectation), found \(found)"
    case .violated(let violation): violation.description
    case .weightsDigest(let expected, let found):
      "weights: expected SHA-256 \(expected.shortHex)…, found \(found.shortHex)…; copy the weights again"
    case .weightsSize(let expected, let found): "weights: expected \(expected) bytes, found \(found)"
    case .weightEntrySize(let name, let expected, let found):
      "weights of \(name): expected \(expected) bytes from the source, found \(found)"
    case .weightSource(let name, let reason): "weights of \(name) could not be read: \(reason)"
    case .file(let error): error.description
    }
  }
}

extension PlanFormatError.HeaderField {
  var name: String {
    switch self {
    case .size: "size"
    case .sectionCount: "section count"
    case .reserved: "reserved field"
    case .version: "version"
    }
  }
}

extension PlanFormatError.SectionField {
  var name: String {
    switch self {
    case .order: "a kind above"
    case .flags: "flags"
    case .offset: "offset"
    case .alignment: "alignment"
    case .padding: "padding bytes"
    case .reserved: "reserved field"
    case .size: "size"
    }
  }
}

extension PlanFormatError: FileFailure {}
