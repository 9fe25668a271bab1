/// The members of a JSON object, in order, with look-up by key in constant time.
public struct JSONObject: Sendable {
  public private(set) var members: [(key: String, value: JSONValue)] = []
  private var positions: [Key: Int] = [:]

  /// A key compared by its scalars. String compares by canonical equivalence, but a vocabulary may hold both "é" and
  /// "e\u{301}".
  private struct Key: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: Key, b: Key) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
      for byte in text.utf8 { hasher.combine(byte) }
      hasher.combine(0xFF as UInt8)
    }
  }

  public init() {}

  /// - Precondition: keys are distinct.
  public init(_ members: [(String, JSONValue)]) {
    for (key, value) in members {
      let fresh = append(key, value)
      precondition(fresh, "duplicate key in a JSON object literal")
    }
  }

  public var count: Int { members.count }
  public var keys: [String] { members.map(\.key) }

  public subscript(key: String) -> JSONValue? {
    get { positions[Key(key)].map { members[$0].value } }
    set {
      switch (positions[Key(key)], newValue) {
      case (let position?, let value?): members[position].value = value
      case (nil, let value?): _ = append(key, value)
      case (let position?, nil):
        members.remove(at: position)
        positions[Key(key)] = nil
        for index in position..<members.count { positions[Key(members[index].key)] = index }
      case (nil, nil): break
      }
    }
  }

  /// Appends a member; returns false and does nothing when the key exists already.
  package mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    guard positions[Key(key)] == nil else { return false }
    positions[Key(key)] = members.count
    members.append((key, value))
    return true
  }
}

extension JSONObject: Hashable {
  /// Equal when the same members are in the same order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.count == b.members.count
      && zip(a.members, b.members).allSatisfy { $0.key == $1.key && $0.value == $1.value }
  }

  public func hash(into hasher: inout Hasher) {
    for (key, value) in members {
      hasher.combine(key)
      hasher.combine(value)
    }
  }
}
