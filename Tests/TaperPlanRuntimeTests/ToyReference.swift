import Glibc
import TaperPlanFormat
import TestSupport

/// What the toy plan computes, written down as plainly as its definition: Double arithmetic, arrays of rows.
struct ToyReference {
  let toy: ToyPlan

  func rows(_ name: String, _ width: Int) -> [[Double]] {
    let values = toy.tensors[name]!.map(Double.init)
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  func norm(_ row: [Double]) -> [Double] {
    let mean = row.reduce(0, +) / Double(row.count)
    let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
    let (gamma, beta) = (toy.tensors["gamma"]!, toy.tensors["beta"]!)
    return row.indices.map {
      (row[$0] - mean) / (variance + Double(ToyPlan.epsilon)).squareRoot() * Double(gamma[$0])
        + Double(beta[$0])
    }
  }

  func softmax(_ row: [Double]) -> [Double] {
    let top = row.max()!
    let powers = row.map { exp($0 - top) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The kept tokens (original positions, ascending) and the label scores.
  func run(ids: [UInt32], typeIDs: [UInt32]) -> (kept: [Int], scores: [Double]) {
    let d = ToyPlan.hidden
    let n = ids.count
    let (word, position, type) = (rows("word", d), rows("position", d), rows("type", d))
    let states = (0..<n).map { i in
      norm(
        (0..<d).map {
          word[Int(ids[i])][$0] + position[i][$0] + type[typeIDs.isEmpty ? 0 : Int(typeIDs[i])][$0]
        })
    }
    let dh = d / ToyPlan.heads
    var received = [Double](repeating: 0, count: n)
    var context = [[Double]](repeating: [Double](repeating: 0, count: d), count: n)
    for h in 0..<ToyPlan.heads {
      let columns = h * dh..<(h + 1) * dh
      for i in 0..<n {
        let attention = softmax(
          (0..<n).map { j in 0.25 * columns.map { states[i][$0] * states[j][$0] }.reduce(0, +) })
        for j in 0..<n {
          received[j] += attention[j]
          for c in columns { context[i][c] += attention[j] * states[j][c] }
        }
      }
    }
    let count = toy.plan.schedule.tokens(after: 1, length: n)
    let others = (1..<n).sorted { (-received[$0], $0) < (-received[$1], $1) }
    let kept = ([0] + others.prefix(count - 1)).sorted()
    let bias = toy.tensors["bias"]!.map(Double.init)
    let (weight, wideBias) = (rows("wideWeight", d), toy.tensors["wideBias"]!.map(Double.init))
    var pooled = [Double](repeating: 0, count: ToyPlan.wide)
    for i in kept {
      let normed = norm((0..<d).map { context[i][$0] + bias[$0] + states[i][$0] })
      for o in 0..<ToyPlan.wide {
        let sum = (0..<d).map { normed[$0] * weight[o][$0] }.reduce(wideBias[o], +)
        pooled[o] += max(0, sum) / Double(kept.count)
      }
    }
    let head = rows("headWeight", ToyPlan.wide)
    return (kept, softmax(head.map { row in row.indices.map { row[$0] * pooled[$0] }.reduce(0, +) }))
  }
}
