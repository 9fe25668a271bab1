import TaperDeviceProfile
import TaperProfiler

/// Says on standard error when OpenBLAS chose kernels that do not suit this CPU, and what to do.
enum BLASCoreWarning {
  static func show(for machine: Fingerprint = .current()) {
    guard let text = text(for: machine) else { return }
    Console.note("warning: \(text)")
  }

  static func text(for machine: Fingerprint) -> String? {
    machine.betterBLASCore.map {
      """
      OpenBLAS takes this CPU for \(machine.blasCore.isEmpty ? "an unknown one" : "a \(machine.blasCore)") and does \
      without its vector instructions; set OPENBLAS_CORETYPE=\($0). It fits heads and computes plans made \
      --with-openblas
      """
    }
  }
}
