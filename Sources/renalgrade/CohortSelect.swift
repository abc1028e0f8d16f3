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

  @Option(help: "The clinical table, CSV or TSV.", completion: .file())
  var clinical: String

  @Option(help: "A CSV that states phases: series or description, and phase.", completion: .file())
  var phases: String?

  func run() async throws {
    try await study.locked { study in
      let rules = try StudyCohort.rules(of: study.readProtocol())
      let table = try DelimitedTable(contentsOf: URL(fileURLWithPath: clinical))
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
      print(SelectionFlow(selection).text, terminator: "")
      let notUnderstood = selection.notUnderstood?.count ?? 0
      print(
        "Cells not understood: \(notUnderstood)"
          + (notUnderstood > 0 ? ", listed in cohort/not-understood.csv; see `renalgrade cohort check`." : "."))
    }
  }
}
