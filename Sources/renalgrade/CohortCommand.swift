import ArgumentParser
import Cohort
import Foundation
import Study

struct CohortCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cohort",
    abstract: "Import a published cohort, determine contrast phases, select patients, and describe the cohort.",
    subcommands: [
      CohortImportCommand.self, CohortCheck.self, CohortSelect.self, CohortFlow.self, CohortTableCommand.self,
      CohortHospital.self,
    ])
}
