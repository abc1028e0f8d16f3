import Analysis
import ArgumentParser
import Experiment
import Foundation
import ROI
import Report
import Study
import Support

struct AgreementCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agreement",
    abstract: "Compare the outlines of several readers, and see whether the differences matter.",
    discussion: """
      Every two readings of a lesion are compared: overlap, distances, volume, diameter, mean HU. Then the models of a finished run \
      are asked, without training, by each reader's outlines, by those of the majority, and by outlines moved, grown and shrunk by 1 \
      and 2 mm. With --crossvalidate the study's protocol is also fitted by each reader's outlines in the same folds. The results are \
      in reports/agreement/agreement.html and in the run's report. Run it again after an interruption: complete runs are not repeated.
      """)

  @OptionGroup var study: StudyOption

  @Option(help: "The run whose models are asked (default: the latest complete run).")
  var run: String?

  @Flag(help: "Compare the outlines only; ask no models.")
  var outlinesOnly = false

  @Flag(help: "Also cross-validate the study's protocol by each reader's outlines and by those of the majority.")
  var crossvalidate = false

  @Option(help: "The non-inferiority margin: the largest loss at which other outlines are still called no worse.")
  var margin = 0.05

  @OptionGroup var network: NetworkOptions

  func validate() throws {
    guard margin > 0, margin < 1 else { throw ValidationError("The margin must be above 0 and below 1.") }
    guard !outlinesOnly || (run == nil && !crossvalidate) else {
      throw ValidationError("--outlines-only cannot be combined with --run or --crossvalidate.")
    }
    guard run == nil || !crossvalidate else {
      throw ValidationError("--run cannot be combined with --crossvalidate, which asks the run that it makes.")
    }
    guard network.shuffleLabels == nil else {
      throw ValidationError("--shuffle-labels cannot be combined with agreement: use `renalgrade controls` on a run.")
    }
  }

  func run() async throws {
    try await study.locked { study in
      let bar = ProgressBar("Lesions")
      var result = try AgreementResult(study) { bar.show(done: $0, of: $1) }
      bar.finish()
      if !outlinesOnly {
        let options = network.resolve()
        let session = TrainingSession()
        if crossvalidate { result.crossValidation = try fitted(study, session, options) }
        if run != nil || !Run.complete(in: study).isEmpty {
          let asked = try Run.open(run, in: study)
          result.effect = try effect(asked, study, options)
          // The run keeps what belongs to it.
          var own = result
          own.crossValidation = nil
          try AtomicFile.writeJSON(own, to: asked.agreementFile)
          try session.report(asked)
        } else {
          print("Note: the study has no complete run, so no models were asked.")
        }
      }
      let folder = study.reportsFolder.appendingPathComponent("agreement")
      try AgreementReport.write(result, of: study, to: folder)
      print(result.text)
      print("Report: \(folder.appendingPathComponent("agreement.html").path)")
    }
  }

  /// The study's protocol by each reader's outlines, in the same folds.
  private func fitted(
    _ study: StudyFolder, _ session: TrainingSession, _ options: ExperimentOptions
  ) throws -> RivalsResult {
    let bar = ProgressBar("ROIs by other outlines")
    let outlines = try Rivals.otherOutlines(in: study).map { choice in
      (
        choice: choice,
        study: Result { try OutlineStudy(of: study, by: choice) { bar.show(done: $0, of: $1) } }
      )
    }
    bar.finish()
    let readers = try Rivals(
      study, protocol: study.readProtocol(), by: outlines, learners: options.learners, progress: session.show)
    session.begin(readers.summaries, notes: readers.notes)
    let runs = try readers.run(
      sideBySide: options.sideBySide ?? 1, progress: session.show,
      failed: { name, reason in print("\(name) failed: \(reason)") }, finishing: { try session.finish($0, of: study) })
    for made in outlines { try (try? made.study.get())?.remove() }
    return try RivalsResult(runs, reference: Rivals.ownName(in: study), margin: margin, in: study)
  }

  /// What a run's models say by other outlines; outlines that cannot be used cost themselves only.
  private func effect(_ run: Run, _ study: StudyFolder, _ options: ExperimentOptions) throws -> OutlineEffect {
    let models = try HeldOutPrediction(run, learners: options.learners)
    let bar = ProgressBar("Other outlines")
    let choices = try Rivals.otherOutlines(in: study) + OutlineChoice.perturbations
    let asked = choices.enumerated().map { number, choice -> OutlineEffect.Asked in
      bar.show(done: number, of: choices.count)
      return (
        choice,
        Result {
          let copy = try OutlineStudy(of: study, by: choice)
          let predictions = try models.predictions(in: copy.study)
          try copy.remove()
          return predictions
        }
      )
    }
    bar.finish()
    return try OutlineEffect(run, asked)
  }
}
