import ArgumentParser
import Cohort
import Foundation
import Phases
import Study
import Support

struct CohortSelect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "select",
    abstract: "Determine the contrast phase of each series and apply the protocol's selection rules.",
    discussion: """
      Writes cohort/phases.csv and cohort/selection.json to the study. Excluded patients are listed by `renalgrade status` \
      and take no part in any later step. If a phase is wrong, correct it in a copy of phases.csv and give that file as --phases.
      """)

  @OptionGroup var study: StudyOption

  @Option(
    help: "The clinical table, CSV or TSV (default: the records from `cohort import`).", completion: .file(),
    transform: PathArgument.file)
  var clinical: String?

  @Option(
    help: "A CSV file that states phases, with the columns phase and series or description.", completion: .file(),
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
      print(
        "Series: \(readings.count), of which \(used) represent a phase; \(doubtful) need checking (cohort/phases.csv).")
      if let comparison = try StudyCohort.comparison(table, in: study) {
        for sentence in comparison.sentences(table.name) { print("Note: \(sentence)") }
      } else {
        print("Note: the study has no images; the selection uses the table alone.")
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
      throw ValidationError("The study has no records from `cohort import`: give the clinical table as --clinical.")
    }
    return study.clinicalRecordsFile
  }
}
