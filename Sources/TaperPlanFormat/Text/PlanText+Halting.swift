extension PlanText {
  static func render(_ halting: Halting, _ plan: Plan, _ text: inout String) {
    text += "\nhalting\n"
    line("layers of the encoder", "\(halting.layers)", &text)
    if let measured = halting.measured {
      line("texts", "\(measured.texts)", &text)
      var words: [String] = []
      for count in measured.histogram { words.append("\(count)") }
      line("ended after layer 1…\(measured.histogram.count)", joined(words, " "), &text)
      line("their time", describe(measured.time), &text)
    }
    let (lengths, cap) = (plan.predictions.lengths.count, plan.schedule.layerCount)
    guard lengths > 0, halting.depthTimes.count == lengths * cap else { return }
    func row(_ length: Int) -> String {
      var times: [String] = []
      for time in halting.depthTimes[(length - 1) * cap..<length * cap] { times.append("~\(time.rawValue)") }
      return joined(times, " ") + " ns"
    }
    ranges(1...lengths, row) { first, last, row in
      line(first == last ? "\(first) tokens" : "\(first)…\(last) tokens", row, &text)
    }
  }
}
