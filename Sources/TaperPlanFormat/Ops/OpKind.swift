/// What an op computes; the drivers in ck_op.h have the arithmetic. Raw values are part of the plan file: append only,
/// without gaps.
///
/// To add an op, add a case here and its definition below (decision 12 lists the other files).
public enum OpKind: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case embed = 1
  case gemm = 2
  case biasActivation = 3
  case add = 4
  case layerNorm = 5
  case attention = 6
  case attentionScores = 7
  case attentionContext = 8
  case iota = 9
  case select = 10
  case scatter = 11
  case compose = 12
  case gather = 13
  case mean = 14
  case l2Normalize = 15
  case softmax = 16
  case sigmoid = 17
  case encode = 18
  case attentionScored = 19
  case selectAbove = 20
  case accumulate = 21
  case haltAuthors = 22
  case haltTight = 23
  case rotate = 24
  case gate = 25
  case disentangledScores = 26
  case largest = 27
  case sum = 28
  case weightedMean = 29
  case lastRow = 30
  case log1p = 31
  case normEncode = 32
  case gemmEncode = 33
  case wordScores = 34
  case meanDropped = 35
  case spread = 36
  case embedEncode = 37
  case encodedAttention = 38
  case encodedAttentionScored = 39
  case attentionEncode = 40
}

extension OpKind {
  /// The definition of this kind, made once for all ops (`definition`).
  func define() -> OpDefinition {
    switch self {
    case .embed:
      OpDefinition(
        self, "embed", .embeddings,
        operands: [
          .required(.table0, .tensor(.words)), .optional(.table1, .tensor(.positions)),
          .optional(.table2, .tensor(.types)), .optional(.gamma, .tensor(.columns), needs: .beta),
          .optional(.beta, .tensor(.columns), needs: .gamma), .required(.output, .rows(.rows, .columns)),
        ],
        tasks: .rows, widths: [.hidden],
        // A row of each table but the types', which are few; gamma, beta and the type row once; the row out.
        traffic: [.words(.product(3, .rows, .columns)), .words(.product(3, .columns))],
        title: ["embed", .with(.gamma, " + norm")])
    case .embedEncode:
      // The embeddings' rows, and the same rows encoded for the products of the first layer.
      OpDefinition(
        self, "embedEncode", .embeddings,
        operands: [
          .required(.table0, .tensor(.words)), .optional(.table1, .tensor(.positions)),
          .optional(.table2, .tensor(.types)), .required(.gamma, .tensor(.columns)),
          .required(.beta, .tensor(.columns)), .optional(.bias, .tensor(.columns), needs: .output2),
          .written(.c, .rows(.rows, .columns)), .required(.output, .rows(.rows, .columns, .encoded)),
          .optional(.output2, .pairs(.rows)),
        ],
        tasks: .rows, widths: [.hidden], isOptional: true,
        traffic: [
          .words(.product(3, .rows, .columns)), .words(.product(3, .columns)),
          .encoded(.product(1, .rows, .columns)),
        ],
        title: ["embed + norm, as ", .element], since: .encodedEmbeddings)
    case .gemm:
      OpDefinition(
        self, "gemm", .products,
        operands: [
          .required(.weight, .tensor(.matrix)), .optional(.bias, .tensor(.columns)),
          .optional(.index, .index),
          .required(.a, .rows(.indexed, .depth, .asWeight)), .optional(.b, .pairs(.indexed)),
          .required(.output, .rows(.rows, .columns)),
        ],
        sizes: [.columns, .depth], tasks: .parts, key: [.activation, .parts],
        work: .product(2, .rows, .columns, .depth),
        traffic: [
          .weight, .input(.product(1, .rows, .depth)), .words(.product(1, .rows, .columns)),
          .words(.product(1, .columns)),
        ],
        title: [.weight(.weight), .indexed, .with(.bias, " + bias"), .activation],
        shape: [.rows, " × ", .depth, " → ", .columns], label: [.rows, "×", .columns, "×", .depth])
    case .gemmEncode:
      // Its result is bf16, so that its reader needs no encode op.
      OpDefinition(
        self, "gemmEncode", .products,
        operands: [
          .required(.weight, .tensor(.matrix)), .optional(.bias, .tensor(.columns)),
          .optional(.index, .index),
          .required(.a, .rows(.indexed, .depth, .asWeight)),
          .required(.output, .rows(.rows, .columns, .encoded)),
        ],
        sizes: [.columns, .depth], tasks: .parts, key: .activation, isOptional: true,
        work: .product(2, .rows, .columns, .depth),
        traffic: [
          .weight, .input(.product(1, .rows, .depth)), .encoded(.product(1, .rows, .columns)),
          .words(.product(1, .columns)),
        ],
        title: [.weight(.weight), .indexed, .with(.bias, " + bias"), .activation, ", as ", .element],
        shape: [.rows, " × ", .depth, " → ", .columns], label: [.rows, "×", .columns, "×", .depth],
        since: .encodings)
    case .encode:
      OpDefinition(
        self, "encode", .rowwise,
        operands: [
          .optional(.gamma, .tensor(.columns), needs: .output2), .optional(.index, .index),
          .required(.a, .rows(.indexed, .columns)), .required(.output, .rows(.rows, .columns, .encoded)),
          .optional(.output2, .pairs(.rows)),
        ],
        tasks: .rows, widths: [.hidden, .feedForward], isOptional: true,
        traffic: [.words(.product(1, .rows, .columns)), .encoded(.product(1, .rows, .columns))],
        title: ["encode", .indexed, " as ", .element], since: .packed)
    case .biasActivation:
      OpDefinition(
        self, "biasActivation", .rowwise,
        operands: [
          .optional(.bias, .tensor(.columns)), .required(.a, .rows(.rows, .columns)),
          .required(.output, .rows(.rows, .columns)),
        ],
        tasks: .rows, allowsInPlace: true, widths: [.hidden, .feedForward], key: .activation,
        traffic: [.words(.product(2, .rows, .columns)), .words(.product(1, .columns))],
        title: [.weight(.bias), .activation])
    case .add:
      OpDefinition(
        self, "add", .rowwise,
        operands: [
          .optional(.index, .index), .required(.a, .rows(.rows, .columns)),
          .required(.b, .rows(.indexed, .columns)), .required(.output, .rows(.rows, .columns)),
        ],
        tasks: .rows, allowsInPlace: true, widths: [.hidden], traffic: [.words(.product(3, .rows, .columns))],
        title: ["residual", .indexed])
    case .layerNorm:
      OpDefinition(
        self, "layerNorm", .rowwise,
        operands: [
          .optional(.bias, .tensor(.columns)), .required(.gamma, .tensor(.columns)),
          .required(.beta, .tensor(.columns)), .optional(.index, .index, needs: .b),
          .required(.a, .rows(.rows, .columns)), .optional(.b, .rows(.indexed, .columns)),
          .required(.output, .rows(.rows, .columns)),
        ],
        tasks: .rows, allowsInPlace: true, widths: [.hidden],
        traffic: [.words(.product(3, .rows, .columns)), .words(.product(3, .columns))],
        title: [.with(.bias, "bias + "), .with(.b, "residual"), .indexed, .with(.b, " + "), "norm"])
    case .normEncode:
      // The norm's rows, and the same rows encoded for the products that read them.
      OpDefinition(
        self, "normEncode", .rowwise,
        operands: [
          .optional(.bias, .tensor(.columns)), .required(.gamma, .tensor(.columns)),
          .required(.beta, .tensor(.columns)), .optional(.table0, .tensor(.columns), needs: .output2),
          .optional(.index, .index, needs: .b), .required(.a, .rows(.rows, .columns)),
          .optional(.b, .rows(.indexed, .columns)), .written(.c, .rows(.rows, .columns)),
          .required(.output, .rows(.rows, .columns, .encoded)), .optional(.output2, .pairs(.rows)),
        ],
        tasks: .rows, allowsInPlace: true, widths: [.hidden], isOptional: true,
        traffic: [
          .words(.product(3, .rows, .columns)), .words(.product(3, .columns)),
          .encoded(.product(1, .rows, .columns)),
        ],
        title: [
          .with(.bias, "bias + "), .with(.b, "residual"), .indexed, .with(.b, " + "), "norm, as ", .element,
        ],
        since: .encodings)
    case .mean:
      OpDefinition(
        self, "mean", .rowwise,
        operands: [.required(.a, .rows(.inner, .columns)), .required(.output, .rows(.one, .columns))],
        tasks: .one, variables: .innerRows, widths: [.hidden],
        traffic: [.words(.product(1, .innerRows, .columns)), .words(.product(1, .columns))],
        title: [.innerRows(one: "first token", more: "mean")], shape: [.inner, " × ", .columns],
        label: [.rows, " of ", .inner])
    case .largest: definePooling("largest", title: "largest of all tokens")
    case .sum: definePooling("sum", title: "sum of all tokens")
    case .weightedMean:
      definePooling(
        "weightedMean", operands: [.optional(.origin, .positions(.inner))], title: "mean weighted by position"
      )
    case .lastRow: definePooling("lastRow", measuredAs: .l2Normalize, variables: .rows, title: "last token")
    case .log1p:
      defineRowFunction("log1p", .outputs, title: "log(1 + ReLU)", measuredAs: .sigmoid, since: .jobs)
    case .l2Normalize: defineRowFunction("l2Normalize", .hidden, title: "L2 norm")
    case .softmax: defineRowFunction("softmax", .outputs, title: "softmax")
    case .sigmoid: defineRowFunction("sigmoid", .outputs, title: "sigmoid")
    case .attention:
      defineAttention(
        "attention",
        operands: [
          .required(.a, .rows(.indexed, .heads)), .required(.b, .rows(.inner, .heads)),
          .required(.c, .rows(.inner, .heads)), .optional(.index, .index),
          .required(.output, .rows(.rows, .heads)),
        ],
        variables: .both,
        work: .product(4, .rows, .innerRows, .heads, .depth),
        traffic: [
          .words(.product(2, .rows, .heads, .depth)), .words(.product(2, .innerRows, .heads, .depth)),
        ],
        title: ["attention", .distances(relative: ", relative bias", window: ", window")])
    case .attentionScored:
      defineAttention(
        "attentionScored",
        operands: [
          .required(.a, .rows(.inner, .heads)), .required(.b, .rows(.inner, .heads)),
          .required(.c, .rows(.inner, .heads)), .required(.output, .rows(.inner, .heads)),
          .required(.output2, .scores),
        ],
        rowRule: .square, variables: .innerRows, isOptional: true,
        work: .product(4, .rows, .innerRows, .heads, .depth),
        traffic: [.words(.product(4, .innerRows, .heads, .depth)), .words(.product(1, .heads, .innerRows))],
        title: ["attention + scores", .distances(relative: ", rel. bias", window: ", window")],
        label: [.rows, "×", .columns],
        since: .packed)
    case .encodedAttention:
      // Queries, keys and values as a product wrote them in bf16, side by side.
      defineAttention(
        "encodedAttention",
        operands: [
          .required(.a, .rows(.inner, .attended, .bf16)), .required(.output, .rows(.rows, .heads)),
        ],
        variables: .both, isOptional: true, work: .product(4, .rows, .innerRows, .heads, .depth),
        traffic: [
          .encoded(.product(3, .innerRows, .heads, .depth)), .words(.product(1, .rows, .heads, .depth)),
        ],
        title: ["attention of bf16", .distances(relative: ", relative bias", window: ", window")],
        since: .encodedAttention)
    case .encodedAttentionScored:
      defineAttention(
        "encodedAttentionScored",
        operands: [
          .required(.a, .rows(.inner, .attended, .bf16)), .required(.output, .rows(.inner, .heads)),
          .required(.output2, .scores),
        ],
        rowRule: .square, variables: .innerRows, isOptional: true,
        work: .product(4, .rows, .innerRows, .heads, .depth),
        traffic: [
          .encoded(.product(3, .innerRows, .heads, .depth)), .words(.product(1, .innerRows, .heads, .depth)),
          .words(.product(1, .heads, .innerRows)),
        ],
        title: [
          "attention + scores of bf16", .distances(relative: ", rel. bias", window: ", window"),
        ],
        label: [.rows, "×", .columns], since: .encodedAttention)
    case .attentionEncode:
      // The same, and its result is bf16, so that its reader needs no encode op.
      defineAttention(
        "attentionEncode",
        operands: [
          .required(.a, .rows(.inner, .attended, .bf16)), .required(.output, .rows(.rows, .heads, .encoded)),
        ],
        variables: .both, isOptional: true, work: .product(4, .rows, .innerRows, .heads, .depth),
        traffic: [
          .encoded(.product(3, .innerRows, .heads, .depth)), .encoded(.product(1, .rows, .heads, .depth)),
        ],
        title: [
          "attention of bf16, as ", .element, .distances(relative: ", relative bias", window: ", window"),
        ],
        since: .encodedAttention)
    case .attentionScores:
      defineAttention(
        "attentionScores",
        operands: [
          .required(.a, .rows(.inner, .heads)), .required(.b, .rows(.inner, .heads)),
          .required(.output, .probabilities), .required(.output2, .scores),
        ],
        rowRule: .square, variables: .innerRows,
        work: .product(2, .innerRows, .innerRows, .heads, .depth),
        traffic: [
          .words(.product(2, .innerRows, .heads, .depth)),
          .words(.product(1, .heads, .innerRows, .innerRows)), .words(.product(1, .heads, .innerRows)),
        ],
        title: ["attention scores", .distances(relative: ", rel. bias", window: ", window")])
    case .disentangledScores:
      OpDefinition(
        self, "disentangledScores", .attention,
        operands: [
          .required(.table0, .tensor(.distanceRows)), .required(.table1, .tensor(.distanceRows)),
          .optional(.origin, .positions(.all)), .required(.a, .rows(.inner, .heads)),
          .required(.b, .rows(.inner, .heads)), .required(.output, .probabilities),
          .required(.output2, .scores),
        ],
        rowRule: .square, sizes: [.heads, .depth], tasks: .heads, variables: .innerRows,
        // A product of contents, and two of contents and positions over about twice as many distances.
        work: .product(10, .innerRows, .innerRows, .heads, .depth),
        traffic: [
          .words(.product(6, .innerRows, .heads, .depth)),
          .words(.product(1, .heads, .innerRows, .innerRows)), .words(.product(1, .heads, .innerRows)),
        ],
        title: ["disentangled scores"], shape: [.rows, " × ", .inner, " · ", .heads, " × ", .depth],
        label: [.rows, "×", .inner], since: .families)
    case .attentionContext:
      defineAttention(
        "attentionContext",
        operands: [
          .optional(.index, .index), .required(.b, .probabilities), .required(.c, .rows(.inner, .heads)),
          .required(.output, .rows(.rows, .heads)),
        ],
        hasRelativeBias: false, variables: .both, work: .product(2, .rows, .innerRows, .heads, .depth),
        traffic: [
          .words(.product(1, .heads, .rows, .innerRows)), .words(.product(1, .innerRows, .heads, .depth)),
          .words(.product(1, .rows, .heads, .depth)),
        ],
        title: ["attention context", .indexed])
    case .iota:
      OpDefinition(
        self, "iota", .selection, operands: [.required(.output, .numbers(below: .rows))], sizes: [],
        tasks: .one,
        traffic: [.words(.product(1, .rows))], title: ["positions of all tokens"], shape: [.rows],
        label: [.rows])
    case .select: defineSelection("select", .selects, title: "choose tokens to keep", since: .first)
    case .selectAbove:
      defineSelection("selectAbove", .counts, title: "keep tokens above threshold", since: .dynamic)
    case .scatter:
      OpDefinition(
        self, "scatter", .selection,
        operands: [
          .optional(.index, .index), .required(.a, .rows(.dropped, .columns)),
          .optional(.origin, .positions(.dropped)), .required(.output, .rows(.positions, .columns)),
        ],
        tasks: .one, variables: .innerRows, widths: [.hidden],
        traffic: [.words(.product(2, .innerRows, .columns))],
        title: [.with(.index, "restore dropped tokens"), .without(.index, "restore kept tokens")],
        shape: [.dropped, " × ", .columns], label: [.rows, " of ", .inner])
    case .spread:
      // As scatter, of one row for all.
      OpDefinition(
        self, "spread", .selection,
        operands: [
          .optional(.index, .index), .required(.a, .rows(.one, .columns)),
          .optional(.origin, .positions(.dropped)), .required(.output, .rows(.positions, .columns)),
        ],
        tasks: .one, variables: .innerRows, measuredAs: .scatter,
        traffic: [.words(.product(1, .innerRows, .columns))], title: ["dropped tokens, by lens"],
        shape: [.dropped, " × ", .columns], label: [.rows, " of ", .inner], since: .words)
    case .meanDropped:
      OpDefinition(
        self, "meanDropped", .selection,
        operands: [
          .optional(.index, .index), .required(.a, .rows(.dropped, .columns)),
          .required(.output, .rows(.one, .columns)),
        ],
        tasks: .one, variables: .innerRows, measuredAs: .mean,
        traffic: [.words(.product(1, .innerRows, .columns)), .words(.product(1, .columns))],
        title: ["mean of dropped tokens"], shape: [.dropped, " × ", .columns],
        label: [.rows, " of ", .inner],
        since: .words)
    case .wordScores:
      OpDefinition(
        self, "wordScores", .embeddings,
        operands: [
          .required(.table0, .tensor(.words)), .required(.table1, .tensor(.row)), .required(.output, .scores),
        ],
        sizes: [.columns, .depth, .heads], tasks: .one, variables: .innerRows, measuredAs: .select,
        traffic: [.words(.product(2, .innerRows))], title: ["scores of words"], shape: [.inner],
        label: [.inner], since: .words)
    case .compose:
      OpDefinition(
        self, "compose", .selection,
        operands: [.required(.index, .index), .required(.output, .renumbered)], sizes: [], tasks: .one,
        traffic: [.words(.product(3, .rows))], title: ["positions of kept tokens"],
        shape: [.inner, " → ", .rows], label: [.rows])
    case .gather:
      OpDefinition(
        self, "gather", .selection,
        operands: [
          .required(.index, .index), .required(.a, .rows(.indexed, .columns)),
          .required(.output, .rows(.rows, .columns)),
        ],
        tasks: .rows, widths: [.hidden], traffic: [.words(.product(2, .rows, .columns))],
        title: ["gather kept tokens"])
    case .accumulate:
      OpDefinition(
        self, "accumulate", .halting,
        operands: [
          .optional(.weight, .tensor(.row), needs: .bias), .optional(.bias, .tensor(.one), needs: .c),
          .optional(.a, .rows(.one, .answers)), .required(.b, .rows(.one, .columns)),
          .optional(.c, .rows(.one, .depth), needs: .weight), .required(.output, .rows(.one, .answers)),
        ],
        rowRule: .one, sizes: [.columns, .depth], tasks: .one, allowsInPlace: true,
        // The answers, and what is left, in and out; the features and the unit's weight.
        traffic: [.words(.product(3, .columns)), .words(.product(2, .depth))],
        title: ["join answer", .with(.weight, " + halting unit")], since: .dynamic)
    case .rotate:
      OpDefinition(
        self, "rotate", .attention,
        operands: [
          .required(.table0, .tensor(.angles)), .optional(.origin, .positions(.rows)),
          .required(.a, .rows(.rows, .heads)), .required(.output, .rows(.rows, .heads)),
        ],
        sizes: [.heads, .depth], tasks: .rows, allowsInPlace: true,
        traffic: [.words(.product(2, .rows, .heads, .depth)), .words(.product(1, .rows, .depth))],
        title: ["rotary positions"], shape: [.rows, " · ", .heads, " × ", .depth],
        label: [.rows, "×", .heads, "×", .depth], since: .families)
    case .gate:
      OpDefinition(
        self, "gate", .rowwise,
        operands: [
          .required(.a, .rows(.rows, .columns)), .required(.b, .rows(.rows, .columns)),
          .required(.output, .rows(.rows, .columns)),
        ],
        tasks: .rows, allowsInPlace: true, widths: [.feedForward], key: .activation,
        traffic: [.words(.product(3, .rows, .columns))], title: ["gate", .activation], since: .families)
    case .haltAuthors: defineHalting("haltAuthors", .authors, title: "halt? (authors' rule)")
    case .haltTight: defineHalting("haltTight", .tight, title: "halt? (tighter rule)")
    }
  }

  /// A function of each row alone, in as many columns.
  private func defineRowFunction(
    _ name: String, _ width: ModelWidth, title: OpText, measuredAs: OpKind? = nil,
    since: FormatVersion = .first
  ) -> OpDefinition {
    OpDefinition(
      self, name, .rowwise,
      operands: [.required(.a, .rows(.rows, .columns)), .required(.output, .rows(.rows, .columns))],
      tasks: .rows, widths: measuredAs == nil ? [width] : [], measuredAs: measuredAs,
      traffic: [.words(.product(2, .rows, .columns))], title: [title], since: since)
  }

  /// One row of several, measured as their mean: no profile needs to be made anew.
  private func definePooling(
    _ name: String, operands: [OperandDefinition] = [], measuredAs: OpKind = .mean,
    variables: RowVariables = .innerRows, title: OpText
  ) -> OpDefinition {
    OpDefinition(
      self, name, .rowwise,
      operands: operands + [
        .required(.a, .rows(.inner, .columns)), .required(.output, .rows(.one, .columns)),
      ],
      tasks: .one, variables: variables, measuredAs: measuredAs,
      traffic: [
        .words(variables == .rows ? .product(1, .columns) : .product(1, .innerRows, .columns)),
        .words(.product(1, .columns)),
      ],
      title: [title], shape: [.inner, " × ", .columns], label: [.rows, " of ", .inner], since: .jobs)
  }

  private func defineAttention(
    _ name: String, operands: [OperandDefinition], rowRule: RowRule = .any, hasRelativeBias: Bool = true,
    variables: RowVariables, isOptional: Bool = false, work: SizeProduct,
    traffic: [Traffic], title: [OpText], label: [OpText] = [.rows, "×", .inner], since: FormatVersion = .first
  ) -> OpDefinition {
    let bias: [OperandDefinition] =
      hasRelativeBias
      ? [.optional(.bias, .tensor(.distances)), .optional(.origin, .positions(.all), needs: .bias)] : []
    return OpDefinition(
      self, name, .attention, operands: bias + operands, rowRule: rowRule, sizes: [.heads, .depth],
      tasks: .heads,
      variables: variables, key: hasRelativeBias ? .relativeBias : [],
      isOptional: isOptional,
      work: work, traffic: traffic, title: title,
      shape: [.rows, " × ", .inner, " · ", .heads, " × ", .depth], label: label, since: since)
  }

  /// A dynamic selection is measured as a static one: choosing below a ceiling is choosing.
  private func defineSelection(
    _ name: String, _ effect: OpEffect, title: OpText, since: FormatVersion
  ) -> OpDefinition {
    OpDefinition(
      self, name, .selection,
      operands: [.required(.a, .scores), .required(.output, .numbers(below: .inner))],
      sizes: .heads, tasks: .one, effect: effect, variables: .innerRows,
      measuredAs: .select,
      traffic: [.words(.product(1, .heads, .innerRows)), .words(.product(1, .rows))], title: [title],
      shape: [.inner, " → ", .rows], label: [.rows, " of ", .inner], since: since)
  }

  private func defineHalting(_ name: String, _ rule: HaltingRule, title: OpText) -> OpDefinition {
    OpDefinition(
      self, name, .halting,
      operands: [.required(.a, .rows(.one, .answers)), .required(.output, .rows(.one, .one))],
      rowRule: .one, tasks: .one, effect: .halts(rule), traffic: [.words(.product(1, .columns))],
      title: [title],
      since: .dynamic)
  }
}
