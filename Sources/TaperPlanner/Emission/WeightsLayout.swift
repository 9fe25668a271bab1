import TaperBase
package import TaperPlanFormat

/// Where tensors lie in the weights section: in order of first use, each in its recipe's layout, on a cache line.
package enum WeightsLayout {
  package static func index(_ recipes: [WeightRecipe]) -> WeightsIndex {
    var entries: [WeightEntry] = []
    var end: UInt64 = 0
    for recipe in recipes {
      entries.append(entry(recipe, offset: (end + 63) / 64 * 64))
      end = entries[entries.count - 1].offset.rawValue + entries[entries.count - 1].byteCount.rawValue
    }
    return WeightsIndex(
      entries: entries, byteCount: Bytes((end + 63) / 64 * 64), digest: .zero, isEmbedded: false)
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
