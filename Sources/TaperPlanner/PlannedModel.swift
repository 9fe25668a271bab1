public import TaperPlanFormat

/// A plan with its weights: what the planner gives back. Tensors are read and packed when the plan is first run or
/// written.
public struct PlannedModel {
  /// Its weights index has no digest: known when the plan is written.
  public private(set) var plan: Plan
  private let stream: WeightStream
  private let pool: WeightPool
  private let pricing: RunPricing

  init(plan: Plan, weights stream: WeightStream, pool: WeightPool, pricing: RunPricing) {
    self.plan = plan
    self.stream = stream
    self.pool = pool
    self.pricing = pricing
  }

  /// For `PlanWriter`: `PlanWriter.write(planned.plan, to: path, weights: planned.weightSource)`.
  public var weightSource: PlanWriter.WeightSource {
    { (entry, consumer) throws(PlanFormatError) in
      unsafe try consumer.append(pool.bytes(pool.number(of: entry, in: stream)))
    }
  }

  /// What makes each entry's bytes, in order.
  var tensors: [WeightPool.Tensor] { plan.weights.entries.indices.map { stream.tensor($0) } }

  /// The plan ready to run in this process.
  /// - Throws: `weightsUnreadable` when the model's files no longer give their tensors.
  public func packed() throws(PlanningError) -> PackedPlan {
    var numbers: [Int] = []
    for (entry, place) in plan.weights.entries.enumerated() {
      do throws(PlanFormatError) {
        numbers.append(try pool.number(of: entry, in: stream))
      } catch {
        throw .weightsUnreadable(tensor: place.name, reason: error.reason)
      }
    }
    return pool.packed(plan, numbers: numbers)
  }

  /// The same plan with the digest of its weights.
  /// - Throws: as `packed`.
  package func digested() throws(PlanningError) -> PlannedModel {
    var planned = self
    do throws(PlanFormatError) {
      planned.plan.weights.digest = try PlanWriter.digest(of: plan.weights, weights: weightSource)
    } catch {
      throw .weightsUnreadable(tensor: "the model", reason: error.reason)
    }
    return planned
  }

  /// The weights section's bytes.
  /// - Throws: as `packed`.
  package func materializedWeights() throws(PlanningError) -> [UInt8] {
    _ = try packed()
    var bytes = [UInt8](repeating: 0, count: Int(plan.weights.byteCount.rawValue))
    unsafe bytes.withUnsafeMutableBytes { target in
      for (entry, place) in plan.weights.entries.enumerated() {
        let source = unsafe pool.bytes(known: stream.tensor(entry))
        let start = Int(place.offset.rawValue)
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<start + source.count])
          .copyMemory(from: source)
      }
    }
    return bytes
  }

  /// The same plan with canary examples in it, made by running it.
  /// - Precondition: they fit the plan (`PlanValidator`).
  public func withCanaries(_ canaries: [Canary]) -> PlannedModel { changed { $0.canaries = canaries } }

  /// The same plan with its measured accuracy.
  public func withEvidence(_ evidence: AccuracyEvidence?) -> PlannedModel {
    changed { $0.evidence = evidence }
  }

  /// Predicted times of runs that kept T(0)…T(L) tokens and ended after so many layers.
  /// - Precondition: they fit the plan.
  public func predictedTimes(of runs: [(keptTokens: [Int], depth: Int)]) -> [Nanoseconds] {
    pricing.times(runs, plan)
  }

  /// The same plan with the depths at which texts ended: T(0)…T(L) of each text and the layers it ran; at least one
  /// text.
  /// - Precondition: the plan halts, and they fit it.
  public func withDepths(_ runs: [(keptTokens: [Int], depth: Int)]) -> PlannedModel {
    changed { plan in
      var histogram = [UInt32](repeating: 0, count: plan.schedule.layerCount)
      for run in runs { histogram[run.depth - 1] += 1 }
      plan.halting?.measured = HaltingDepths(
        histogram: histogram, time: ExpectedTime(predictedTimes(of: runs)))
    }
  }

  private func changed(_ change: (inout Plan) -> Void) -> PlannedModel {
    var planned = self
    change(&planned.plan)
    do throws(PlanFormatError) {
      try PlanValidator.validate(planned.plan)
    } catch {
      fatalError("what was measured does not fit its plan: \(error)")
    }
    return planned
  }
}

extension PlanFormatError {
  /// Without the tensor's name, which the planner's error says too.
  fileprivate var reason: String { if case .weightSource(_, let reason) = self { reason } else { "\(self)" } }
}
