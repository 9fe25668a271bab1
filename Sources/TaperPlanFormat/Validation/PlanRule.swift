/// The validator's rules: each one a function of `PlanValidator`, each broken alone by a test.
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
  // Weights
  case weightShape
  case weightLayout
  case weightSize
  case weightAlignment
  case weightOrder
  case weightInside
  // One op by itself
  case opLayer
  case conditionLayer
  case rowSymbol
  case operandPresence
  case slotExists
  case slotElement
  case indexOffset
  case weightExists
  case weightElement
  case operandShape
  case leadingDimension
  case attentionWidth
  case attentionReach
  case panels
  case epsilon
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
  // Ops that decide how many rows go on
  case selectAbovePlace
  case selectAboveCount
  case liveLeading
  // Runs that end before the last layer
  case haltingPresence
  case haltingPlace
  case haltingTable

  /// The rule in words.
  public var meaning: String {
    switch self {
    case .maximumLength: "the maximum length is between 1 and 65534 tokens"
    case .layerCount: "model and schedule have the same number of layers, at most 4096"
    case .keepCountsComplete: "the schedule has maximumLength rows of layerCount + 1 keep counts"
    case .keepCountsStart: "a schedule row starts with its own input length"
    case .keepCountsFall: "keep counts never rise from layer to layer and never fall below one"
    case .modelDimensions: "the model's sizes are at least one and heads divide the hidden size"
    case .threadCount: "a plan is for at least one thread"
    case .opCount: "a plan has between 1 and 65534 ops"
    case .slotCount: "a plan has between 1 and 8192 slots"
    case .validationWork: "ops times maximum length is bounded, so that loading is too"
    case .outputWidth: "the head gives at least one number"
    case .labelCount: "a classification head has one label a score, no two alike, other heads none"
    case .tokenHead: "a head answers for every token exactly when it pools none"
    case .canaryLength: "a canary has between 1 and maximumLength ids"
    case .canaryIDs: "canary ids are in the vocabulary"
    case .canaryTypeIDs: "canary type ids are none, or one an id, each a row of the token-type table"
    case .canaryOutputs: "a canary expects one number an output, within a tolerance not below zero"
    case .predictionCount: "there is a prediction for every input length, or none and no reference lengths"
    case .referenceLengths: "reference lengths ascend between 1 and maximumLength"
    case .opPredictionCount: "there is one op prediction an op and reference length"
    case .predictionInterval: "a predicted time lies in its interval"
    case .predictedTime: "predicted times are bounded, so that their sum over all ops is"
    case .expectationCounts: "expectations have an entry for every length, and every length and layer"
    case .expectedTimes: "an expected time's percentiles ascend, up to the predicted worst case"
    case .accuracyEvidence:
      "what the answers are worth was measured on texts, lies in its interval, and is a share where it is one"
    case .weightShape: "a tensor has one to four dimensions, none of them zero"
    case .weightLayout: "packed tensors are matrices of their layout's element"
    case .weightSize: "a tensor's bytes are those of its shape, element and layout"
    case .weightAlignment: "tensors start at multiples of 64"
    case .weightOrder: "tensors stand in order of their offsets and do not overlap"
    case .weightInside: "tensors lie inside the weights section"
    case .opLayer: "an op's layer is at most the layer count + 1"
    case .conditionLayer: "only ops of layers 1 to the layer count may be conditional"
    case .rowSymbol: "a row symbol names a layer of the model or the op's kind demands another one"
    case .operandPresence: "an op has the operands its kind reads and no others"
    case .slotExists: "an operand names a slot of the arena"
    case .slotElement:
      "row numbers and positions are u32, encoded activations what their product reads, the rest f32"
    case .indexOffset: "u32 operands start at their slot's first element"
    case .weightExists: "an operand names an entry of the weights index"
    case .weightElement: "weights are row-major f32; a product's may be packed"
    case .operandShape: "a weight has the shape its op reads"
    case .leadingDimension: "rows of an operand do not overlap"
    case .attentionWidth: "heads, columns and depth of an op are not zero and bounded"
    case .attentionReach: "relative bias reaches as far as the keys"
    case .panels: "every part of a product has columns"
    case .epsilon: "epsilon is not negative"
    case .inPlace: "an op writes a slot it also reads only where its driver allows it, through the same view"
    case .selectionOrder: "kernel selections ascend by op, then by rows"
    case .selectionComplete: "every op has a kernel for every row count"
    case .kernelKnown: "kernels are known to this version"
    case .kernelFitsOp: "a kernel computes its op's kind"
    case .kernelFitsOperands: "a kernel reads its op's weight and writes its op's output as they lie"
    case .slotAlignment: "slots start on a cache line"
    case .slotSize: "a slot has room for its shape at every input length"
    case .slotInside: "slots lie inside the arena, whose size is bounded"
    case .slotUsed: "every slot is used by an op"
    case .slotLifetime: "a slot's recorded lifetime is the one its ops give it"
    case .slotOverlap: "slots alive at the same op share no byte"
    case .operandInsideSlot: "an operand's elements lie inside its slot"
    case .readAfterWrite: "what an op reads was written before by an op that ran"
    case .rowsAvailable: "an op takes no more rows than it is given"
    case .indexInRange: "row numbers are below the rows they name"
    case .originReach: "positions are within the relative bias table's reach"
    case .scratchSize: "scratch for one worker has room for what the driver puts there"
    case .scratchCopies: "scratch has a copy for every worker"
    case .selectAbovePlace:
      "a selection by threshold stands in a layer, always runs, and keeps T(layer) of T(layer − 1) rows"
    case .selectAboveCount: "a layer has one selection by threshold at most, and a plan 64"
    case .liveLeading: "beside selections by threshold, all views of a slot have one leading dimension"
    case .haltingPresence:
      "a plan with halting points classifies and has a halting section, for no fewer layers than the schedule's"
    case .haltingPlace:
      "halting points test one rule on all answers, in ascending layers below the last, for the layers left"
    case .haltingTable:
      "predicted times rise with the depth up to the worst case; the histogram has every layer"
    case .resultSlot: "the result slot is f32, alive to the end, and written with the head's outputs"
    }
  }

  /// How expected and found are meant to compare.
  var relation: String {
    switch self {
    case .maximumLength, .layerCount, .keepCountsFall, .opCount, .slotCount, .validationWork, .canaryLength,
      .selectAboveCount,
      .canaryIDs, .referenceLengths, .weightInside, .opLayer, .conditionLayer, .rowSymbol, .slotExists,
      .weightExists,
      .slotInside, .operandInsideSlot, .readAfterWrite, .rowsAvailable, .indexInRange, .originReach,
      .predictionInterval, .predictedTime, .expectedTimes:
      "at most"
    case .threadCount, .outputWidth, .weightOrder, .leadingDimension, .attentionWidth, .attentionReach,
      .slotSize,
      .scratchSize, .scratchCopies, .selectionOrder, .selectionComplete, .panels:
      "at least"
    default: "exactly"
    }
  }
}
