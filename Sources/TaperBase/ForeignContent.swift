/// What a file holds that should be something else: the usual accidents of downloading.
public enum ForeignContent: Hashable, Sendable, CustomStringConvertible {
  case gitLFSPointer
  case webPage
  case zipArchive
  case gzip

  /// nil when the first bytes (64 are enough) are of none of them.
  package init?(_ start: some Collection<UInt8>) {
    let start = Array(start.prefix(64))
    func begins(_ text: String) -> Bool { start.starts(with: text.utf8) }
    if begins("version https://git-lfs") {
      self = .gitLFSPointer
    } else if start.starts(with: [0x50, 0x4B, 3, 4]) {
      self = .zipArchive
    } else if start.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else {
      let text = start.drop { $0 <= 0x20 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
      guard text.starts(with: "<!doctype html".utf8) || text.starts(with: "<html".utf8) else { return nil }
      self = .webPage
    }
  }

  public var description: String {
    switch self {
    case .gitLFSPointer: "a git-lfs pointer to it; fetch it with git lfs pull"
    case .webPage: "a web page, perhaps of an error or a login; download the file again"
    case .zipArchive: "a zip archive, perhaps PyTorch's own format under another name; unpack or convert it"
    case .gzip: "gzip-compressed data; decompress it with gunzip"
    }
  }
}
