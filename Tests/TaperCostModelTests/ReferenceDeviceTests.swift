import TaperCostModel
import TaperDeviceProfile
import TaperPlanFormat
import TestSupport
import Testing

@Suite struct ReferenceDeviceTests {
  @Test func fileIsCanonical() throws {
    let profile = try ReferenceDevice.load()
    #expect(profile.name == "reference" && profile.threadCounts == [1, 2, 4])
    // If it fails: tools/reference/make-reference-device.py > specs/devices/reference.json
    #expect(Array(profile.serialized().utf8) == TestFile.bytes(ReferenceDevice.path))
  }

  /// Golden plans need predictions that are measured or interpolated for the known encoders.
  @Test(arguments: [1, 2, 4]) func knowsTheEncoders(threads: Int) throws {
    let model = try CostModel(profile: try ReferenceDevice.load(), threads: threads)
    for (hidden, heads, inner) in [(384, 12, 1536), (768, 12, 3072), (128, 2, 512)] {
      let shapes = [
        OpShape.gemm(columns: 3 * hidden, depth: hidden), .gemm(columns: hidden, depth: hidden),
        .gemm(columns: inner, depth: hidden, activation: .gelu), .gemm(columns: hidden, depth: inner),
        OpShape(.attention, depth: hidden / heads, heads: heads), OpShape(.layerNorm, columns: hidden),
        OpShape(.attentionScores, depth: hidden / heads, heads: heads),
        OpShape(.attentionContext, depth: hidden / heads, heads: heads), OpShape(.select, heads: heads),
        OpShape(.embed, columns: hidden),
      ]
      for shape in shapes {
        let kernel = try #require(model.kernels(for: shape.kind).first)
        for rows in [1, 20, 128, 500, 512] {
          let prediction = model.predict(shape, kernel: kernel, rows: rows, innerRows: rows)
          #expect(prediction.provenance != .modelled, "\(shape) \(rows)")
          #expect(prediction.low == prediction.time && prediction.time == prediction.high)
        }
      }
    }
  }

  @Test func itsProductsHaveStairs() throws {
    let model = try CostModel(profile: try ReferenceDevice.load(), threads: 1)
    var op = PlanOp(.gemm, layer: 1, rows: .input, columns: 384, depth: 384)
    op.parts = 4
    func time(_ rows: Int) -> Nanoseconds {
      model.predict(op, kernel: .gemmF32OpenBLAS, rows: rows, innerRows: 1).time
    }
    #expect(time(16) < time(17) && time(17) == time(32) && time(32) < time(33))
    #expect(time(40) == time(48) && time(48) < time(49))
  }
}
