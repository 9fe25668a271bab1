package import TaperModelSpec
internal import TaperPlanFormat

/// Reads a plan's tensors from the model, one at a time, packing those whose layout asks for it; none is kept.
package struct WeightStream: Sendable {
  let recipes: [WeightRecipe]
  let model: ModelSpec
  let fitted: FittedTensors

  package init(recipes: [WeightRecipe], model: ModelSpec, fitted: FittedTensors) {
    self.recipes = recipes
    self.model = model
    self.fitted = fitted
  }

  /// What makes the entry's bytes.
  func tensor(_ entry: Int) -> WeightPool.Tensor {
    WeightPool.Tensor(recipe: recipes[entry], fitted: fittedElements(of: recipes[entry]))
  }

  /// What a recipe of a fitted tensor stands for; nil for a tensor of the model.
  private func fittedElements(of recipe: WeightRecipe) -> [Float]? {
    guard case .fitted(let tensor) = recipe.source else { return nil }
    return fitted.elements(of: tensor, count: recipe.elementCount)
  }

  // MARK: Pieces

  /// Gives the entry's bytes in order: row-major tensors one by one, a packed one whole.
  func forEachPiece(
    of entry: Int, _ body: (UnsafeRawBufferPointer) throws(PlanFormatError) -> Void
  ) throws(PlanFormatError) {
    let recipe = recipes[entry]
    guard recipe.layout != .rowMajor else {
      for piece in try pieces(of: entry) {
        for part in parts(of: piece) {
          let elements = try elements(of: piece, in: part, entry: entry)
          // As they lie in memory: little-endian on every platform Taper is built for.
          unsafe try elements.span.bytes.withUnsafeBytes(body)
        }
      }
      return
    }
    var elements: [Float] = []
    elements.reserveCapacity(recipe.elementCount)
    for piece in try pieces(of: entry) { elements += try self.elements(of: piece, entry: entry) }
    if let smoothing = recipe.smoothing {
      let scales = try scales(of: smoothing, entry: entry)
      for element in elements.indices { elements[element] *= scales[element % scales.count] }
    }
    let packed = PanelPacking.pack(
      elements, columns: recipe.shape[0], depth: recipe.shape[1], layout: recipe.layout)
    unsafe try packed.span.bytes.withUnsafeBytes(body)
  }

  private enum Piece {
    case tensor(TensorRole)
    case relativeBias(reach: Int)
    case rowsByDistance(layer: Int, forQueries: Bool, reach: Int)
    case given([Float])
  }

  private func pieces(of entry: Int) throws(PlanFormatError) -> [Piece] {
    switch recipes[entry].source {
    case .tensors(let roles): return roles.map { .tensor($0) }
    case .relativeBias(let reach): return [.relativeBias(reach: reach)]
    case .rowsByDistance(let layer, let forQueries, let reach):
      return [.rowsByDistance(layer: layer, forQueries: forQueries, reach: reach)]
    case .window(let window, let reach):
      return [.given(DistanceWindow.table(window, reach: reach, heads: recipes[entry].shape[0]))]
    case .rotaryAngles(let theta):
      let shape = recipes[entry].shape
      return [.given(RotaryAngles.table(theta: theta, positions: shape[0], headSize: shape[1]))]
    case .zeros: return [.given([Float](repeating: 0, count: recipes[entry].elementCount))]
    case .multipliers(let smoothing): return [.given(try scales(of: smoothing, entry: entry).map { 1 / $0 })]
    case .fitted: return [.given(fittedElements(of: recipes[entry]) ?? [])]
    }
  }

  /// Elements of a checkpoint's tensor that are read at a time: an embedding table is most of a multilingual model.
  private static let partCount = 1 << 22

  /// The parts that a piece is read in; nil stands for all of it.
  private func parts(of piece: Piece) -> [Range<Int>?] {
    guard case .tensor(let role) = piece, model.has(role) else { return [nil] }
    let count = model.shape(of: role).reduce(1, *)
    return stride(from: 0, to: count, by: Self.partCount).map { $0..<min($0 + Self.partCount, count) }
  }

  private func scales(of smoothing: Smoothing, entry: Int) throws(PlanFormatError) -> [Float] {
    let gamma = try elements(of: .tensor(smoothing.gamma), entry: entry)
    let beta =
      try smoothing.beta.map { (role) throws(PlanFormatError) in try elements(of: .tensor(role), entry: entry)
      }
      ?? [Float](repeating: 0, count: gamma.count)
    var largest = [Float](repeating: 0, count: gamma.count)
    for role in smoothing.weights {
      let weight = try elements(of: .tensor(role), entry: entry)
      for element in weight.indices {
        largest[element % gamma.count] = max(largest[element % gamma.count], abs(weight[element]))
      }
    }
    return Smoothing.scales(gamma: gamma, beta: beta, largestWeights: largest)
  }

  private func elements(
    of piece: Piece, in part: Range<Int>? = nil, entry: Int
  ) throws(PlanFormatError) -> [Float] {
    do throws(ModelSpecError) {
      switch piece {
      case .tensor(let role): return try model.tensor(role, in: part)
      case .relativeBias(let reach): return try model.relativeBiasByDistance(reach: reach)
      case .rowsByDistance(let layer, let forQueries, let reach):
        return try model.rowsByDistance(layer: layer, forQueries: forQueries, reach: reach)
      case .given(let elements): return elements
      }
    } catch {
      throw .weightSource(name: recipes[entry].name, reason: "\(error)")
    }
  }
}
