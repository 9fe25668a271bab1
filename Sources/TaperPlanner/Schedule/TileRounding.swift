import TaperPlanFormat

/// Pass tile-rounding: the largest count whose products cost no more than this count's.
///
/// A product's time is a step function of its rows, with one step for each row tile of the kernel (ours): tokens up to
/// the next step cost the projections and the FFN nothing. r(t) is the largest t' up to the next multiple of 16 at
/// which the products of a layer (output projection, FFN, and the next layer's queries, keys and values) together take
/// no longer than at t, within 0.5%. It depends on t alone and never falls as t rises. The additional cost of attention
/// is in the predicted time of the whole schedule, and the search runs over rounded counts, so rounding cannot break a
/// target.
package enum TileRounding {
  package static func table(_ ops: [PricedOp], maximumLength: Int, pricer: OpPricer) -> [Int] {
    // Layer 1's products on T(1) rows and layer 2's on the same rows; other layers are built alike.
    let products = ops.filter { $0.kind.isProduct && $0.rows == .tokens(after: 1) && $0.condition == .always }
    let times = (0...maximumLength).map { rows in
      rows == 0
        ? UInt64(0)
        : products.reduce(UInt64(0)) { $0 &+ pricer.price($1, rows: rows, innerRows: 1).time.rawValue }
    }
    var table = Array(0...maximumLength)
    guard !products.isEmpty else { return table }
    for count in 1...maximumLength {
      let limit = min(maximumLength, (count + 15) / 16 * 16)
      let free = (count...limit).last { times[$0] <= times[count] + times[count] / 200 }
      table[count] = max(table[count - 1], free ?? count)
    }
    return table
  }
}
