package import TaperCostModel

extension OpCosts {
  /// The costs on a profiled device.
  package init(_ model: CostModel) {
    self.init(
      predict: { model.predict($0, kernel: $1, rows: $2, innerRows: $3) },
      kernels: { model.kernels(for: $0) },
      endToEnd: { model.endToEnd($0) }, runOverhead: model.runOverhead,
      tail: { model.tail($0) })
    resident = { OpCosts(model.resident(weights: $0)) }
  }
}
