import Cohort
import Foundation
import Report
import Study
import Training

/// Training as a terminal shows it.
struct TrainingSession {
  private let bar = ProgressBar("Frozen stages")

  /// Says what is about to be trained.
  func begin(_ validation: CrossValidation) {
    for note in validation.notes { print("Note: \(note)") }
    print("Training \(validation.summary)")
    fflush(nil)
  }

  /// Moves the bar.
  func show(_ event: TrainingProgress) {
    switch event {
    case .features(let done, let count): bar.show(done: done, of: count)
    case .step(let step): bar.show(fraction: step.fraction, text: step.text)
    }
  }

  /// Keeps who was selected beside a run of `study` that has just been made, and reports it.
  func finish(_ run: Run, of study: StudyFolder) throws {
    do {
      try CohortDescription.record(of: study, in: run)
    } catch {
      // A selection that has gone stale must not cost the report of hours of training.
      print("Note: the run does not keep who was selected: \(error)")
    }
    try report(run)
  }

  /// Writes the run's report and prints its headline.
  func report(_ run: Run) throws {
    bar.finish()
    let metrics = try RunReport.write(run)
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
      format: "fold %d/%d  epoch %d/%d  loss %.4f  %.1f images/s  %@ left", fold + 1, foldCount, epoch, epochCount,
      loss,
      imagesPerSecond, left)
  }
}
