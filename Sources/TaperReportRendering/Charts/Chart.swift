/// A chart as a value: what is drawn, in the units of its axes. Pages draw it as SVG, once for wide screens and paper
/// and once for phones, so that letters keep their size.
public struct Chart: Hashable, Sendable {
  public struct LegendItem: Hashable, Sendable {
    /// Of the page's style: the swatch's look.
    public var classes: String
    public var text: String

    public init(_ classes: String, _ text: String) {
      self.classes = classes
      self.text = text
    }
  }

  /// The heading above it; nil where the section's serves.
  public var title: String?
  /// For readers who do not see it.
  public var label: String
  public var legend: [LegendItem]
  /// How to read it.
  public var caption: String?
  public var wide: Drawing
  public var narrow: Drawing

  init(
    title: String? = nil, label: String, legend: [LegendItem] = [], caption: String? = nil,
    drawing: (_ isWide: Bool) -> Drawing
  ) {
    self.title = title
    self.label = label
    self.legend = legend
    self.caption = caption
    wide = drawing(true)
    narrow = drawing(false)
  }
}

/// A frame with two axes, and marks in it.
public struct Drawing: Hashable, Sendable {
  public struct Scale: Hashable, Sendable {
    public struct Tick: Hashable, Sendable {
      var value: Double
      var label: String
    }

    /// The values at its ends.
    var base: Double
    var limit: Double
    var ticks: [Tick]
    var name: String

    init(from base: Double = 0, to limit: Double, name: String = "", ticks: [(Double, String)]) {
      self.base = base
      self.limit = limit
      self.name = name
      self.ticks = ticks.map { Tick(value: $0.0, label: $0.1) }
    }

    init(_ axis: Axis, name: String = "", label: (Double) -> String) {
      self.init(from: axis.base, to: axis.limit, name: name, ticks: axis.ticks.map { ($0, label($0)) })
    }

    init(_ axis: LogAxis, name: String = "", label: (Double) -> String) {
      self.init(from: axis.base, to: axis.limit, name: name, ticks: axis.ticks.map { ($0, label($0)) })
    }
  }

  public struct Point: Hashable, Sendable {
    var x: Double
    var y: Double

    init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// `classes` name looks of the page's style; titles show when pointed at.
  public enum Mark: Hashable, Sendable {
    case line(String, [Point], title: String? = nil, opacity: Double? = nil)
    case area(String, [Point])
    case segment(String, Point, Point)
    case dot(String, Point, radius: Double, title: String)
    case box(String, Point, Point, title: String)
    /// Pixels right of and below the point.
    case label(String, Point, right: Double = 0, below: Double = 0, String)
  }

  let width: Double
  let height: Double
  /// Margins, in pixels.
  let left: Double
  let right: Double
  let top = 14.0
  let bottom = 38.0
  let x: Scale
  let y: Scale
  var marks: [Mark] = []

  init(width: Double, height: Double, left: Double, right: Double, x: Scale, y: Scale) {
    self.width = width
    self.height = height
    self.left = left
    self.right = right
    self.x = x
    self.y = y
  }

  /// Pixels from the left.
  func across(_ value: Double) -> Double {
    left + (value - x.base) / (x.limit - x.base) * (width - left - right)
  }

  /// Pixels from the top.
  func down(_ value: Double) -> Double {
    height - bottom - (value - y.base) / (y.limit - y.base) * (height - top - bottom)
  }

  /// Labels next to their points, moved down where two would overlap. One left of its point is also drawn above
  /// it, clear of the line that leads there.
  mutating func addApart(
    _ labels: [(classes: String, at: Point, right: Double, text: String)], space: Double = 15
  ) {
    var last = -Double.infinity
    for label in labels.sorted(by: { down($0.at.y) < down($1.at.y) }) {
      let place = max(down(label.at.y), last + space)
      marks.append(
        .label(
          label.classes, label.at, right: label.right,
          below: place - down(label.at.y) + (label.right < 0 ? -8 : 4),
          label.text))
      last = place
    }
  }
}
