import TaperBase
package import TaperPlanFormat

/// Where tensors lie in the weights section: in order of first use, each in its recipe's layout, on a cache line.
package enum WeightsLayout {
  package static func index(_ recipes: [WeightRecipe]) -> WeightsIndex {
    var entries: [WeightEntry] = []
    var end: UInt64 = 0
    for recipe in recipes {
      let place = entry(recipe, offset: end)
      end = self.end(of: place)
      entries.append(place)
    }
    return WeightsIndex(entries: entries, byteCount: Bytes(end), digest: .zero, isEmbedded: false)
  }

  /// Where the entry after `entry` starts: on the next cache line.
  static func end(of entry: WeightEntry) -> UInt64 {
    (entry.offset.rawValue + entry.byteCount.rawValue + 63) / 64 * 64
  }

  static func entry(_ recipe: WeightRecipe, offset: UInt64) -> WeightEntry {
    let byteCount =
      recipe.layout == .rowMajor
      ? UInt64(recipe.elementCount) * 4
      : recipe.layout.byteCount(columns: recipe.shape[0], depth: recipe.shape[1])
    return WeightEntry(
      name: recipe.name, element: recipe.layout.packedElement ?? .f32, layout: recipe.layout,
      shape: recipe.shape.map(UInt32.init), offset: Bytes(offset), byteCount: Bytes(byteCount))
  }
}
