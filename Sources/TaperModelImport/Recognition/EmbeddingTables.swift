/// The tables whose rows are summed up to embeddings, told apart by what looks rows up: token ids, types of tokens, or
/// one place after the other.
struct EmbeddingTables {
  struct Table {
    var tensor: RecognisedTensor
    var rows: Int
    /// Of the first token.
    var first: Int
  }

  private let blocks: GraphBlocks
  private let width: Int
  private(set) var words: Table?
  private(set) var positions: Table?
  private(set) var types: Table?

  init(_ blocks: GraphBlocks, width: Int) {
    self.blocks = blocks
    self.width = width
  }

  private var evaluation: GraphEvaluation { blocks.evaluation }
  private var graph: ModelGraph { blocks.graph }

  typealias Failure = (_ part: String, _ expected: String, _ found: String) -> ImportError

  mutating func read(sum: Int, _ fail: Failure) throws(ImportError) {
    for term in blocks.terms(sum) {
      if evaluation.dependsOnText(term) {
        let sources = blocks.sources(of: term)
        guard sources.count == 1, case .lookup(let table, let indices) = blocks.blocks[sources[0]].kind else {
          throw fail("the embeddings", "rows of tables", blocks.describe(sources))
        }
        try take(table, indices, lookup: blocks.blocks[sources[0]].output, term, fail)
      } else if let (table, indices, lookup) = try tableBehind(term) {
        try take(table, indices, lookup: lookup, term, fail)
      } else if let row = try blocks.vector(term, width: width) {
        guard types == nil else { throw fail("the embeddings", "tables", "a constant row") }
        types = Table(tensor: .vector(row), rows: 1, first: 0)
      } else {
        throw fail("the embeddings", "rows of tables", "a constant of another form")
      }
    }
  }

  private mutating func take(
    _ value: Int, _ indices: [Int], lookup: Int, _ term: Int, _ fail: Failure
  ) throws(ImportError) {
    let shape = try evaluation.shape(value)
    guard shape.count >= 2, shape.dropLast(2).allSatisfy({ $0 == 1 }), shape[shape.count - 1] == width else {
      throw fail("the embeddings", "a table of \(width) columns", "\(shape)")
    }
    let rows = shape[shape.count - 2]
    let table = Table(
      tensor: .table(table: value, lookup: lookup, term: term, rows: rows, width: width), rows: rows,
      first: indices.first ?? 0)
    let isSequence = indices.enumerated().allSatisfy { $0.element == table.first + $0.offset }
    if indices == evaluation.ids {
      guard words == nil else { throw fail("the embeddings", "one table by token id", "two") }
      words = table
    } else if isSequence, indices.count > 1 {
      guard positions == nil else { throw fail("the embeddings", "one table of positions", "two") }
      positions = table
    } else if indices.allSatisfy({ $0 == 0 }) {
      guard types == nil else { throw fail("the embeddings", "one table of token types", "two") }
      types = table
    } else {
      throw fail("the embeddings", "rows by token id, position or type", "rows \(indices)")
    }
  }

  private mutating func take(
    _ value: Int, _ indices: Int, lookup: Int, _ term: Int, _ fail: Failure
  ) throws(ImportError) {
    try take(value, try evaluation.tensor(indices).integers, lookup: lookup, term, fail)
  }

  /// The table that a value of the input's length comes from: rows looked up, or sliced off.
  private func tableBehind(_ term: Int) throws(ImportError) -> (table: Int, indices: [Int], lookup: Int)? {
    var seen: Set<Int> = []
    var queue = [term]
    var next = 0
    while next < queue.count, next < 4096 {
      let value = queue[next]
      next += 1
      guard let place = graph.producers[value], seen.insert(place).inserted else { continue }
      let node = graph.nodes[place]
      if let data = node.inputs.first ?? nil, evaluation.dependences[data] == .constants {
        switch node.operation {
        case .gather(axis: 0):
          if let indices = node.inputs[1], try isTable(data) {
            return (data, try evaluation.tensor(indices).integers, value)
          }
        case .slice:
          let tokens = evaluation.ids.count
          if let starts = node.inputs[1], try isTable(data) {
            let start = try evaluation.tensor(starts).integers.first ?? 0
            let found = try evaluation.tensor(value)
            if found.shape.count >= 2, found.shape[found.shape.count - 2] == tokens {
              return (data, (0..<tokens).map { start + $0 }, value)
            }
          }
        default: break
        }
      }
      queue += node.inputs.compactMap(\.self)
    }
    return nil
  }

  private func isTable(_ value: Int) throws(ImportError) -> Bool {
    let shape = try evaluation.shape(value)
    return shape.count >= 2 && shape.last == width
  }

  /// The table [buckets, heads] of a bias that is added to scores and depends on the input's length alone.
  func relativeBias(_ scores: Int, heads: Int) throws(ImportError) -> RecognisedTensor? {
    for term in blocks.terms(scores) where !evaluation.dependsOnText(term) {
      let bias = EmbeddingTables(blocks, width: heads)
      guard try evaluation.tensor(term).hasNonzero, let (table, _, _) = try bias.tableBehind(term) else {
        continue
      }
      let shape = try evaluation.shape(table)
      guard shape.count == 2 else { continue }
      return .weight(
        GraphLinear(weight: table, isTransposed: true), columnFactors: nil, rowFactors: nil, part: 0, parts: 1
      )
    }
    return nil
  }
}
