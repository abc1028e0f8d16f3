import Foundation
import Torch

/// The checkpoint of a fold's network, as `NetworkLearner` keeps it.
enum FoldNetworkFile {
  static func url(in folder: URL) -> URL { folder.appendingPathComponent("model.safetensors") }

  /// The path of a checkpoint within its run's folder.
  static func place(_ url: URL) -> String {
    url.pathComponents.suffix(url.lastPathComponent == "model.safetensors" ? 3 : 2).joined(separator: "/")
  }

  /// What says whose network it is.
  static func metadata(backbone: String, fold: Int) -> [String: String] {
    ["backbone": backbone, "fold": "\(fold)"]
  }

  /// The weights in the folder of a fold job.
  ///
  /// - Throws: `TrainingError` where they are not there, damaged or another's.
  static func weights(in folder: URL, backbone: String, fold: Int) throws(TrainingError) -> [String: Tensor] {
    do {
      let file = try SafeTensors.read(url(in: folder))
      try require(
        file.metadata, backbone: backbone, fold: fold, place: "\(folder.lastPathComponent)/model.safetensors")
      return file.tensors
    } catch let error as TrainingError {
      throw error
    } catch {
      throw TrainingError("a checkpoint cannot be read: \(error). Copy the whole folder of the run from its study")
    }
  }

  /// - Throws: `TrainingError` where a file's metadata say that it is another's.
  static func require(
    _ metadata: [String: String], backbone: String, fold: Int, place: String
  ) throws(TrainingError) {
    if metadata["backbone"] == backbone, metadata["fold"] == "\(fold)" { return }
    let found = metadata["fold"].flatMap { Int($0) }.flatMap { $0 < .max ? "\($0 + 1)" : nil } ?? "none"
    throw TrainingError(
      "\(place) does not fit: expected \(backbone), fold \(fold + 1), found \(metadata["backbone"] ?? "no backbone"), fold "
        + "\(found). Copy the run's folder from its study again")
  }
}
