public import Foundation
public import Study
public import Support

/// What a run's report tells of its cohort: the selection, the subtypes of all tumours and the tables that describe who is in
/// the study.
///
/// A run keeps it as `cohort.json` at the time when it is made. It holds counts, of no single patient.
public struct CohortDescription: Codable, Equatable, Sendable {
  /// A table as it prints.
  public struct Table: Codable, Equatable, Sendable {
    /// A line of cells.
    public struct Row: Codable, Equatable, Sendable {
      /// Whether the line names a variable, whose categories follow.
      public let isVariable: Bool
      /// The cells.
      public let cells: [String]
    }

    /// What the table shows.
    public let title: String
    /// The columns' headings; the first is empty.
    public let header: [String]
    /// The lines; none where the table contradicts itself.
    public let rows: [Row]
    /// What is counted, and the tests behind the p-values.
    public let notes: [String]
    /// Why the table is not printed; nil where it adds up.
    public let contradiction: String?

    init(_ table: CohortTable) {
      title = table.title
      do throws(CohortError) {
        let (header, body, notes) = try table.lines()
        self.header = header
        self.notes = notes
        rows = body.map { Row(isVariable: $0.isVariable, cells: $0.cells) }
        contradiction = nil
      } catch {
        (header, rows, notes) = ([], [], [])
        contradiction = error.description
      }
    }
  }

  /// The selection, step by step (the paper's Figure 3).
  public let flow: SelectionFlow
  /// All tumours with a record (Figure 8).
  public let subtypes: SubtypeChart
  /// Those in the study (Table 3) and those with contours (Table 4), each by patient and by lesion.
  public let tables: [Table]
  /// How the grades were given.
  public let gradeSystem: StudyProtocol.Cohort.GradeSystem

  /// Describes `selection`, of whose patients those with the codes `annotated` have contours.
  public init(_ selection: CohortSelection, annotated: Set<String>) {
    flow = SelectionFlow(selection)
    subtypes = SubtypeChart(selection)
    gradeSystem = selection.gradeSystem
    let selected = selection.selected
    let groups = [
      ("Patients in the study", selected),
      ("Patients with annotated tumours", selected.filter { $0.code.map(annotated.contains) ?? false }),
    ]
    tables = groups.flatMap { title, patients in
      CohortTable.Level.allCases.map { level in
        Table(
          .describing(
            patients, gradeSystem: selection.gradeSystem, level: level,
            title: level == .patient ? title : "\(title), by lesion"))
      }
    }
  }

  /// Keeps the description of `study`'s cohort as `cohort.json` in the folder of a run, whose patients `predicted` have contours.
  ///
  /// - Returns: false where the study selects nobody, so that there is nothing to keep.
  /// - Throws: `CohortError` of kind `.noSelection` where the selection cannot be read; `StudyError` where the file cannot be
  ///   written.
  @discardableResult
  public static func record(of study: StudyFolder, predicted: Set<String>, in folder: URL) throws -> Bool {
    let selection = study.url.appendingPathComponent("cohort/\(StudyCohort.selectionFile)")
    let isThere = FileManager.default.fileExists(atPath: selection.path)
    guard try study.readProtocol().cohort != nil, isThere else { return false }
    let description = CohortDescription(try StudyCohort.selection(of: study), annotated: predicted)
    try AtomicFile.writeJSON(description, to: file(in: folder))
    return true
  }

  /// The file in the folder of a run.
  public static func file(in folder: URL) -> URL { folder.appendingPathComponent("cohort.json") }
}
