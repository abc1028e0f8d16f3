import Experiment
import Foundation
import Study
import Torch

extension Run {
  /// Opens the checkpoint of a fold, from 0.
  ///
  /// - Throws: `TrainingError` where it is not there, damaged or another's.
  func checkpoint(fold: Int, backbone: String) throws(TrainingError) -> SafeTensorsFile {
    let url = networkFile(fold: fold)
    let file = try checkpoint(fold: fold, at: url)
    try FoldNetworkFile.require(file.metadata, backbone: backbone, fold: fold, place: FoldNetworkFile.place(url))
    return file
  }

  /// Opens the checkpoint of a fold, which lies at `url`, whosever network it is.
  ///
  /// - Throws: `TrainingError` where it is not there or damaged.
  func checkpoint(fold: Int, at url: URL) throws(TrainingError) -> SafeTensorsFile {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TrainingError(
        "the run \(id) has no checkpoint of fold \(fold + 1): expected \(FoldNetworkFile.place(url)) in its folder. "
          + "Copy the whole folder of the run, or predict with the folds that exist (predict --folds); a run that chose among "
          + "protocols (nested --protocol) keeps no networks")
    }
    do {
      return try SafeTensorsFile(url)
    } catch {
      throw TrainingError("a checkpoint is damaged: \(error). Copy the run's folder from its study again")
    }
  }
}
