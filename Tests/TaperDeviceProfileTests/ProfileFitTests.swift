import TaperDeviceProfile
import Testing

@Suite struct ProfileFitTests {
  private func fit(_ now: [UInt64], differences: [String] = [], noisy: Bool = false) -> ProfileFit {
    let drift = ProfileFit.Drift(threads: 1, then: [100, 200, 300, 400], now: now, tolerance: 0.1)
    return ProfileFit(tolerance: 0.1, differences: differences, drifts: [drift], isNoisy: noisy)
  }

  @Test func verdicts() {
    #expect(fit([100, 200, 300, 400]).verdict == .fits)
    #expect(fit([108, 216, 324, 432]).verdict == .fits)
    #expect(fit([112, 224, 336, 448]).verdict == .drifted)
    #expect(fit([85, 170, 255, 340]).verdict == .drifted, "faster is drift too")
    // One point in four may stray, not two.
    #expect(fit([100, 200, 300, 600]).verdict == .fits)
    #expect(fit([100, 200, 600, 600]).verdict == .drifted)
    #expect(fit([200, 400, 600, 800], noisy: true).verdict == .noisy)
    #expect(fit([100, 200, 300, 400], differences: ["cpu"], noisy: true).verdict == .otherMachine)
  }

  @Test func driftIsTheMedian() {
    let drift = ProfileFit.Drift(threads: 2, then: [100, 100, 100], now: [90, 110, 300], tolerance: 0.06)
    #expect(abs(drift.median - 0.1) < 1e-12 && abs(drift.strayShare - 1.0 / 3) < 1e-12)
  }
}
