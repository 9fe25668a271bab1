/// How a file of texts is read, where its name and its header do not say it.
public struct DatasetOptions: Hashable, Sendable {
  /// nil: by the file name's extension.
  public var format: DatasetFormat?
  /// As iconv names it; nil: UTF-8.
  public var encoding: String?
  /// Names of the columns, or of the keys of JSON lines; nil: by the names that common data sets have (`ColumnRoles`).
  public var textColumn: String?
  public var pairColumn: String?
  public var labelColumn: String?
  /// Whether labels are passed over.
  public var ignoresLabels: Bool
  /// Labels that say that a row has none; nil: "-", as in SNLI, and "-1" where all other labels are class numbers from
  /// 0, as in GLUE.
  public var unlabelled: Set<String>?
  /// Whether only rows with a label are of use: others are bad rows, or left out when their label says so.
  public var requiresLabels: Bool
  /// Collect bad rows instead of throwing.
  public var skipsBad: Bool

  public init(
    format: DatasetFormat? = nil, encoding: String? = nil, textColumn: String? = nil,
    pairColumn: String? = nil,
    labelColumn: String? = nil, ignoresLabels: Bool = false, unlabelled: Set<String>? = nil,
    requiresLabels: Bool = false,
    skipsBad: Bool = false
  ) {
    self.format = format
    self.encoding = encoding
    self.textColumn = textColumn
    self.pairColumn = pairColumn
    self.labelColumn = labelColumn
    self.ignoresLabels = ignoresLabels
    self.unlabelled = unlabelled
    self.requiresLabels = requiresLabels
    self.skipsBad = skipsBad
  }
}
