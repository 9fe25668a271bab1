public import TaperPlanFormat

/// Plans of one model over one weights section that holds every tensor any of them reads, each once: what a sweep
/// writes as a weights file.
///
/// Schedules do not affect the weights, so plans differ only in their refitted heads and in the few tensors that a
/// depth cut or a precision lays out differently. Every plan has the whole section's index; tensors of other plans stay
/// unread, and their pages are never loaded.
public struct SharedWeights {
  /// Its digest is zero: known when the file is written.
  public let index: WeightsIndex
  /// In the order given; their indices are without digest too.
  private let plans: [Plan]
  private let places: [(model: PlannedModel, entry: Int)]

  /// - Parameter planned: plans of one model.
  public init(_ planned: [PlannedModel]) {
    var recipes: [WeightRecipe] = []
    var places: [(model: PlannedModel, entry: Int)] = []
    var numbers: [WeightPool.Tensor: Int] = [:]
    var plans = planned.map(\.plan)
    for (place, model) in planned.enumerated() {
      let renumbered = model.tensors.enumerated().map { entry, tensor in
        if let known = numbers[tensor] { return known }
        let number = recipes.count
        numbers[tensor] = number
        recipes.append(tensor.recipe)
        places.append((model, entry))
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
      try places[entry].model.weightSource(places[entry].entry, &consumer)
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
