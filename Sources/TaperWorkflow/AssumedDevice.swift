internal import TaperDeviceProfile
internal import TaperPlanFormat

extension DeviceProfile {
  /// A device of plausible figures and no measurements, for plans that are only run and never promise a time:
  /// calibration and feature extraction. Its roofline prefers OpenBLAS.
  static func assumed(threads: Int) -> DeviceProfile {
    let figures = ThreadFigures(
      threads: threads, bandwidthOneStream: 10_000_000_000, bandwidthManyStreams: 10_000_000_000,
      computePeak: 50_000_000_000, opOverhead: Nanoseconds(1_000), runOverhead: Nanoseconds(1_000))
    let fingerprint = Fingerprint(
      cpu: "assumed", features: [], tier: "scalar", caches: [], cores: threads, blasCore: "",
      blasConfiguration: "",
      environment: [], system: "")
    return DeviceProfile(
      name: "assumed", created: "", fingerprint: fingerprint, threadFigures: [figures],
      noise: ProfileNoise(spread: 0, drift: 0, probes: 0), entries: [])
  }
}
