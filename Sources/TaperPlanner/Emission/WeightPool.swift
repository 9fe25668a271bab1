internal import Glibc
internal import TaperBase
public import TaperPlanFormat

/// The packed tensors of one model: each is read from the checkpoint and packed once, however many plans use it.
///
/// Plans made in one process share most tensors: candidates of a search, the plans of a sweep, a plan before and after
/// its head is fitted. A tensor gets its place in one region of memory when the first of them is run or written. A plan
/// to be run is given the index of the whole region, in which tensors of other plans stay unread. When a plan is
/// written, its own tensors are copied from the region to the file. Peak memory is one region, and one unpacked tensor
/// while it is packed.
public final class WeightPool {
  /// What makes two tensors one.
  struct Tensor: Hashable {
    var recipe: WeightRecipe
    /// A fitted tensor's elements.
    var fitted: [Float]?
  }

  private var region = WeightRegion(capacity: 0)
  private var entries: [WeightEntry] = []
  private var numbers: [Tensor: Int] = [:]
  private var end = 0
  /// How often a tensor was read and packed.
  package private(set) var packings = 0

  public init() {}

  /// The number of a plan's tensor, which is packed if it is not there yet.
  func number(of entry: Int, in stream: WeightStream) throws(PlanFormatError) -> Int {
    let tensor = stream.tensor(entry)
    if let known = numbers[tensor] { return known }
    let place = WeightsLayout.entry(tensor.recipe, offset: UInt64(end))
    let size = Int(place.byteCount.rawValue)
    if end + size > region.capacity {
      // Address space for the model's other precisions and layouts, so that most pools never move: memory is taken
      // only as tensors come. Plans that are loaded keep the old region.
      let whole = Int(WeightsLayout.index(stream.recipes).byteCount.rawValue)
      region = WeightRegion(copying: region, end, capacity: max(3 * whole, 2 * (end + size)))
    }
    var next = end
    unsafe try stream.forEachPiece(of: entry) { (bytes) throws(PlanFormatError) in
      precondition(next + bytes.count <= end + size, "a tensor of another size")
      unsafe region.store(bytes, at: next)
      next += bytes.count
    }
    precondition(next == end + size, "a tensor of another size")
    packings += 1
    end = Int(WeightsLayout.end(of: place))
    numbers[tensor] = entries.count
    entries.append(place)
    return entries.count - 1
  }

  /// The bytes of a tensor that is there.
  func bytes(known tensor: Tensor) -> UnsafeRawBufferPointer {
    guard let number = numbers[tensor] else { preconditionFailure("a tensor that was not packed") }
    return unsafe bytes(number)
  }

  /// The bytes of an entry.
  func bytes(_ number: Int) -> UnsafeRawBufferPointer {
    let entry = entries[number]
    let start = Int(entry.offset.rawValue)
    return unsafe UnsafeRawBufferPointer(
      rebasing: region.bytes[start..<start + Int(entry.byteCount.rawValue)])
  }

  /// The plan over the whole region as it is now.
  func packed(_ plan: Plan, numbers: [Int]) -> PackedPlan {
    var plan = plan
    plan.ops = plan.ops.map { op in
      op.renumberingWeights { WeightReference(rawValue: UInt16(numbers[Int($0.rawValue)])) }
    }
    plan.weights = WeightsIndex(
      entries: entries, byteCount: Bytes(UInt64(end)), digest: .zero, isEmbedded: false)
    return PackedPlan(plan: plan, region: region)
  }
}

/// A plan ready to run in the process that made it. Its weights index has no digest.
public struct PackedPlan {
  public let plan: Plan
  /// Holds the weights.
  public let region: WeightRegion

  /// The weights section; for as long as the region lives.
  public var weights: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: region.bytes[..<Int(plan.weights.byteCount.rawValue)])
  }
}

/// Memory that a pool fills from the start on; pages that nothing was stored in take no memory.
///
/// - Note: `@unchecked Sendable` holds because bytes are stored once, before the plan that reads them is handed out.
@safe public final class WeightRegion: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer

  init(capacity: Int) {
    guard capacity > 0 else {
      unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      return
    }
    let start = unsafe mmap(
      nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let start = unsafe start, unsafe start != UnsafeMutableRawPointer(bitPattern: -1) else {
      fatalError("no memory for \(capacity) bytes of weights")
    }
    unsafe memory = UnsafeMutableRawBufferPointer(start: start, count: capacity)
  }

  convenience init(copying other: WeightRegion, _ count: Int, capacity: Int) {
    self.init(capacity: capacity)
    unsafe store(UnsafeRawBufferPointer(rebasing: other.bytes[..<count]), at: 0)
  }

  var capacity: Int { unsafe memory.count }

  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(memory) }

  fileprivate func store(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    guard unsafe !bytes.isEmpty else { return }
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + bytes.count])
      .copyMemory(from: bytes)
  }

  deinit {
    if let base = unsafe memory.baseAddress { unsafe _ = munmap(base, memory.count) }
  }
}
