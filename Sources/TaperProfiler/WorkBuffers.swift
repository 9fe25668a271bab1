internal import Glibc
internal import TaperDeviceProfile
internal import TaperPlanFormat

/// The memory that ops are measured on: a ring of weights, and one set of activation buffers.
///
/// Weights are cold in real use: between two uses of a tensor all others are read. So every op takes its weights from
/// the next place in a ring of at least 64 MB and twice the last-level cache (at most 512 MB); a place has left the
/// caches before it is used again. Inputs are warm because the op before has just written them; outputs are in the
/// last-level cache (`Preparation`).
///
/// It owns its allocations. Pointers into them are valid as long as it lives; `Profiler` keeps it to the end.
@safe final class WorkBuffers {
  /// Measuring takes no more memory than this.
  static let maximumByteCount = 1 << 30
  let ring: UnsafeMutablePointer<Float>
  let ringCount: Int
  private var next = 0
  /// Elements that fill a core's own caches twice.
  private let spillCount: Int
  /// As many elements, read again and again, so that they stay in the last-level cache.
  private let known: UnsafeMutablePointer<Float>
  /// Inputs a, b, c, outputs y and y2, scratch for every worker.
  let activations: [UnsafeMutablePointer<Float>]
  let activationCount: Int
  let scratch: UnsafeMutablePointer<Float>
  let scratchStride: Int
  /// Row numbers 0, 1, … as ids, indices and positions; and a buffer for index results.
  let identity: UnsafeMutablePointer<UInt32>
  let indexOut: UnsafeMutablePointer<UInt32>
  private let kept: UnsafeMutablePointer<UInt32>
  /// Row numbers scattered over `tableRows`, as the words of a text are over their table.
  let scattered: UnsafeMutablePointer<UInt32>
  let tableRows: Int
  /// `Preparation.words` words for each worker.
  let presence: UnsafeMutablePointer<UInt32>

  /// - Parameter planes: most planes of an operand; an element of three takes half as much again as an f32.
  init(
    shapes: [OpShape], planes: Int = 1, maximumRows: Int, workers: Int, caches: [CacheSize]
  ) throws(ProfilerError) {
    func words(_ elements: Int) -> Int { max(elements, elements * planes / 2) }
    let largestWeight =
      shapes.map { words(($0.columns + KernelConstants.panel) * ($0.depth + 1)) }.max() ?? 0
    let lastCache = caches.last?.byteCount ?? 0
    // Twice the largest cache below the last level; 2 MiB where the system does not tell.
    spillCount = 2 * (caches.dropLast().last?.byteCount ?? 1 << 20) / 4
    let wanted = min(max(64 << 20, 2 * lastCache), 512 << 20) / 4
    ringCount = (max(wanted, largestWeight) + 1023) / 1024 * 1024
    let widest = shapes.map { max($0.columns, $0.depth, 3 * $0.heads * $0.depth) }.max() ?? 1
    let hasProbabilities = shapes.contains { shape in
      shape.kind.definition.operands.contains { $0.content == .probabilities }
    }
    let heads = hasProbabilities ? shapes.map(\.heads).max() ?? 1 : 1
    activationCount = max(
      words((widest + KernelConstants.encodedLine / 2) * (maximumRows + KernelConstants.encodedTile)),
      heads * maximumRows * maximumRows, 1 << 16)
    scratchStride =
      shapes.flatMap { shape in
        shape.kind.kernels.map { $0.scratch(rows: 0, innerRows: maximumRows, depth: shape.depth) }
      }.max() ?? 0
    let byteCount =
      4 * (ringCount + spillCount + 5 * activationCount + scratchStride * workers + 4 * maximumRows)
    guard byteCount <= Self.maximumByteCount else {
      throw .tooLarge(byteCount: byteCount, limit: Self.maximumByteCount)
    }
    let embedded = shapes.filter { $0.kind.family == .embeddings }.map(\.columns).max() ?? 1
    tableRows = max(1, min(8 * maximumRows, ringCount / max(1, embedded)))
    unsafe ring = try Self.allocate(ringCount)
    var buffers: [UnsafeMutablePointer<Float>] = unsafe []
    for _ in 0..<5 { unsafe buffers.append(try Self.allocate(activationCount)) }
    unsafe activations = unsafe buffers
    unsafe known = try Self.allocate(spillCount)
    unsafe scratch = try Self.allocate(scratchStride * workers)
    unsafe identity = try Self.allocate(maximumRows)
    unsafe indexOut = try Self.allocate(maximumRows)
    unsafe kept = try Self.allocate(maximumRows)
    unsafe scattered = try Self.allocate(maximumRows)
    unsafe presence = try Self.allocate(Preparation.words * workers)
    unsafe Self.fill(ring, ringCount, seed: 1)
    for number in 0..<5 { unsafe Self.fill(buffers[number], activationCount, seed: UInt32(number + 2)) }
    for row in 0..<maximumRows {
      unsafe identity[row] = UInt32(row)
      unsafe indexOut[row] = 0
      unsafe scattered[row] = UInt32(row * 40_503 % tableRows)
    }
    for element in 0..<scratchStride * workers { unsafe scratch[element] = 0 }
    for element in 0..<spillCount { unsafe known[element] = 0 }
  }

  deinit {
    unsafe free(ring)
    for number in 0..<5 { unsafe free(activations[number]) }
    unsafe free(known)
    unsafe free(scratch)
    unsafe free(identity)
    unsafe free(indexOut)
    unsafe free(kept)
    unsafe free(scattered)
    unsafe free(presence)
  }

  /// `count` cold elements, on a cache line.
  func weights(_ count: Int) -> UnsafePointer<Float> {
    if next + count > ringCount { next = 0 }
    defer { next += (count + 15) / 16 * 16 }
    return unsafe UnsafePointer(ring + next)
  }

  /// What to read to evict everything else from a core's own caches. When weights are in the last-level cache the whole
  /// model is, so the evicting data comes from that cache too: from memory it would have to make room there first, and
  /// that would go on while the op runs.
  func others(isNear: Bool) -> UnsafeBufferPointer<Float> {
    if isNear { return unsafe UnsafeBufferPointer(start: known, count: spillCount) }
    let count = min(spillCount, ringCount)
    return unsafe UnsafeBufferPointer(start: weights(count), count: count)
  }

  /// Numbers of `count` rows spread evenly over `rows`, as kept tokens are over all tokens. Valid until the next call.
  func spread(_ count: Int, among rows: Int) -> UnsafePointer<UInt32> {
    for place in 0..<count { unsafe kept[place] = UInt32(place * rows / count) }
    return unsafe UnsafePointer(kept)
  }

  /// The first elements of each activation buffer.
  func activations(_ counts: [Int]) -> [(start: UnsafeMutablePointer<Float>, count: Int)] {
    unsafe counts.indices.map { unsafe (activations[$0], min(counts[$0], activationCount)) }
  }

  private static func allocate<Element>(_ count: Int) throws(ProfilerError) -> UnsafeMutablePointer<Element> {
    let byteCount = max(1, count) * MemoryLayout<Element>.stride
    guard let memory = unsafe aligned_alloc(64, (byteCount + 63) / 64 * 64) else {
      throw .outOfMemory(byteCount: byteCount)
    }
    return unsafe memory.bindMemory(to: Element.self, capacity: count)
  }

  /// Small values of both signs, so that nothing becomes denormal or grows out of range. The two halves of each word
  /// are equal, so the same holds when it is read as bf16.
  private static func fill(_ memory: UnsafeMutablePointer<Float>, _ count: Int, seed: UInt32) {
    var state = seed &* 2_654_435_761
    for index in 0..<count {
      state = state &* 1_664_525 &+ 1_013_904_223
      let half = ((Float(state >> 8) * 0x1p-24 - 0.5) * 0.1).bitPattern >> 16
      unsafe memory[index] = Float(bitPattern: half << 16 | half)
    }
  }
}
