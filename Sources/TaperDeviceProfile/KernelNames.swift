public import TaperPlanFormat

extension OpKind {
  /// Kernel families that compute this kind, in id order.
  public var kernels: [KernelID] { KernelID.all.map(\.id).filter { $0.opKind == self } }
}

extension KernelID {
  /// The kernel of this name in kernels.def.
  public init?(name: String) {
    guard let match = KernelID.all.first(where: { $0.name == name }) else { return nil }
    self = match.id
  }
}
