import CTaperKernels
import Glibc
import Testing

@Suite struct HaltingDriversTests {
  /// Against the definition in double precision, with and without answers before, unit and place of one's own.
  @Test func accumulate() {
    var generator = Generator(seed: 31)
    withEvery("classes", in: [1, 2, 3, 8, 33]) { classes in
      withEvery("depth", in: [1, 15, 16, 17, 384]) { depth in
        withEvery("kind", in: ["first", "middle", "last"]) { kind in
          let before = GuardedMemory(generator.floats(classes).map(abs) + [0.37])
          let layer = GuardedMemory(generator.floats(classes).map(abs))
          let features = GuardedMemory(generator.floats(depth))
          let unit = GuardedMemory(generator.floats(depth).map { $0 / Float(depth) })
          let bias = GuardedMemory([Float(0.25)])
          let old = before.values
          var op = unsafe ck_op()
          unsafe op.rows = 1
          unsafe op.columns = UInt32(classes)
          unsafe op.b = layer.constPointer
          unsafe op.y = before.pointer
          if kind != "first" { unsafe op.a = before.constPointer }
          if kind != "last" {
            unsafe op.depth = UInt32(depth)
            unsafe op.c = features.constPointer
            unsafe op.weight = UnsafeRawPointer(unit.constPointer)
            unsafe op.bias = bias.constPointer
          }
          unsafe run(ck_accumulate, op, tasks: 1)
          let left = kind == "first" ? 1 : Double(old[classes])
          for i in 0..<classes {
            let prior = kind == "first" ? 0 : Double(old[i])
            let wanted = Double(layer.values[i]) * left + prior * (1 - left)
            expect(abs(Double(before.values[i]) - wanted) < 1e-6, "class \(i)")
          }
          let sum = zip(features.values, unit.values).reduce(0.25) { $0 + Double($1.0) * Double($1.1) }
          let wanted = kind == "last" ? left : left / (1 + exponential(-sum))
          expect(
            abs(Double(before.values[classes]) - wanted) < 1e-6, "\(before.values[classes]), wanted \(wanted)"
          )
        }
      }
    }
  }

  /// On random sequences of classes and units neither rule ends a run whose later layers change the leading class, the
  /// tighter rule is never later, and both do end runs.
  @Test func noRuleChangesALabel() {
    var generator = Generator(seed: 7)
    let (layers, classes) = (12, 3)
    var ended = (authors: 0, tight: 0)
    for _ in 0..<20_000 {
      var state = [Float](repeating: 0, count: classes + 1)
      var halted: (authors: Int?, tight: Int?)
      var early: [Int] = []
      for layer in 1...layers {
        var y = generator.floats(classes).map { exponential(Double(3 * $0)) }
        let sum = y.reduce(0, +)
        y = y.map { $0 / sum }
        let p = layer == 1 ? 1 : Double(state[classes])
        for i in 0..<classes { state[i] = Float(y[i] * p + Double(state[i]) * (1 - p)) }
        state[classes] = Float(p / (1 + exponential(-Double(2 * generator.floats(1)[0]) + 1)))
        guard layer < layers else { break }
        let stands = (
          halts(state, layers - layer, isTight: false), halts(state, layers - layer, isTight: true)
        )
        if stands.0, halted.authors == nil {
          halted.authors = layer
          early.append(leader(state))
        }
        if stands.1, halted.tight == nil {
          halted.tight = layer
          early.append(leader(state))
        }
        #expect(!stands.0 || stands.1, "the tighter rule holds whenever the authors' does")
      }
      ended.authors += halted.authors == nil ? 0 : 1
      ended.tight += halted.tight == nil ? 0 : 1
      #expect(early.allSatisfy { $0 == leader(state) })
    }
    #expect(ended.authors > 5000 && ended.tight >= ended.authors)
  }

  /// Nothing left ends a run, unless two classes are level; all of it left, or a NaN, never does.
  @Test func edges() {
    for isTight in [false, true] {
      #expect(halts([0.5, 0.3, 0.2, 0], 5, isTight: isTight))
      #expect(!halts([0.4, 0.4, 0.2, 0], 5, isTight: isTight))
      #expect(!halts([1, 0, 0, 1], 1, isTight: isTight))
      #expect(!halts([.nan, 0.5, 0.5, 0], 1, isTight: isTight))
      #expect(!halts([0.5, 0.3, 0.2, .nan], 1, isTight: isTight))
    }
  }

  private func leader(_ state: [Float]) -> Int {
    let answers = state.dropLast()
    return answers.indices.max { (answers[$0], $1) < (answers[$1], $0) } ?? 0
  }

  private func halts(_ state: [Float], _ layers: Int, isTight: Bool) -> Bool {
    let memory = GuardedMemory(state)
    let flag = GuardedMemory([Float(7)])
    var op = unsafe ck_op()
    unsafe op.columns = UInt32(state.count - 1)
    unsafe op.extent = UInt32(layers)
    unsafe op.a = memory.constPointer
    unsafe op.y = flag.pointer
    unsafe isTight ? run(ck_halt_tight, op, tasks: 1) : run(ck_halt_authors, op, tasks: 1)
    #expect(flag.values[0] == 0 || flag.values[0] == 1)
    return flag.values[0] == 1
  }

  private func exponential(_ x: Double) -> Double { exp(x) }
}
