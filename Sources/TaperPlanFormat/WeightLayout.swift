/// How a tensor's elements lie in the weights section. Raw values are part of the plan file: append only.
///
/// Packed layouts are those of ck_panel.h, the same bytes for every instruction-set tier, so that a plan is never packed
/// again for the CPU it lands on (specs/kernels.md). A packed matrix [columns, depth] (out, in) lies in panels of 16
/// columns, the last filled up with zeros; within a panel, `ElementType.group` neighbours in depth lie side by side:
/// element (n, k) is at
///
///     (n / 16) · 16 · depth′ + (k / group) · 16 · group + (n mod 16) · group + k mod group
///
/// elements, with depth′ = depth rounded up to the group, zeros between.
public enum WeightLayout: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  /// Row-major, as in the checkpoint: [out, in] for linear layers.
  case rowMajor = 0
  case panelF32 = 1
  case panelBF16 = 2
  /// After all panels: f32 scale[columns′] and i32 sum[columns′], with columns′ = 16 · panels and sum[n] = Σ_k w(n, k).
  case panelI8 = 3
  /// Every element as the sum of two or three bf16: in place of each line of 16 pairs of panelBF16 stand the lines of
  /// the planes, one after the other. Element (n, k) of plane p of P is at
  ///
  ///     (n / 16) · 16 · depth′ · P + (k / 2) · 32 · P + p · 32 + (n mod 16) · 2 + k mod 2
  case panelBF16x2 = 4
  case panelBF16x3 = 5
  /// As panelI8, with a bound on neighbours in depth, 2j and 2j + 1: of either sign, their codes add up to at most 128.
  /// Either sum fits 16 bits when each code is multiplied by up to 255.
  case panelI8Pairs = 6

  /// Columns of a panel.
  public static let panelWidth = KernelConstants.panel

  /// The element of a packed layout; nil for row-major, which any element may have.
  public var packedElement: ElementType? {
    switch self {
    case .rowMajor: nil
    case .panelF32: .f32
    case .panelBF16: .bf16
    case .panelI8, .panelI8Pairs: .i8
    case .panelBF16x2: .bf16x2
    case .panelBF16x3: .bf16x3
    }
  }

  /// What a product with a weight of this layout reads its activations as.
  public var activation: ElementType { packedElement ?? .f32 }

  /// Panels of a matrix with so many columns.
  public static func panels(columns: Int) -> Int { (columns + panelWidth - 1) / panelWidth }

  /// Bytes of a matrix [columns, depth] of `element` (what a packed layout demands, `f32` in row-major products).
  /// The largest value when they are too many to say.
  /// - Precondition: the sizes are below 2³¹.
  public func byteCount(columns: Int, depth: Int, element: ElementType = .f32) -> UInt64 {
    guard let packed = packedElement else {
      return UInt64(columns) * UInt64(depth) * UInt64(element.byteCount)
    }
    let width = UInt64(WeightLayout.panels(columns: columns) * WeightLayout.panelWidth)
    let padded = UInt64((depth + packed.group - 1) / packed.group * packed.group)
    let (panels, overflow) = width.multipliedReportingOverflow(by: padded * UInt64(packed.byteCount))
    // Only i8 has a scale and a sum a column.
    return overflow ? .max : panels + (packed == .i8 ? width * UInt64(KernelConstants.columnBytesI8) : 0)
  }
}
