import CAMXEmulator
import CTaperKernels

let allTiers: [ck_tier] = [
  CK_TIER_SCALAR, CK_TIER_AVX2, CK_TIER_AVX2_VNNI, CK_TIER_AVX512, CK_TIER_AVX512_VNNI, CK_TIER_AVX512_BF16,
  CK_TIER_AMX, CK_TIER_NEON, CK_TIER_NEON_DOTPROD,
]

/// The tiers this machine has.
let hostTiers = allTiers.filter { tier in
  unsafe ck_table_tier(ck_kernels(tier)) == tier
}

/// The tiers whose kernels are tested: the machine's, and AMX by emulation where only the tiles are missing.
let testedTiers = allTiers.filter { unsafe table($0) != nil }

/// The kernels of a tier; nil where this machine cannot run them.
func table(_ tier: ck_tier) -> OpaquePointer? {
  if hostTiers.contains(tier) { return unsafe ck_kernels(tier) }
  return tier == CK_TIER_AMX ? unsafe amx_emulated_table() : nil
}

func name(_ tier: ck_tier) -> String { unsafe String(cString: ck_tier_name(tier)) }

/// Runs body for each tier that is tested, with an op bound to its table.
func withEveryTier(_ body: (ck_op) -> Void) {
  withEvery("tier", in: testedTiers.map(name)) { tierName in
    var op = unsafe ck_op()
    unsafe op.table = table(testedTiers.first { name($0) == tierName }!)
    unsafe body(op)
  }
}

enum Product: CaseIterable {
  case openBLAS
  case scalar

  var driver: ck_driver {
    switch self {
    case .openBLAS: return unsafe ck_gemm_openblas
    case .scalar: return unsafe ck_gemm_scalar
    }
  }
}

/// Runs the tasks of an op, last first: they must not depend on their order.
func run(_ driver: ck_driver, _ op: ck_op, tasks: Int) {
  var op = unsafe op
  for task in (0..<tasks).reversed() { unsafe driver(&op, UInt32(task), 0) }
}

func rowTasks(_ rows: Int) -> Int { Int(ck_row_tasks(UInt32(rows))) }

/// The numbers round block and vector edges.
let rowCounts = [1, 2, 7, 8, 9, 31, 64, 65]
let columnCounts = [1, 3, 15, 16, 17, 31, 33, 64, 384, 385]
