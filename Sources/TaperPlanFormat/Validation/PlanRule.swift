/// The validator's rules. Each is a function of `PlanValidator`, and a test breaks each alone.
public enum PlanRule: UInt8, CaseIterable, Hashable, Sendable {
  // Sizes of the plan as a whole
  case maximumLength
  case layerCount
  case keepCountsComplete
  case keepCountsStart
  case keepCountsFall
  case modelDimensions
  case threadCount
  case opCount
  case slotCount
  case validationWork
  // Head, canaries, predictions
  case outputWidth
  case labelCount
  case tokenHead
  case canaryLength
  case canaryIDs
  case canaryTypeIDs
  case canaryOutputs
  case predictionCount
  case referenceLengths
  case opPredictionCount
  case predictionInterval
  case predictedTime
  case expectationCounts
  case expectedTimes
  case accuracyEvidence
  case promptNames
  case lateInteraction
  case promptLeftOut
  // Weights
  case weightShape
  case weightLayout
  case weightSize
  case weightAlignment
  case weightOrder
  case weightInside
  // One op by itself
  case opLayer
  case opCondition
  case rowSymbol
  case operandPresence
  case slotExists
  case slotElement
  case indexOffset
  case weightExists
  case weightElement
  case operandShape
  case leadingDimension
  case opSize
  case relativeBiasReach
  case parts
  case constants
  case inPlace
  // Kernel selection
  case selectionOrder
  case selectionComplete
  case kernelKnown
  case kernelFitsOp
  case kernelFitsOperands
  // Arena
  case slotAlignment
  case slotSize
  case slotInside
  case slotUsed
  case slotLifetime
  case slotOverlap
  // Every op at every input length
  case operandInsideSlot
  case readAfterWrite
  case rowsAvailable
  case indexInRange
  case originReach
  case scratchSize
  case scratchCopies
  case resultSlot
  // Dynamic selections, which decide how many rows go on
  case dynamicPlace
  case dynamicCount
  case dynamicLeading
  // Runs that may end before the last layer
  case haltingPresence
  case haltingPlace
  case haltingTable

  /// What the rule demands, for error messages.
  public var meaning: String {
    switch self {
    case .maximumLength: "the maximum length is between 1 and 65534 tokens"
    case .layerCount: "model and schedule have the same number of layers, at most 4096"
    case .keepCountsComplete: "the schedule has maximumLength rows of layerCount + 1 keep counts"
    case .keepCountsStart: "a schedule row starts with its own input length"
    case .keepCountsFall: "keep counts never rise from layer to layer and are at least one"
    case .modelDimensions:
      "the model's sizes are at least one, and the number of heads divides the hidden size"
    case .threadCount: "a plan is made for at least one thread"
    case .opCount: "a plan has between 1 and 65534 ops"
    case .slotCount: "a plan has between 1 and 8192 slots"
    case .validationWork: "ops times maximum length is bounded, so that validation takes bounded time"
    case .outputWidth: "the head has at least one output"
    case .labelCount: "a classification head has a distinct label for every score; other heads have none"
    case .tokenHead: "a head answers for every token exactly when it does not pool"
    case .canaryLength: "a canary has between 1 and maximumLength ids"
    case .canaryIDs: "canary ids are in the vocabulary"
    case .canaryTypeIDs: "a canary has no type ids, or one for each id, all rows of the token-type table"
    case .canaryOutputs: "a canary expects one number for each output, within a tolerance of at least zero"
    case .predictionCount: "there is a prediction for every input length, or none and no reference lengths"
    case .referenceLengths: "reference lengths ascend, between 1 and maximumLength"
    case .opPredictionCount: "there is one op prediction for each op and reference length"
    case .predictionInterval: "a predicted time lies in its interval"
    case .predictedTime: "predicted times are bounded, so that sums over all ops cannot overflow"
    case .expectationCounts: "expectations have an entry for every length, and one for every length and layer"
    case .expectedTimes: "an expected time's percentiles ascend and do not exceed the predicted worst case"
    case .accuracyEvidence:
      "accuracy was measured on at least one text, lies in its interval and between its metric's bounds, and F1 is of "
        + "one of the head's labels"
    case .promptNames: "each prompt has a name of its own, and the default is one of them"
    case .lateInteraction:
      "a head of token vectors says how queries and documents are taken, within the plan's length, vocabulary and "
        + "prompts; where tokens are hidden from others, every token is kept and none is scored"
    case .promptLeftOut:
      "prompts are left out of the pooling only where there are some and every token is kept"
    case .weightShape: "a tensor has one to four dimensions, none of them zero"
    case .weightLayout: "a packed tensor is a matrix of the element that its layout packs"
    case .weightSize: "a tensor's byte count follows from its shape, element and layout"
    case .weightAlignment: "tensors start at multiples of 64 bytes"
    case .weightOrder: "tensors are in order of their offsets and do not overlap"
    case .weightInside: "tensors are inside the weights section"
    case .opLayer: "an op's layer is at most the layer count + 1"
    case .opCondition:
      "only ops of layers 1 to the layer count may be conditional, and no op that decides what later ops do"
    case .rowSymbol: "an op's row counts name layers of the model and are those that its kind needs"
    case .operandPresence: "an op has the operands that its kind needs and no others"
    case .slotExists: "an operand names a slot of the arena"
    case .slotElement:
      "row numbers and positions are u32, encoded activations the element their product reads, all else f32"
    case .indexOffset: "operands of row numbers start at their slot's first element"
    case .weightExists: "an operand names an entry of the weights index"
    case .weightElement: "weights are row-major f32; only the weight of a product may be packed"
    case .operandShape: "a weight has the shape that its op reads"
    case .leadingDimension: "rows of an operand do not overlap, and those of planes begin at whole groups"
    case .opSize: "the sizes that an op reads (columns, depth, heads) are at least one and bounded"
    case .relativeBiasReach: "the relative bias table covers at least distance zero, and its size is bounded"
    case .parts: "every part of a product has columns"
    case .constants: "epsilon and scale are finite, and epsilon is not negative"
    case .inPlace:
      "an op writes a slot that it also reads only where its driver allows it, and through the same view"
    case .selectionOrder: "kernel selections ascend by op, then by rows"
    case .selectionComplete: "every op has a kernel for every row count"
    case .kernelKnown: "kernels are known to this version"
    case .kernelFitsOp: "a kernel computes the kind of its op"
    case .kernelFitsOperands: "a kernel reads its op's weight, and writes its op's output, in their layouts"
    case .slotAlignment: "slots start on a cache line"
    case .slotSize: "a slot is large enough for its shape at every input length"
    case .slotInside: "slots are inside the arena, whose size is bounded"
    case .slotUsed: "every slot is used by an op"
    case .slotLifetime: "a slot's recorded lifetime runs from the first to the last op that names it"
    case .slotOverlap: "slots that are alive at the same op share no byte"
    case .operandInsideSlot: "an operand's elements are inside its slot"
    case .readAfterWrite: "what an op reads was written before, by an op that ran"
    case .rowsAvailable: "an op takes at most as many rows as it is given"
    case .indexInRange: "row numbers are below the number of rows that they index"
    case .originReach: "positions are within the relative bias table's reach"
    case .scratchSize: "the scratch of one worker is as large as the driver needs"
    case .scratchCopies: "there is scratch for every worker"
    case .dynamicPlace: "a dynamic selection is in a layer and keeps T(layer) of T(layer − 1) rows"
    case .dynamicCount: "a layer has at most one dynamic selection, and a plan at most 64"
    case .dynamicLeading:
      "in a plan with dynamic selections, all views of a slot have the same leading dimension"
    case .haltingPresence:
      "a plan with halting points classifies, and has a halting section for at least as many layers as its schedule"
    case .haltingPlace:
      "halting points all test the same rule on all answers, in ascending layers below the last"
    case .haltingTable:
      "predicted times rise with depth up to the worst case, and the histogram has an entry for every layer"
    case .resultSlot:
      "the result slot is f32, outlives the run, and is written with all of the head's outputs"
    }
  }

  /// How the found value should compare with the expected one.
  var relation: String {
    switch self {
    case .maximumLength, .layerCount, .keepCountsFall, .opCount, .slotCount, .validationWork, .canaryLength,
      .dynamicCount,
      .canaryIDs, .referenceLengths, .weightInside, .opLayer, .opCondition, .rowSymbol, .slotExists,
      .weightExists,
      .slotInside, .operandInsideSlot, .readAfterWrite, .rowsAvailable, .indexInRange, .originReach,
      .predictionInterval, .predictedTime, .expectedTimes:
      "at most"
    case .threadCount, .outputWidth, .weightOrder, .leadingDimension, .opSize, .relativeBiasReach,
      .slotSize,
      .scratchSize, .scratchCopies, .selectionOrder, .selectionComplete, .parts:
      "at least"
    default: "exactly"
    }
  }
}
