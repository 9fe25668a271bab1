/// Text in the course of normalisation: scalars, each with the original scalar it comes from.
struct NormalizedText {
  var scalars: [UInt32] = []
  /// Index of the original scalar, counted from the start of the whole text.
  var origins: [UInt32] = []

  mutating func append(_ scalar: UInt32, _ origin: UInt32) {
    scalars.append(scalar)
    origins.append(origin)
  }

  mutating func reserve(_ count: Int) {
    scalars.reserveCapacity(count)
    origins.reserveCapacity(count)
  }
}
