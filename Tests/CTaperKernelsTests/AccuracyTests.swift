import CTaperKernels
import Glibc
import Testing

/// Dense sweeps of the transcendental functions, against double precision.
@Suite struct AccuracyTests {
  private func sweep(_ range: ClosedRange<Float>, _ count: Int = 400_003) -> [Float] {
    (0..<count).map {
      range.lowerBound + (range.upperBound - range.lowerBound) * Float($0) / Float(count - 1)
    }
  }

  private func applied(_ op: ck_op, _ driver: ck_driver, _ x: [Float]) -> [Float] {
    let a = GuardedMemory(x)
    let y = GuardedMemory([Float](repeating: 0, count: x.count))
    var op = unsafe op
    unsafe op.rows = 1
    unsafe op.columns = UInt32(x.count)
    unsafe op.a = a.constPointer
    unsafe op.y = y.pointer
    unsafe run(driver, op, tasks: 1)
    return y.values
  }

  @Test func exponentialWithinTwoUnitsInTheLastPlace() {
    unsafe withEveryTier { base in
      let x = sweep(-103...88.7) + sweep(-1...1) + [0, -0.0, 1e-20, -1e-20]
      let input = GuardedMemory(x)
      let y = GuardedMemory([Float](repeating: 0, count: x.count))
      unsafe ck_exp(base.table, y.pointer, input.constPointer, x.count)
      var worst = (ulps: 0.0, at: Float(0))
      for i in x.indices {
        let want = exp(Double(x[i]))
        let ulps = abs(Double(y[i]) - want) / Double(Float(want).ulp)
        if !(ulps <= worst.ulps) { worst = (ulps, x[i]) }
      }
      expect(worst.ulps <= 2, "e^\(worst.at) is off by \(worst.ulps) ulp")
    }
  }

  @Test func exponentialBeyondItsRange() {
    unsafe withEveryTier { base in
      let x: [Float] = [.infinity, -.infinity, .nan, 1e30, -1e30, 89, -105]
      let input = GuardedMemory(x)
      let y = GuardedMemory([Float](repeating: 5, count: x.count))
      unsafe ck_exp(base.table, y.pointer, input.constPointer, x.count)
      let got = y.values
      expect(got[0] == .infinity && got[3] == .infinity && got[5] == .infinity, "overflow: \(got)")
      expect(got[1] == 0 && got[4] == 0 && got[6] == 0, "underflow: \(got)")
      expect(got[2].isNaN, "NaN: \(got)")
    }
  }

  @Test func activations() {
    unsafe withEveryTier { base in
      withEvery("activation", in: 1..<6) { activation in
        var op = unsafe base
        unsafe op.activation = ck_activation(rawValue: UInt32(activation))
        let x = sweep(-12...12) + sweep(-1.5...1.5)
        let y = unsafe applied(op, ck_bias_activation, x)
        var worst = (error: 0.0, at: Float(0))
        for i in x.indices {
          let error = abs(Double(y[i]) - activated(Double(x[i]), activation)) / max(1, abs(Double(x[i])))
          if !(error <= worst.error) { worst = (error, x[i]) }
        }
        expect(worst.error <= 2e-7, "at \(worst.at) off by \(worst.error)")
      }
    }
  }

  @Test func activationsOfExtremes() {
    unsafe withEveryTier { base in
      withEvery("activation", in: 1..<6) { activation in
        var op = unsafe base
        unsafe op.activation = ck_activation(rawValue: UInt32(activation))
        let y = unsafe applied(op, ck_bias_activation, [.infinity, 1e30, -.infinity, -1e30, .nan, 0])
        let high: Float = activation == 4 ? 1 : .infinity
        let low: Float = activation == 4 ? -1 : 0
        expect(y[0] == high && y[1] == (activation == 4 ? 1 : 1e30), "large: \(y)")
        expect(y[2] == low && y[3] == low, "small: \(y)")
        expect(y[4].isNaN && y[5] == 0, "NaN and zero: \(y)")
      }
    }
  }

  @Test func sigmoid() {
    unsafe withEveryTier { base in
      let x = sweep(-87...87)
      let y = unsafe applied(base, ck_sigmoid, x)
      let worst = x.indices.map { abs(Double(y[$0]) - 1 / (1 + exp(-Double(x[$0])))) }.max()!
      expect(worst <= 1.5e-7, "off by \(worst)")
      let ends = unsafe applied(base, ck_sigmoid, [.infinity, -.infinity, .nan])
      expect(ends[0] == 1 && ends[1] == 0 && ends[2].isNaN, "\(ends)")
    }
  }
}
