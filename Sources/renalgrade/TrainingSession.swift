import Foundation
import ROI
import Report
import Study
import Training

/// A cross-validation as a terminal shows it.
enum TrainingSession {
  /// Trains with a progress bar.
  static func run(
    _ study: StudyFolder, protocol settings: StudyProtocol, options: CrossValidation.Options
  ) throws -> Run {
    let validation = try CrossValidation(study, protocol: settings, options: options)
    for note in validation.notes { print("Note: \(note)") }
    let bar = ProgressBar("Frozen stages")
    let run = try validation.run { event in
      switch event {
      case .features(let done, let count): bar.show(done: done, of: count)
      case .step(let step): bar.show(fraction: step.fraction, text: step.text)
      }
    }
    bar.finish()
    return run
  }

  /// Writes the run's report and prints its headline.
  static func report(_ run: Run, of study: StudyFolder) throws {
    let montage = run.url.appendingPathComponent("montage.png")
    if !FileManager.default.fileExists(atPath: montage.path), let rois = try? ROISet(study) {
      try ROIMontage(rois).write(to: montage)
    }
    let metrics = try RunReport.write(run, of: study)
    print(metrics.headline)
    print("Report: \(run.url.appendingPathComponent("report.html").path)")
  }
}

extension TrainingProgress.Step {
  /// The step in words: fold, epoch, loss, images per second, time left.
  var text: String {
    let minutes = Int(secondsLeft) / 60
    let left = minutes > 0 ? "\(minutes) min" : "\(Int(secondsLeft)) s"
    return String(
      format: "fold %d/%d  epoch %d/%d  loss %.4f  %.1f images/s  %@ left", fold + 1, foldCount, epoch, epochCount, loss,
      imagesPerSecond, left)
  }
}
