public import ArgumentParser
import Cohort
import Foundation
import Study

struct CohortTableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Describe the study's patients, or those with contours, by grade class.",
    discussion: "If rows or columns do not add up, the table is not printed.")

  @OptionGroup var study: StudyOption

  @Option(help: "Count patients or lesions.")
  var level = CohortTable.Level.patient

  @Option(help: "The format: text, csv, markdown or latex.")
  var format = CohortTable.Format.text

  @Flag(help: "Only patients with contours (the paper's Table 4).")
  var annotated = false

  func run() throws {
    let study = try study.open()
    let selection = try StudyCohort.selection(of: study)
    var patients = selection.selected
    if annotated {
      let codes = try StudyCohort.annotatedPatients(of: study)
      patients = patients.filter { $0.code.map(codes.contains) ?? false }
    }
    let table = CohortTable.describing(
      patients, gradeSystem: selection.gradeSystem, level: level,
      title: annotated ? "Patients with annotated tumours" : "Patients in the study")
    print(try table.rendered(as: format), terminator: "")
  }
}

extension CohortTable.Level: ExpressibleByArgument {}
extension CohortTable.Format: ExpressibleByArgument {}
