import Analysis
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
    say(validation.notes.map { "Note: \($0)" } + ["Training \(validation.summary)"])
  }

  /// Says which part of several is about to be trained.
  private func begin(_ title: String, _ validation: CrossValidation) { say(["\(title): \(validation.summary)"]) }

  /// Prints lines below the bar, whatever other threads do to it.
  private func say(_ lines: [String]) {
    bar.finish {
      for line in lines { print(line) }
      fflush(nil)
    }
  }

  /// Moves the bar.
  func show(_ event: TrainingProgress) {
    switch event {
    case .features(let done, let count): bar.show(done: done, of: count)
    case .step(let step): bar.show(fraction: step.fraction, text: step.text)
    case .sweep(let standing): bar.show(fraction: standing.fraction, text: standing.text)
    }
  }

  /// Keeps who was selected beside a run of `study` that has just been made, and reports it.
  func finish(_ run: Run, of study: StudyFolder) throws {
    do {
      try CohortDescription.record(of: study, in: run)
    } catch {
      // A selection that has gone stale must not cost the report of hours of training.
      say(["Note: the run does not keep who was selected: \(error)"])
    }
    try report(run)
  }

  /// Writes the run's report and prints its headline.
  func report(_ run: Run) throws {
    let metrics = try RunReport.write(run)
    say([metrics.headline, "Report: \(run.url.appendingPathComponent("report.html").path)"])
  }

  /// Trains the negative controls of a run, prints what each gave, and writes the run's report with them.
  func control(_ run: Run, in study: StudyFolder, _ options: CrossValidation.Options) throws {
    let evaluation = try StudyProtocol(contentsOf: run.protocolFile).evaluation
    try NegativeControls(run, in: study, options: options).run(
      prepared: { title, validation in begin("Negative control, \(title)", validation) },
      progress: show,
      finished: { title, predictions in
        say(["\(title): \(PatientAUC.name) \(PatientAUC.text(predictions, evaluation))"])
      })
    try report(run)
  }

  /// Makes the nested estimate of a study, and prints how much the best of what was tried flatters.
  func nested(
    _ study: StudyFolder, among alternatives: [StudyProtocol] = [], _ options: CrossValidation.Options
  ) throws {
    let settings = try study.readProtocol()
    let criterion = NestedValidation.Criterion(name: PatientAUC.name) { PatientAUC.value($0, settings.evaluation) }
    let run = try NestedValidation(
      study, protocol: settings, alternatives: alternatives, options: options, criterion: criterion
    ).run(prepared: begin, progress: show, finishing: { try finish($0, of: study) })
    let choice = try run.readJSON(Run.NestedChoice.self, from: run.nestedFile)
    print("Chosen, fold by fold: \(choice.choices.map(\.variant.title).joined(separator: "; ")).")
    print(choice.reading)
  }
}

extension TrainingProgress.Step {
  /// The step in words: fold, epoch, loss, images per second, time left.
  var text: String {
    String(
      format: "fold %d/%d  epoch %d/%d  %@%.1f images/s  %@ left", fold + 1, foldCount, epoch, epochCount,
      loss.map { String(format: "loss %.4f  ", $0) } ?? "", imagesPerSecond, timeLeft(secondsLeft))
  }
}

extension SweepStanding {
  /// The sweep in words: the batch sizes in training, how far each is, time left.
  var text: String {
    let parts = members.map { String(format: "batch %d at %.0f%%", $0.batchSize, $0.step.fraction * 100) }
    return "\(parts.joined(separator: ", "))  \(timeLeft(secondsLeft)) left"
  }
}

private func timeLeft(_ seconds: Double) -> String {
  seconds >= 60 ? "\(Int(seconds) / 60) min" : "\(Int(seconds)) s"
}
