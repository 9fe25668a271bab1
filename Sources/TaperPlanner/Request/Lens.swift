/// Affine maps that turn what dropped tokens were, on average, into what the dense encoder would have made of them.
///
/// A dropped token's last state is of an earlier layer, and layers speak different languages. Instead of it the head's
/// mean reads `weight · m + bias`, with m the mean over the tokens that the layer drops. Being affine, one map of that
/// mean is as good as the map of every token. Fitted on texts (TaperWorkflow's `LensFit`).
public struct Lens: Hashable, Sendable {
  public struct Map: Hashable, Sendable {
    /// [hidden, hidden], a row an output.
    public var weight: [Float]
    /// [hidden]
    public var bias: [Float]

    public init(weight: [Float], bias: [Float]) {
      self.weight = weight
      self.bias = bias
    }
  }

  /// By the layer that drops the tokens; of a layer without one the image is zero.
  public var maps: [Int: Map]

  public init(maps: [Int: Map] = [:]) { self.maps = maps }
}
