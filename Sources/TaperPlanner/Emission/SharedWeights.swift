public import TaperPlanFormat

/// Plans of one model over one weights section that holds every tensor any of them reads, each once: what a sweep
/// writes as a weights file.
///
/// Schedules do not affect the weights, so plans differ only in their refitted heads and in the few tensors that a
/// depth cut or a precision lays out differently. Every plan has the whole section's index; tensors of other plans stay
/// unread, and their pages are never loaded.
public struct SharedWeights: Sendable {
  /// Its digest is zero: known when the file is written.
  public let index: WeightsIndex
  /// In the order given; their indices are without digest too.
  private let plans: [Plan]
  private let places: [(stream: WeightStream, entry: Int)]

  /// What makes two tensors one.
  private struct Tensor: Hashable {
    var recipe: WeightRecipe
    var head: [Float]?
  }

  /// - Parameter planned: plans of one model.
  public init(_ planned: [PlannedModel]) {
    var recipes: [WeightRecipe] = []
    var places: [(stream: WeightStream, entry: Int)] = []
    var numbers: [Tensor: Int] = [:]
    var plans = planned.map(\.plan)
    for (place, model) in planned.enumerated() {
      let stream = model.weights
      let renumbered = stream.recipes.enumerated().map { entry, recipe in
        let tensor = Tensor(recipe: recipe, head: stream.headElements(of: recipe))
        if let known = numbers[tensor] { return known }
        let number = recipes.count
        numbers[tensor] = number
        recipes.append(recipe)
        places.append((stream, entry))
        return number
      }
      plans[place].ops = plans[place].ops.map { op in
        op.renumberingWeights { WeightReference(rawValue: UInt16(renumbered[Int($0.rawValue)])) }
      }
    }
    index = WeightsLayout.index(recipes)
    self.plans = plans
    self.places = places
  }

  /// For `PlanWriter.writeWeightsFile(index, …)`.
  public var source: PlanWriter.WeightSource {
    { (entry, consumer) throws(PlanFormatError) in
      try places[entry].stream.source(places[entry].entry, &consumer)
    }
  }

  /// The plans over the file that was written, ready to be written next to it.
  /// - Parameter written: what `PlanWriter.writeWeightsFile` gave back for `index`.
  public func plans(over written: WeightsIndex) -> [Plan] {
    plans.map { plan in
      var plan = plan
      plan.weights = written
      plan.weights.isEmbedded = false
      return plan
    }
  }
}
