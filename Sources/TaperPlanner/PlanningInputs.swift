package import TaperBase
package import TaperCalibration
import TaperPlanFormat

/// All that a plan is made from besides the request and the weights.
package struct PlanningInputs: Sendable {
  package var facts: EncoderFacts
  /// The elimination profile k_1…k_L; nil without a calibration.
  package var profile: [Double]?
  /// What the selectors kept; nil without a calibration of a model that has some.
  package var selectors: SelectorStatistics?
  /// How many texts have which length; empty without a calibration.
  package var lengths: [LengthCount]
  package var costs: OpCosts
  /// Zero without a calibration.
  package var calibrationDigest: Digest
  package var profileDigest: Digest
  /// The device the costs were measured on.
  package var deviceName: String
  /// The tier the costs were measured with; empty when unknown.
  package var tier: String

  package init(
    facts: EncoderFacts, profile: [Double]?, selectors: SelectorStatistics? = nil,
    lengths: [LengthCount] = [],
    costs: OpCosts,
    calibrationDigest: Digest = .zero,
    profileDigest: Digest = .zero, deviceName: String = "", tier: String = ""
  ) {
    self.facts = facts
    self.profile = profile
    self.selectors = selectors
    self.lengths = lengths
    self.costs = costs
    self.calibrationDigest = calibrationDigest
    self.profileDigest = profileDigest
    self.deviceName = deviceName
    self.tier = tier
  }
}
