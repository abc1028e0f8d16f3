public import Foundation
import Study
public import Support

/// `predictions.csv`: one row per held-out slice.
public enum PredictionTable {
  private static let columns = ["patient", "lesion", "slice", "fold", "label", "probability"]

  /// Writes the predictions, with probabilities in full precision.
  public static func write(_ predictions: [Prediction], to url: URL) throws(StudyError) {
    var text = columns.joined(separator: ",") + "\n"
    for row in predictions {
      text +=
        [
          row.patient.csvCell, row.lesion.csvCell, row.slice.csvCell, "\(row.fold)", row.label.rawValue,
          "\(row.probability)",
        ].joined(separator: ",") + "\n"
    }
    try AtomicFile.write(text, to: url)
  }

  /// Reads what `write` wrote.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  public static func read(_ url: URL) throws(StudyError) -> [Prediction] {
    let table = try DelimitedTable(contentsOf: url)
    for column in columns { try table.require(column: column, from: "a column of predictions.csv") }
    var predictions: [Prediction] = []
    for row in table.rows {
      guard let fold = Int(row.cells["fold"] ?? ""), Run.folds.contains(fold),
        let label = GradeClass(rawValue: row.cells["label"] ?? ""),
        let probability = Double(row.cells["probability"] ?? "")
      else {
        throw StudyError(
          .invalidTable, "\(table.name):\(row.line): expected a fold number, low or high, and a probability")
      }
      predictions.append(
        Prediction(
          patient: row.cells["patient"] ?? "", lesion: row.cells["lesion"] ?? "", slice: row.cells["slice"] ?? "",
          fold: fold, label: label, probability: probability))
    }
    return predictions
  }
}
