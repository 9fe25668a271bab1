package import TaperPlanFormat

/// Where tensors lie in the weights section: in order of first use, row-major f32, each on a cache line.
package enum WeightsLayout {
  package static func index(_ recipes: [WeightRecipe]) -> WeightsIndex {
    var entries: [WeightEntry] = []
    var end: UInt64 = 0
    for recipe in recipes {
      let offset = (end + 63) / 64 * 64
      let byteCount = UInt64(recipe.elementCount) * 4
      entries.append(
        WeightEntry(
          name: recipe.name, element: .f32, layout: .rowMajor, shape: recipe.shape.map(UInt32.init),
          offset: Bytes(offset), byteCount: Bytes(byteCount)))
      end = offset + byteCount
    }
    return WeightsIndex(
      entries: entries, byteCount: Bytes((end + 63) / 64 * 64), digest: .zero, isEmbedded: false)
  }
}
