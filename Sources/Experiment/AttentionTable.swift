public import Foundation
public import Study
public import Support

/// `attention.csv` in a fold job's folder: how much each slice of the lesions that the fold holds out counts for its lesion's
/// probability, by the fold's own network.
public enum AttentionTable {
  /// One slice.
  public struct Row: Equatable, Sendable {
    /// The patient's code.
    public var patient: String
    /// The lesion's name.
    public var lesion: String
    /// The slice's SOP instance UID, as in `Prediction`.
    public var slice: String
    /// The contrast phase of the slice's series; nil where it is unknown.
    public var phase: Phase?
    /// The slice's weight, 0...1; those of a lesion add up to 1.
    public var weight: Double

    /// Makes a row from its parts.
    public init(patient: String, lesion: String, slice: String, phase: Phase?, weight: Double) {
      self.patient = patient
      self.lesion = lesion
      self.slice = slice
      self.phase = phase
      self.weight = weight
    }
  }

  /// The file's name in the fold job's folder.
  public static let fileName = "attention.csv"
  private static let columns = ["patient", "lesion", "slice", "phase", "weight"]

  /// Writes the rows, with weights in full precision.
  public static func write(_ rows: [Row], to url: URL) throws(StudyError) {
    var text = columns.joined(separator: ",") + "\n"
    for row in rows {
      let cells = [
        row.patient.csvCell, row.lesion.csvCell, row.slice.csvCell, row.phase?.rawValue ?? "", "\(row.weight)",
      ]
      text += cells.joined(separator: ",") + "\n"
    }
    try AtomicFile.write(text, to: url)
  }

  /// Reads what `write` wrote.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` with file and line.
  public static func read(_ url: URL) throws(StudyError) -> [Row] {
    let table = try DelimitedTable(contentsOf: url)
    for column in columns { try table.require(column: column, from: "a column of \(fileName)") }
    var rows: [Row] = []
    for row in table.rows {
      let phase = row.cells["phase"] ?? ""
      guard let weight = Double(row.cells["weight"] ?? ""), (0...1.0001).contains(weight),
        phase.isEmpty || Phase(rawValue: phase) != nil
      else {
        throw StudyError(
          .invalidTable,
          "\(table.name):\(row.line): expected a phase, or an empty cell, and a weight from 0 to 1. Copy the run's folder from its "
            + "study again")
      }
      rows.append(
        Row(
          patient: row.cells["patient"] ?? "", lesion: row.cells["lesion"] ?? "", slice: row.cells["slice"] ?? "",
          phase: Phase(rawValue: phase), weight: weight))
    }
    return rows
  }
}

extension Run {
  /// The weights of all slices of the run's lesions, fold by fold; none where the run's learner has no attention.
  ///
  /// - Throws: `StudyError` where a fold's file is damaged.
  public func attention(foldCount: Int) throws(StudyError) -> [AttentionTable.Row] {
    var rows: [AttentionTable.Row] = []
    for fold in 0..<foldCount {
      let file = foldFolder(fold).appendingPathComponent(AttentionTable.fileName)
      if FileManager.default.fileExists(atPath: file.path) { rows += try AttentionTable.read(file) }
    }
    return rows
  }
}
