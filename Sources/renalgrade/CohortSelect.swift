import ArgumentParser
import Cohort
import Foundation
import Phases
import Study
import Support

struct CohortSelect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "select", abstract: "Tell the phase of each series and apply the protocol's rules.",
    discussion: """
      Writes cohort/phases.csv and cohort/selection.json into the study. Who is left out is listed in `renalgrade status` \
      and left out of every later step. Where a phase is wrong, correct it in a copy of phases.csv and give it as --phases.
      """)

  @OptionGroup var study: StudyOption

  @Option(
    help: "The clinical table, CSV or TSV (default: the records that `cohort import` took).", completion: .file(),
    transform: PathArgument.file)
  var clinical: String?

  @Option(
    help: "A CSV that states phases: series or description, and phase.", completion: .file(),
    transform: PathArgument.file)
  var phases: String?

  func run() async throws {
    try await study.locked { study in
      let rules = try StudyCohort.rules(of: study.readProtocol())
      let table = try DelimitedTable(contentsOf: source(of: study))
      for remark in table.remarks { print("Note: \(remark).") }
      let overrides = try phases.map { try PhaseOverrides(contentsOf: URL(fileURLWithPath: $0)) } ?? PhaseOverrides()
      let bar = ProgressBar("Reading exams")
      let readings = try StudyPhases.read(study, rules: rules.series, overrides: overrides) {
        bar.show(done: $0, of: $1)
      }
      bar.finish()
      let selection = try StudyCohort.select(table, readings: readings, in: study)
      try StudyPhases.store(readings, in: study)
      try StudyCohort.store(selection, in: study)
      let used = readings.count { $0.fate == .used }
      let doubtful = readings.count { $0.decision?.doubts.isEmpty == false }
      print("Series: \(readings.count), \(used) stand for a phase; \(doubtful) need a look (cohort/phases.csv).")
      if let comparison = try StudyCohort.comparison(table, in: study) {
        for sentence in comparison.sentences(table.name) { print("Note: \(sentence)") }
      } else {
        print("Note: the study has no images; the selection goes by the table alone.")
      }
      let flow = SelectionFlow(selection)
      try flow.requireSums()
      print(flow.text, terminator: "")
      let notUnderstood = selection.notUnderstood?.count ?? 0
      print(
        "Cells not understood: \(notUnderstood)"
          + (notUnderstood > 0 ? ", listed in cohort/not-understood.csv; see `renalgrade cohort check`." : "."))
    }
  }

  /// The table that is named, else the one that an import left in the study.
  private func source(of study: StudyFolder) throws -> URL {
    if let clinical { return URL(fileURLWithPath: clinical) }
    guard FileManager.default.fileExists(atPath: study.clinicalRecordsFile.path) else {
      throw ValidationError("The study has no records of a `cohort import`: give the clinical table as --clinical.")
    }
    return study.clinicalRecordsFile
  }
}
