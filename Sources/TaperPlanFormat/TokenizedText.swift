/// A text as token ids: what a plan runs on.
///
/// Types that say more of a text conform: `Canary` (the answer a plan must give), `CalibrationSample` (the dense
/// model's answer, as stored), `AuditSample` (answers in the terms of a plan's head), `TokenizedSample` (its label in a
/// data file).
public protocol TokenizedText: Sendable {
  var ids: [UInt32] { get }
  /// As many as `ids`, or none where all are zero.
  var typeIDs: [UInt32] { get }
}
