extension Collection<Float> {
  /// How many elements stand before the largest, the first of equals; 0 when there are none.
  package var leader: Int { enumerated().max { $0.element < $1.element }?.offset ?? 0 }
}
