import ArgumentParser
import Cohort
import Foundation
import Support

struct CohortFlow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flow", abstract: "Show how the patients were selected, and the subtypes of all tumours.",
    discussion:
      "Writes the diagram, its data, its Graphviz script and subtypes.csv to the folder cohort of the study.")

  @OptionGroup var study: StudyOption

  func run() throws {
    let study = try study.open()
    let selection = try StudyCohort.selection(of: study)
    let flow = SelectionFlow(selection)
    try flow.requireSums()
    let chart = SubtypeChart(selection)
    let isDrawn = try flow.write(to: try study.cohortFile("flow.dot").deletingLastPathComponent())
    try AtomicFile.write(chart.csv, to: try study.cohortFile("subtypes.csv"))
    print(flow.text)
    print(chart.text, terminator: "")
    if !isDrawn { print("flow.svg was not drawn: Graphviz (dot) is not on the PATH.") }
  }
}
