import TaperDeviceProfile

/// The synthetic exact device of specs/devices.
enum ReferenceDevice {
  static var path: String {
    let root = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(root)/specs/devices/reference.json"
  }

  static func load() throws -> DeviceProfile { try DeviceProfile.load(path: path) }
}
