import Analysis
import Evaluation
import Foundation
import Experiment
import Study

/// Which patients each fold held out, and what was set aside.
struct CohortSection: RunSection {
  let id = "cohort"
  let title = "Patients, folds, and what was set aside"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    let byPatient = Dictionary(grouping: content.predictions, by: \.patient)
    let levels = [Level.lesion, .slice].filter(content.levels.contains)
    let folds = content.folds.heldOut.enumerated().map { fold, codes in
      let predictions = codes.flatMap { byPatient[$0] ?? [] }
      let high = codes.count { code in byPatient[code]?.contains { $0.label == .high } == true }
      let counts = levels.map { level in
        level == .slice ? predictions.count : Set(predictions.map { [$0.patient, $0.lesion] }).count
      }
      let cells = ["Fold \(fold + 1)"] + ([codes.count, high] + counts).map(String.init)
      return (cells + [codes.joined(separator: ", ")]).map { HTML(text: $0) }
    }
    let table = HTMLTable(
      caption: "Held-out patients of each fold",
      columns: ["Fold", "Patients", "High grade"] + levels.map { Format.heading($0.plural) } + ["Codes"],
      rows: folds, isNumeric: false)
    let split =
      "\(content.sizes), split at patient level into \(content.folds.heldOut.count) folds, "
      + "stratified by class. Each patient was held out once; no patient, exam, slice or image was on both sides of "
      + "a split."
    return [.p(HTML(text: split)), table.html, .element("h3", [:], "Set aside")]
      + SetAsideList(entries: content.setAside, patientIDs: content.settings.pathology.patientIDs).html
  }
}
