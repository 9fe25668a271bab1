public import TaperBase

extension DeviceProfile {
  /// SHA-256 of the file form: equal profiles have equal digests. Plans store it as provenance.
  public var digest: Digest { SHA256.digest(of: Array(serialized().utf8)) }
}
