// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target of ours: Swift 6 mode, strict memory safety, no warning tolerated.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Must be the threaded build (Debian: libopenblas-pthread-dev, which its alternatives prefer): the serial one corrupts
/// results when several threads call it at once, as its buffer pool has no lock. COpenBLAS refuses it, and keeps the
/// threaded one to one thread a call.
let openBLAS: [LinkerSetting] = [.linkedLibrary(":libopenblas.a"), .linkedLibrary("m")]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// - Parameter fixtures: The target's folder has committed files that its tests read: Fixtures.
func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.target(name: name), "TaperBase", "TestSupport"] + dependencies,
    exclude: fixtures ? ["Fixtures"] : [], swiftSettings: strict)
}

let package = Package(
  name: "taper",
  products: [
    .executable(name: "taper", targets: ["taper"]),
    .executable(name: "taper-run", targets: ["taper-run"]),
    // tools/build-library makes libtaper of it, which needs no Swift.
    .library(name: "TaperLibrary", type: .dynamic, targets: ["TaperLibrary"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C and system libraries
    .target(name: "CTaperKernels"),
    .target(name: "COpenBLAS", dependencies: ["CTaperKernels"], linkerSettings: openBLAS),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),

    // Leaves: no Foundation
    library("TaperBase"),
    library("TaperJSON"),
    library("TaperPlanFormat", ["TaperBase"]),
    library("TaperTokenization", ["TaperBase", "TaperJSON"]),
    library("TaperPlanRuntime", ["TaperBase", "TaperPlanFormat", "CTaperKernels"]),
    library(
      "TaperServing", ["TaperBase", "TaperJSON", "TaperPlanFormat", "TaperTokenization", "TaperPlanRuntime"]),

    .target(name: "CTaperLibrary"),
    library(
      "TaperLibrary",
      [
        "TaperBase", "TaperPlanFormat", "TaperTokenization", "TaperPlanRuntime", "TaperServing",
        "CTaperLibrary",
      ]),

    // Planning side
    library("TaperDeviceProfile", ["TaperBase", "TaperJSON", "TaperPlanFormat"]),
    library(
      "TaperModelSpec", ["TaperBase", "TaperJSON", "TaperPlanFormat", "TaperTokenization"],
      resources: [.embedInCode("Families")]),
    library(
      "TaperModelImport", ["TaperBase", "TaperJSON", "TaperPlanFormat", "TaperModelSpec", "CLibXML2"]),
    library("TaperCalibration", ["TaperBase", "TaperJSON", "TaperPlanFormat", "TaperModelSpec"]),
    library("TaperCostModel", ["TaperPlanFormat", "TaperDeviceProfile"]),
    library(
      "TaperPlanner",
      [
        "TaperBase", "TaperPlanFormat", "TaperModelSpec", "TaperTokenization", "TaperCalibration",
        "TaperCostModel", "TaperDeviceProfile",
      ]),
    library("TaperHeadFitting", ["TaperBase", "TaperModelSpec", "COpenBLAS"]),

    // Measuring side
    library("TaperProbe", ["TaperPlanFormat", "CTaperKernels"]),
    library(
      "TaperProfiler",
      [
        "TaperBase", "TaperDeviceProfile", "TaperPlanFormat", "TaperPlanRuntime", "TaperProbe",
        "CTaperKernels",
        "COpenBLAS",
      ]),
    library("TaperAuditor", ["TaperBase", "TaperPlanFormat", "TaperPlanRuntime", "TaperProbe"]),
    library(
      "TaperReportRendering",
      ["TaperBase", "TaperJSON", "TaperAuditor", "TaperPlanFormat", "TaperPlanner", "CLibXML2"]),

    // The command line
    library(
      "TaperWorkflow",
      [
        "TaperBase", "TaperJSON", "TaperPlanFormat", "TaperTokenization", "TaperDeviceProfile",
        "TaperModelSpec", "TaperModelImport",
        "TaperCalibration", "TaperCostModel", "TaperPlanner", "TaperPlanRuntime", "TaperHeadFitting",
        "TaperAuditor", "TaperProfiler",
      ]),
    .executableTarget(
      name: "taper",
      dependencies: [
        argumentParser, "TaperBase", "TaperJSON", "TaperPlanFormat", "TaperTokenization",
        "TaperDeviceProfile", "TaperModelSpec", "TaperModelImport", "TaperCalibration", "TaperCostModel",
        "TaperPlanner", "TaperPlanRuntime", "TaperHeadFitting", "TaperProfiler", "TaperAuditor",
        "TaperReportRendering",
        "TaperWorkflow",
        "TaperServing", "COpenBLAS",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "taper-run",
      dependencies: ["TaperBase", "TaperPlanFormat", "TaperPlanRuntime", "TaperServing"],
      swiftSettings: strict),

    // Tests
    .target(
      name: "TestSupport", dependencies: ["TaperBase", "TaperModelSpec", "TaperJSON", "TaperPlanFormat"],
      path: "Tests/TestSupport", swiftSettings: strict),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .target(name: "CAMXEmulator", dependencies: ["CTaperKernels"], path: "Tests/CAMXEmulator"),
    tests("CTaperKernels", ["COpenBLAS", "CAMXEmulator", "TaperPlanFormat"]),
    .testTarget(name: "TaperBaseTests", dependencies: ["TaperBase", "TestSupport"], swiftSettings: strict),
    tests("TaperJSON", []),
    tests("TaperPlanFormat", [], fixtures: true),
    tests("TaperTokenization", ["TaperJSON"], fixtures: true),
    tests(
      "TaperModelImport",
      ["TaperJSON", "TaperModelSpec", "TaperPlanFormat", "TaperWorkflow", "COpenBLAS", "TaperTokenization"],
      fixtures: true),
    tests("TaperModelSpec", ["TaperJSON", "TaperTokenization", "TaperPlanFormat"], fixtures: true),
    tests("TaperDeviceProfile", ["TaperJSON", "TaperPlanFormat"]),
    tests("TaperProfiler", ["TaperDeviceProfile", "TaperPlanFormat"]),
    tests("TaperCostModel", ["TaperDeviceProfile", "TaperPlanFormat"]),
    tests("TaperCalibration", ["TaperJSON", "TaperModelSpec", "TaperPlanFormat"]),
    tests("TaperHeadFitting", ["TaperModelSpec"]),
    tests(
      "TaperPlanner",
      [
        "TaperPlanFormat", "TaperModelSpec", "TaperCalibration", "TaperCostModel", "TaperDeviceProfile",
        "TaperTokenization", "TaperReportRendering",
      ], fixtures: true),
    tests("TaperPlanRuntime", ["TaperPlanFormat", "CTaperKernels", "CAllocationCounter", "COpenBLAS"]),
    tests(
      "TaperServing", ["TaperJSON", "TaperPlanFormat", "TaperPlanRuntime", "TaperTokenization", "COpenBLAS"],
      fixtures: true),
    tests("TaperAuditor", ["TaperJSON", "TaperPlanFormat", "TaperPlanRuntime", "COpenBLAS"], fixtures: true),
    tests("TaperReportRendering", ["TaperAuditor", "TaperPlanFormat", "TaperJSON"], fixtures: true),
    tests("TaperWorkflow", ["TaperAuditor", "TaperCalibration", "TaperPlanFormat", "TaperPlanner"]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "TestSupport", "TaperBase", "TaperJSON", "TaperPlanFormat", "TaperTokenization", "TaperDeviceProfile",
        "TaperModelSpec", "TaperCalibration", "TaperCostModel", "TaperPlanner", "TaperPlanRuntime",
        "TaperHeadFitting",
        "TaperWorkflow", "TaperAuditor", "TaperProfiler", "TaperServing", "CAllocationCounter",
        "CAMXEmulator",
        "COpenBLAS",
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
  ],
  cLanguageStandard: .gnu17
)
