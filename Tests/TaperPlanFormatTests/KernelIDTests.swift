import TaperPlanFormat
import Testing

@Suite struct KernelIDTests {
  @Test func everyKernelHasAKindAndEveryKindAKernel() {
    for (id, name) in KernelID.all {
      #expect(id.opKind != nil, "\(name)")
      #expect(id.name == name)
    }
    for kind in OpKind.allCases { #expect(KernelID.all.contains { $0.id.opKind == kind }, "\(kind)") }
    #expect(KernelID(rawValue: 0).opKind == nil)
  }
}
