import TaperDeviceProfile
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler
import TestSupport
import Testing

/// `taper` as a program: precisions, and tiers that are not here.
@Suite struct CommandLinePrecisionTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-classifier")

  private func kernels(_ plan: String) throws -> Set<String> {
    let run = taper("explain", plan, "--text")
    try #require(run.exitCode == 0, "\(run.errors)")
    return Set(
      run.output.split(whereSeparator: \.isWhitespace).map(String.init).filter { $0.hasPrefix("gemm_") })
  }

  @Test func everyPrecisionIsPlannedRunAndVerified() throws {
    for (precision, kernel) in [("bf16", "gemm_bf16_panel"), ("int8", "gemm_i8_panel")] {
      let plan = try taper.plan(
        "--dense", "--precision", precision, model: "tiny-bert-classifier", name: "\(precision).plan")
      #expect(try kernels(plan).contains(kernel))
      #expect(taper("verify", plan, "--strict", "--prefault").exitCode == 0)
      let answer = taper("run", plan, "--plain", input: "plan of the model\n")
      #expect(try answer.exitCode == 0 && answer.json()["scores"]?.keys.count == 3)
    }
    let refused = taper(
      "plan", model, "--device", TaperProgram.referenceDevice, "--dense", "--precision", "int4", "-o",
      taper.path("x.plan"))
    refused.expectRefused(64, naming: "--precision", "f32", "bf16", "int8", "int4")
  }

  /// A canary may be off by what rounding on another tier explains, and no more.
  @Test(arguments: [("f32", Float(1e-4)), ("bf16", 0.01), ("int8", 0.02)])
  func canariesAreAsExactAsThePlan(precision: String, tolerance: Float) throws {
    for model in ["tiny-bert-classifier", "tiny-splade"] {
      let path = try taper.plan("--dense", "--precision", precision, model: model, name: "\(precision).plan")
      let canaries = try LoadedPlan(path: path).plan.canaries
      #expect(!canaries.isEmpty)
      for canary in canaries {
        #expect(canary.tolerance == tolerance * max(1, canary.expected.map(abs).max() ?? 0))
      }
    }
  }

  /// As on a CPU without BF16 units.
  @Test func aPrecisionThatGainsNoTimeIsNamed() throws {
    let (reference, slowBF16) = (TaperProgram.referenceDevice, try slowDevice("gemm_bf16"))
    for (device, precision, gains) in [
      (slowBF16, "bf16", false), (try deviceWithPlanes(), "f32x3", false), (reference, "bf16", true),
      (slowBF16, "int8", true), (slowBF16, "f32", true),
    ] {
      let run = ChildProcess.run(
        taper.program,
        [
          "plan", model, "--device", device, "--dense", "--precision", precision, "--json", "-o",
          taper.path("a.plan"),
        ])
      try #require(run.exitCode == 0, "\(run.errors)")
      let longest = try #require(run.json()["lengths"]?.array?.last)
      let (time, exact) = (try #require(longest["dense_ns"]?.int), try #require(longest["dense_f32_ns"]?.int))
      #expect(precision == "f32" ? time == exact : (time < exact) == gains, "\(precision): \(time), \(exact)")
      #expect(run.errors.contains("--precision \(precision) gains no time") != gains, "\(run.errors)")
      #expect(run.errors.split(separator: "\n").count == (gains ? 0 : 1), "\(run.errors)")
    }
  }

  /// The speedup over f32 is over the dense plan that --precision f32 makes.
  @Test func speedupsSayWhatTheyAreOver() throws {
    let device = try slowDevice()
    func plan(_ precision: String, _ options: String...) -> ChildProcess {
      ChildProcess.run(
        taper.program,
        [
          "plan", model, "--device", device, "--dense", "--precision", precision, "-o", taper.path("a.plan"),
        ] + options)
    }
    let exact = try #require(plan("f32", "--json").json()["lengths"]?.array?.last)
    let coarse = try #require(plan("int8", "--json").json()["lengths"]?.array?.last)
    #expect(coarse["dense_f32_ns"] == exact["dense_ns"] && coarse["time_speedup"] == 1.0)
    let ratio = try #require(exact["dense_ns"]?.double) / #require(coarse["predicted_ns"]?.double)
    #expect(try #require(coarse["time_speedup_over_f32"]?.double) == ratio && ratio > 1)
    #expect(plan("f32").output.contains("dense f32") && !plan("f32").output.contains("over f32"))
    for heading in ["dense int8", "dense f32", "over f32"] { #expect(plan("int8").output.contains(heading)) }
  }

  /// f32x3 needs a profile that measured it; the program says how to make one.
  @Test func twoPlanesAreForWhoAsks() throws {
    let refused = taper(
      "plan", model, "--device", TaperProgram.referenceDevice, "--dense", "--precision", "f32x3", "-o",
      taper.path("x.plan"))
    refused.expectRefused(65, naming: "f32x3", "--planes")
    let device = try deviceWithPlanes()
    let plan = taper.path("f32x3.plan")
    try #require(
      taper("plan", model, "--device", device, "--dense", "--precision", "f32x3", "-o", plan).exitCode == 0)
    #expect(try kernels(plan).contains("gemm_f32_x3"))
    #expect(taper("explain", plan).output.contains("5e-06 rms"))
    #expect(taper("verify", plan, "--prefault").exitCode == 0)
    let exact = try taper.plan("--dense", model: "tiny-bert-classifier", name: "f32.plan")
    func scores(_ plan: String) throws -> [Double] {
      let answer = try taper("run", plan, "--plain", input: "plan of the model\n").json()
      let scores = try #require(answer["scores"])
      return scores.keys.sorted().compactMap { scores[$0]?.double }
    }
    let (found, wanted) = (try scores(plan), try scores(exact))
    #expect(found.count == 3 && zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  /// The reference device, as if it had measured products of two planes: as fast as those of f32.
  private func deviceWithPlanes() throws -> String {
    var profile = try #require(JSONValue.parse(TestFile.bytes(TaperProgram.referenceDevice)).object)
    let copies = ["gemm_f32_panel": "gemm_f32_x3", "encode_bf16": "encode_bf16x2"]
    let entries = try #require(profile["entries"]?.array)
    let planes = entries.compactMap { entry -> JSONValue? in
      guard var object = entry.object, let name = object["kernel"]?.string.flatMap({ copies[$0] }) else {
        return nil
      }
      object["kernel"] = .string(name)
      return .object(object)
    }
    profile["entries"] = .array(entries + planes)
    return taper.folder.write("planes.json", JSONValue.object(profile).serialized())
  }

  @Test func autoMeasuresOnCalibrationTexts() throws {
    let without = taper(
      "plan", model, "--device", TaperProgram.referenceDevice, "--dense", "--precision", "auto", "-o",
      taper.path("x.plan"))
    without.expectRefused(64, naming: "--calibration")
    let calibration = try taper.calibration("tiny-bert-classifier", "--no-labels")
    // All of the accuracy may go: every product as fast as it gets. None may: the answers are f32's.
    for (drop, allowed) in [("100%", 1.0), ("0%", 0.0)] {
      let summary = try taper.json(
        "plan", model, "--device", TaperProgram.referenceDevice, "--calibration", calibration, "--dense",
        "--precision", "auto", "--max-drop", drop, "-o", taper.path("auto.plan"))
      let accuracy = try #require(summary["accuracy"])
      #expect((accuracy["planned"]?.double ?? 0) >= 1 - allowed)
      #expect(try !kernels(taper.path("auto.plan")).isEmpty)
    }
    // The same inputs, the same bytes.
    let first = try taper.plan(
      "--dense", "--precision", "auto", model: "tiny-bert-classifier", calibration: calibration,
      name: "a.plan")
    let second = try taper.plan(
      "--dense", "--precision", "auto", model: "tiny-bert-classifier", calibration: calibration,
      name: "b.plan")
    #expect(TestFile.bytes(first) == TestFile.bytes(second))
  }

  /// A time between those of the dense plans in f32 and in fewer bits: bits are given up, no token is.
  @Test func bitsAreGivenUpBeforeTokens() throws {
    let calibration = try taper.calibration("tiny-bert-classifier", "--no-labels")
    let device = try slowDevice()
    func summary(_ options: String...) throws -> JSONValue {
      let run = ChildProcess.run(
        taper.program,
        [
          "plan", model, "--device", device, "--calibration", calibration, "--max-drop", "100%",
          "--json", "-o", taper.path("needed.plan"),
        ] + options)
      try #require(run.exitCode == 0, "\(run.errors)")
      return try JSONValue.parse(Array(run.output.utf8))
    }
    func time(_ summary: JSONValue) throws -> Int {
      try #require(summary["lengths"]?.array?.last?["predicted_ns"]?.int)
    }
    let exact = try time(summary("--dense"))
    let fastest = try time(summary("--dense", "--precision", "auto"))
    try #require(fastest + 200 < exact)
    let (between, roomy) = ("\((exact + fastest) / 2)ns", "\(exact + 1000)ns")

    let found = try summary("--latency", between)
    #expect(found["precision"]?.string != "f32")
    #expect(found["candidates"]?.array?.first?["name"] == "f32")
    #expect(found["candidates"]?.array?.first?["taken"] == false)
    let counts = found["lengths"]?.array?.last?["keep_counts"]?.array ?? []
    #expect(!counts.isEmpty && counts.allSatisfy { $0 == counts[0] })
    #expect(
      try taper.json("explain", taper.path("needed.plan"))["request"]?.string?.contains("as-needed") == true)
    // Nothing has to be given up, or f32 is asked for: then tokens.
    #expect(try summary("--latency", roomy)["precision"] == "f32")
    let exactly = taper(
      "plan", model, "--device", device, "--calibration", calibration, "--latency", between, "--precision",
      "f32", "-o",
      taper.path("exactly.plan"))
    exactly.expectRefused(2, naming: "unreachable")
  }

  /// The reference device with some products fifty times slower: the tiny model's have no time to save otherwise.
  private func slowDevice(_ kernels: String = "gemm_f32") throws -> String {
    var profile = try #require(JSONValue.parse(TestFile.bytes(TaperProgram.referenceDevice)).object)
    let entries = try #require(profile["entries"]?.array).map { entry -> JSONValue in
      guard var object = entry.object, object["kernel"]?.string?.hasPrefix(kernels) == true else {
        return entry
      }
      let points = (object["points"]?.array ?? []).map { point -> JSONValue in
        let numbers = (point.array ?? []).compactMap(\.int)
        return .array((numbers.prefix(3) + numbers.dropFirst(3).map { $0 * 50 }).map { JSONValue($0) })
      }
      object["points"] = .array(points)
      return .object(object)
    }
    profile["entries"] = .array(entries)
    return taper.folder.write("slow-\(kernels).json", JSONValue.object(profile).serialized())
  }

  @Test func aRefusedPlanNamesTheTimeOfOneThatPasses() throws {
    let calibration = try taper.calibration("tiny-bert-classifier", "--no-labels")
    let refused = taper(
      "plan", model, "--device", TaperProgram.referenceDevice, "--calibration", calibration,
      "--flops-speedup", "2.5x",
      "--max-drop", "0%", "-o", taper.path("gated.plan"))
    // Of the tiny model no plan that drops tokens is faster than the dense one.
    refused.expectRefused(3, naming: "of the plans tried only the dense one passes", "µs at 24 tokens")
    #expect(!TestFile.exists(taper.path("gated.plan")))
  }

  @Test func plansWithoutOpenBLASRunOnTheLeanRunner() throws {
    let plan = try taper.plan(
      "--dense", "--disable-pass", "kernel-selection", model: "tiny-bert-classifier")
    #expect(try kernels(plan) == ["gemm_f32_panel"])
    let answer = taper("run", plan, input: "\"plan of the model\"\n")
    let lean = ChildProcess.run(ChildProcess.product("taper-run"), [plan], input: "\"plan of the model\"\n")
    #expect(answer.exitCode == 0 && lean.exitCode == 0 && lean.output == answer.output)
  }

  @Test func openBLASNeedsAProfileThatMeasuredIt() throws {
    var profile = try DeviceProfile.load(path: TaperProgram.referenceDevice)
    profile.entries.removeAll { $0.kernel == .gemmF32OpenBLAS }
    let device = taper.path("packed.json")
    try profile.save(path: device)
    let plan = ["plan", model, "--dense", "-o", taper.path("blas.plan"), "--device"]
    #expect(ChildProcess.run(taper.program, plan + [device]).exitCode == 0)
    let refused = ChildProcess.run(taper.program, plan + [device, "--with-openblas"])
    refused.expectRefused(64, naming: "--with-openblas", "taper profile --with-openblas")
    #expect(
      ChildProcess.run(taper.program, plan + [TaperProgram.referenceDevice, "--with-openblas"]).exitCode == 0)
  }

  @Test func aTierThatIsNotHereIsSaidOrRefused() throws {
    let tier = try #require(KernelTier.allCases.first { !KernelTier.available.contains($0) }).name
    let device = try taper.device(#""tier":"scalar""#, "\"tier\":\"\(tier)\"")
    let plan = taper.path("other.plan")
    #expect(
      taper("plan", model, "--device", device, "--dense", "-o", plan).exitCode == 0)
    let warned = taper("run", plan, "--plain", input: "plan\n")
    #expect(warned.exitCode == 0 && warned.errors.contains(tier))
    for command in [["run", plan, "--plain"], ["verify", plan], ["bench", plan, "--runs", "1"]] {
      let refused = ChildProcess.run(taper.program, command + ["--strict"])
      #expect(refused.exitCode == 4 && refused.errors.contains(tier), "\(command)")
    }
    let lean = ChildProcess.product("taper-run")
    #expect(ChildProcess.run(lean, [plan, "--plain", "--strict"], input: "plan\n").exitCode == 4)
    #expect(ChildProcess.run(lean, [plan, "--plain", "--prefault"], input: "plan\n").exitCode == 0)
  }

  @Test func theKernelsAreListedWithWhatTheyReach() throws {
    let run = taper("kernels", "--budget", "1", "--json")
    let listed = try run.json()
    let tiers = (listed["tiers"]?.array ?? []).compactMap(\.string)
    #expect(tiers.first == "scalar" && tiers.contains(listed["tier"]?.string ?? "?"))
    let noise = try #require(listed["noise"]?.double)
    let isNoisy = noise > ProfilingRequest.defaultNoiseLimit
    #expect(run.exitCode == 0 && run.errors.contains("machine was noisy") == isNoisy, "\(run.errors)")
    let kernels = listed["kernels"]?.array ?? []
    #expect(kernels.compactMap { $0["name"]?.string } == KernelID.all.map(\.name))
    let products = kernels.filter { $0["kind"] == "gemm" }
    #expect(products.contains { $0["layout"] == "panelI8" })
    let blas = try #require(products.first { $0["name"] == "gemm_f32_openblas" })
    #expect(blas["rates"]?.array?.count == 10)
    #expect((listed["compute_peak_flops_per_s"]?.int ?? 0) > 0)
    let table = taper("kernels", "--budget", "1")
    // A kernel that only other tiers use is not measured.
    let measured = products.filter { $0["rates"]?.array?.isEmpty == false }.compactMap { $0["name"]?.string }
    #expect(table.exitCode == 0 && measured.count > 1 && measured.allSatisfy(table.output.contains))
  }
}
