package import TaperDeviceProfile
internal import TaperPlanFormat
internal import TaperPlanRuntime

extension DeviceProfile {
  /// A device of plausible figures, for plans that are only run and never promise a time: calibration and feature
  /// extraction.
  ///
  /// The one product it has measured makes the packed family the only one that plans have: no OpenBLAS, whose kernels
  /// may not be this CPU's. Where packed products are scalar references, it leaves OpenBLAS.
  package static func assumed(threads: Int) -> DeviceProfile {
    let figures = ThreadFigures(
      threads: threads, bandwidthOneStream: 10_000_000_000, bandwidthManyStreams: 10_000_000_000,
      computePeak: 50_000_000_000, opOverhead: Nanoseconds(1_000), runOverhead: Nanoseconds(1_000))
    let fingerprint = Fingerprint(
      cpu: "assumed", features: [], tier: "scalar", caches: [], cores: threads, blasCore: "",
      blasConfiguration: "",
      environment: [], system: "")
    // 128 rows at half the assumed peak.
    let product = ProfileEntry(
      kernel: .gemmF32Panel, shape: .gemm(columns: 512, depth: 512), threads: threads,
      points: [ProfilePoint(rows: 128, time: TimeDistribution([2_700_000]))])
    return DeviceProfile(
      name: "assumed", created: "", fingerprint: fingerprint, threadFigures: [figures],
      noise: ProfileNoise(spread: 0, drift: 0, probes: 0),
      entries: KernelTier.detected == .scalar ? [] : [product])
  }
}
