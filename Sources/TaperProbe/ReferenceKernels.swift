internal import CTaperKernels
internal import Glibc
public import TaperPlanFormat

/// Two fixed workloads, each a fraction of a millisecond on every thread, that show how fast the machine is right now:
/// a product in cache (bound by arithmetic; with several threads it alternates with exchanges of data between them) and
/// a walk through memory (bound by bandwidth). On the tier amx the product alternates with one in bf16 that takes about
/// as long: a neighbour's use of the tile unit, which two CPUs of a core share, slows tiles to less than half their
/// speed and nothing else.
///
/// Shared hosts have slow phases of seconds that no counter shows, in arithmetic, in memory, or in both. There are also
/// phases in which two CPUs are far apart: reading what the other wrote then takes three times as long, and plans with
/// two threads a fifth longer. The references do not depend on a plan; only the machine makes them vary. Timed between
/// chunks of a measurement, they tell which chunks to trust. Compared with those in the device profile, they tell
/// whether the machine still is as it was profiled.
@safe public final class ReferenceKernels {
  /// The walk's memory is larger than the caches, and each sample reads the next part of it.
  private static let memoryCount = (64 << 20) / 4
  private static let partCount = (8 << 20) / 4
  private static let (rows, columns, depth, repeats) = (64, 256, 256, 4)

  private let threads: Int
  /// The product's input, weight and result, the walk's sink, the exchange's buffers and the walk's memory.
  private let memory: UnsafeMutablePointer<Float>
  private let kernel: UnsafePointer<ck_kernel>
  private var product: ck_op
  /// Takes the product's memory for bf16, pairs of which one is zero; nil where there is no tile unit. It runs so often
  /// with each product in f32.
  private let tileKernel: UnsafePointer<ck_kernel>?
  private static let tileRepeats = 8
  /// Elements that each thread passes to another.
  private static let shareCount = (256 << 10) / 4
  private var handover: ck_op
  private let walk: UnsafeMutablePointer<Float>
  private let sink: UnsafeMutablePointer<Float>
  private var place = 0

  /// Nil when there is no memory for them (about 65 MB).
  /// - Parameter threads: workers of the pools that they will run on.
  public init?(threads: Int) {
    let wide = Self.columns * threads
    let counts = [
      Self.rows * Self.depth, wide * Self.depth, Self.rows * wide, MemoryReader.step * threads,
      Self.shareCount * threads,
    ]
    let head = counts.reduce(0, +)
    guard let found = unsafe aligned_alloc(64, (head + Self.memoryCount) * 4) else { return nil }
    let floats = unsafe found.bindMemory(to: Float.self, capacity: head + Self.memoryCount)
    // Written so that every page is mapped; small so that sums stay small.
    for place in 0..<head + Self.memoryCount { unsafe floats[place] = 0x1p-8 }
    // Only families that need OpenBLAS may be missing.
    unsafe kernel = ck_find_kernel(KernelID.gemmF32Panel.rawValue)!
    var op = unsafe ck_op()
    unsafe op.rows = UInt32(Self.rows)
    unsafe op.columns = UInt32(wide)
    unsafe op.depth = UInt32(Self.depth)
    unsafe op.parts = UInt32(GemmPartition.packedParts(columns: wide, threads: threads))
    unsafe op.lda = UInt32(Self.depth)
    unsafe op.ldy = UInt32(wide)
    unsafe op.a = UnsafePointer(floats)
    unsafe op.weight = UnsafeRawPointer(floats + counts[0])
    unsafe op.y = floats + counts[0] + counts[1]
    let tier = ck_detect_tier()
    unsafe op.table = ck_kernels(tier)
    unsafe tileKernel = tier == CK_TIER_AMX ? ck_find_kernel(KernelID.gemmBF16Panel.rawValue) : nil
    self.threads = threads
    unsafe memory = floats
    unsafe product = op
    unsafe sink = floats + counts[0] + counts[1] + counts[2]
    var handover = unsafe ck_op()
    unsafe handover.y = sink + counts[3]
    unsafe handover.rows = UInt32(Self.shareCount)
    unsafe handover.parts = UInt32(threads)
    unsafe self.handover = unsafe handover
    unsafe walk = floats + head
  }

  deinit { unsafe free(memory) }

  /// One sample of each, in a fraction of a millisecond.
  /// - Parameter pool: with the number of workers given to `init`.
  public func measure(on pool: OpaquePointer) -> ReferenceTimes {
    // Once to bring it into cache and to wake the workers.
    unsafe ck_kernel_run(pool, kernel, &product)
    let start = ck_now_ns()
    for round in 0..<Self.repeats {
      unsafe ck_kernel_run(pool, kernel, &product)
      if let tileKernel = unsafe tileKernel {
        for _ in 0..<Self.tileRepeats { unsafe ck_kernel_run(pool, tileKernel, &product) }
      }
      if threads > 1 {
        unsafe handover.columns = UInt32(round)
        unsafe ck_pool_run(pool, handOver, &handover, UInt32(threads))
      }
    }
    let middle = ck_now_ns()
    let count = Self.partCount / threads / MemoryReader.step * MemoryReader.step
    unsafe MemoryReader.read(
      walk + place, count: count, streams: 1, tasks: threads, sink: sink, on: pool)
    place = (place + Self.partCount) % Self.memoryCount
    let end = ck_now_ns()
    return ReferenceTimes(compute: Nanoseconds(middle &- start), bandwidth: Nanoseconds(end &- middle))
  }
}

/// A driver: every worker updates the share that another worker updated in the round before.
private func handOver(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {
  guard let op = unsafe op?.pointee, let start = unsafe op.y else { return }
  let count = unsafe Int(op.rows)
  let share = unsafe start + Int((worker + op.columns) % op.parts) * count
  for place in stride(from: 0, to: count, by: MemoryReader.step) { unsafe share[place] += 0x1p-8 }
}
