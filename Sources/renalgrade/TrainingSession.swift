import Analysis
import Cohort
import Experiment
import Foundation
import Report
import Study
import Support

/// An experiment as a terminal shows it.
struct TrainingSession: Sendable {
  private let bar = ProgressBar("Frozen stages")
  private let featuresBar = ProgressBar("Radiomic features")

  /// Says what is about to be fitted.
  func begin(_ summaries: [String], notes: [String]) {
    featuresBar.finish()
    say(notes.map { "Note: \($0)" } + summaries.map { "Training \($0)" })
  }

  /// Prints lines below the bar, whatever other threads do to it.
  private func say(_ lines: [String]) {
    bar.finish {
      for line in lines { print(line) }
      fflush(nil)
    }
  }

  /// Moves the bar.
  func show(_ event: ExperimentProgress) {
    switch event {
    case .extracting(let done, let count): featuresBar.show(done: done, of: count)
    case .preparing(let done, let count): bar.show(done: done, of: count)
    case .fitting(let standing): bar.show(fraction: standing.fraction, text: standing.text)
    }
  }

  /// Keeps who was selected beside a run of `study` that has just been made, and reports it.
  func finish(_ run: Run, of study: StudyFolder) throws {
    do {
      let patients = Set(try PredictionTable.read(run.predictionsFile).map(\.patient))
      try CohortDescription.record(of: study, predicted: patients, in: run.url)
    } catch {
      // A selection that is out of date must not cost the report of hours of training.
      say(["Note: the selection of patients was not stored with the run: \(error)"])
    }
    do {
      if try study.readers().count > 1 { try AtomicFile.writeJSON(AgreementResult(study), to: run.agreementFile) }
    } catch {
      say(["Note: how far the readers agree was not stored with the run: \(error)"])
    }
    try report(run)
  }

  /// Writes the run's report and prints its headline.
  func report(_ run: Run) throws {
    // A run of an older version has none yet.
    try Baselines.write(for: run)
    let metrics = try RunReport.write(run)
    say([metrics.headline, "Report: \(run.url.appendingPathComponent("report.html").path)"])
  }

  /// Fits the negative controls of a run, prints what each gave, and writes the run's report with them.
  func control(_ run: Run, in study: StudyFolder, _ options: ExperimentOptions) throws {
    let evaluation = try StudyProtocol(contentsOf: run.protocolFile).evaluation
    let controls = try NegativeControls(run, in: study, learners: options.learners)
    begin(["the negative controls of \(run.id): \(controls.summary)"], notes: [])
    try controls.run(sideBySide: options.sideBySide ?? 1, progress: show) { title, predictions in
      say(["\(title): \(PatientAUC.name) \(PatientAUC.text(predictions, evaluation))"])
    }
    try report(run)
  }

  /// Makes the nested estimate of a study, and prints how optimistic the best of the candidates is.
  func nested(_ study: StudyFolder, among alternatives: [StudyProtocol] = [], _ options: ExperimentOptions) throws {
    let settings = try study.readProtocol()
    let criterion = NestedValidation.Criterion(name: PatientAUC.name) { PatientAUC.value($0, settings.evaluation) }
    let nested = try NestedValidation(
      study, protocol: settings, alternatives: alternatives, learners: options.learners,
      shuffledBy: options.shuffledBy, criterion: criterion, progress: show)
    begin([nested.summary], notes: nested.notes)
    let run = try nested.run(
      sideBySide: options.sideBySide ?? 1, progress: show,
      judged: { title, value in
        say(["\(title): \(criterion.name) \(value.map { String(format: "%.2f", $0) } ?? "undefined")"])
      }, finishing: { try finish($0, of: study) })
    let choice = try run.readJSON(Run.NestedChoice.self, from: run.nestedFile)
    print("Chosen, fold by fold: \(choice.choices.map(\.variant.title).joined(separator: "; ")).")
    print(choice.reading)
  }

  /// Fits rivals in the same folds, compares them and writes the report.
  func rivals(
    _ rivals: Rivals, of study: StudyFolder, reference: String, margin: Double, isNested: Bool,
    _ options: ExperimentOptions
  ) throws {
    let sideBySide = options.sideBySide ?? 1
    begin(rivals.summaries, notes: rivals.notes)
    let fitted = try rivals.run(
      sideBySide: sideBySide, progress: show, failed: { name, reason in say(["\(name) failed: \(reason)"]) },
      finishing: { try finish($0, of: study) })
    var choice: RivalChoice.Result?
    if isNested {
      let evaluation = try study.readProtocol().evaluation
      let criterion = NestedValidation.Criterion(name: PatientAUC.name) { PatientAUC.value($0, evaluation) }
      let nested = try RivalChoice(rivals, fitted, criterion: criterion)
      begin(["the choice among the rivals: \(nested.jobCount) fold jobs"], notes: [])
      choice = try nested.run(sideBySide: sideBySide, progress: show)
    }
    let result = try RivalsResult(fitted, reference: reference, margin: margin, in: study, choice: choice)
    try RivalsReport.write(result, in: study, to: rivals.folder)
    say([result.text, "Report: \(rivals.folder.appendingPathComponent("rivals.html").path)"])
  }
}

extension ExperimentProgress.Standing {
  /// Where the jobs stand, in words: all of the only one, how far each of several is; time left.
  var text: String {
    guard jobs.count == 1, let job = jobs.first else {
      let parts = jobs.map { String(format: "%@ at %.0f%%", $0.title, $0.fraction * 100) }
      return "\(parts.joined(separator: "; "))  \(timeLeft) left"
    }
    let loss = job.loss.map { String(format: "loss %.4f  ", $0) } ?? ""
    return String(
      format: "%@  epoch %d/%d  %@%.1f images/s  %@ left", job.title, job.epoch, job.epochCount, loss,
      job.examplesPerSecond, timeLeft)
  }

  private var timeLeft: String { secondsLeft >= 60 ? "\(Int(secondsLeft) / 60) min" : "\(Int(secondsLeft)) s" }
}
