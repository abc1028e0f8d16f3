public import Clinical
public import Study
public import Support

/// A tumour as the clinical table describes it.
public struct ClinicalLesion: Codable, Equatable, Sendable {
  /// The row's line in the table.
  public let line: Int
  /// The lesion's name, unique within the patient.
  public let name: String
  /// Its grade; nil where it is missing or none.
  public let grade: Grade?
  /// The subtype's common name.
  public let subtype: String?
  /// The stage.
  public let stage: TumourStage?
  /// The procedure that gave the pathology, in lower case.
  public let procedure: String?
  /// Its side.
  public let side: TumourSide?
  /// The largest diameter in mm.
  public let size: Double?
  /// The cells that rules compare, by header; no others, since they may name a person.
  let cells: [String: String]
  /// Why a value above is nil though its cell is not empty, by the column's name in the protocol.
  public var doubts: [String: String]?
}

/// The clinical table by patient.
public struct ClinicalTable: Equatable, Sendable {
  /// The table's name.
  public let name: String
  /// The lesions by patient ID as its first row writes it, in the table's order.
  let lesions: [String: [ClinicalLesion]]
  /// The patient IDs in the table's order.
  let patientIDs: [String]
  /// Patients whose rows contradict one another, and how.
  let contradictions: [String: String]
  /// The lines that name no patient.
  public let linesWithoutPatient: [Int]
  /// By patient ID: why the import that wrote the table left the patient out.
  let reasonsLeftOut: [String: String]
  private let spellings: [Identifier: String]
  /// The cells that are not understood, by row.
  public let notUnderstood: [CellNotUnderstood]

  /// Reads a table as the protocol maps it.
  ///
  /// - Throws: `StudyError` of kind `.invalidTable` where the table cannot be read, or lacks a column that the protocol names.
  public init(
    _ table: DelimitedTable, pathology: StudyProtocol.Pathology, cohort: StudyProtocol.Cohort
  ) throws(StudyError) {
    try Self.requireColumns(table, pathology, cohort)
    name = table.name
    let columns = cohort.columns
    let compared = Set(cohort.rules.flatMap(\.columns).map(columns.header) + [columns.scanDate].compactMap { $0 })
    var lesions: [String: [ClinicalLesion]] = [:]
    var order: [String] = []
    var contradictions: [String: String] = [:]
    var anonymous: [Int] = []
    var reasonsLeftOut: [String: String] = [:]
    var spellings: [Identifier: String] = [:]
    var notUnderstood: [CellNotUnderstood] = []
    let known = ClinicalColumn.all(pathology, cohort)
    let unit: SizeGrammar.Unit = columns.sizeUnit == .centimetres ? .centimetres : .millimetres
    var above: String?
    for row in table.rows {
      func text(_ column: String?) -> String? { column.flatMap { ClinicalCell(row.cells[$0]).value } }
      guard let written = text(pathology.patientColumn) else {
        anonymous.append(row.line)
        if let above {
          contradictions[above] =
            "line \(row.line) below has no patient ID and may be another lesion of this patient (merged cells); add the ID"
        }
        continue
      }
      let id = spellings[Identifier(written)] ?? written
      spellings[Identifier(written)] = id
      if id != written, contradictions[id] == nil {
        contradictions[id] =
          "the identifier is spelled in two ways (lines \(lesions[id]?.first?.line ?? 0) and \(row.line)), which may be two patients"
      }
      reasonsLeftOut[id] = text(StudyFolder.leftOutColumn)
      above = id
      var doubts: [String: String] = [:]
      for column in known {
        guard let reason = column.grammar.read(row.cells[column.header]).doubt else { continue }
        let found = row.cells[column.header] ?? ""
        doubts[column.name] = CellNotUnderstood.sentence(column.name, found, reason)
        notUnderstood.append(CellNotUnderstood(line: row.line, column: column.header, found: found, reason: reason))
      }
      func cell(_ column: String?) -> String? { column.flatMap { row.cells[$0] } }
      if lesions[id] == nil { order.append(id) }
      let name = pathology.lesionColumn == nil ? "1" : text(pathology.lesionColumn) ?? ""
      if let first = lesions[id]?.first(where: { Identifier($0.name) == Identifier(name) }) {
        contradictions[id] = "two rows for one lesion (lines \(first.line) and \(row.line))"
      }
      let lesion = ClinicalLesion(
        line: row.line, name: name, grade: Grade.read(cell(pathology.gradeColumn)).value,
        // What is not in the table of terms stays as it is written, so that it is seen.
        subtype: SubtypeGrammar.read(cell(columns.subtype)).value
          ?? doubts["subtype"].flatMap { _ in text(columns.subtype)?.lowercased() },
        stage: StageGrammar.read(cell(columns.stage)).value,
        procedure: text(columns.procedure)?.lowercased(),
        side: SideGrammar.read(cell(columns.laterality)).value,
        size: SizeGrammar.read(cell(columns.size), unit: unit).value,
        cells: row.cells.filter { compared.contains($0.key) }, doubts: doubts.isEmpty ? nil : doubts)
      lesions[id, default: []].append(lesion)
    }
    self.lesions = lesions
    self.contradictions = contradictions
    patientIDs = order
    linesWithoutPatient = anonymous
    self.notUnderstood = notUnderstood
    self.reasonsLeftOut = reasonsLeftOut
    self.spellings = spellings
  }

  /// The patient's ID as the table writes it first; nil where it has no row for the patient.
  func spelling(of patientID: String) -> String? { spellings[Identifier(patientID)] }

  /// Which rows belong to no patient with scans, and which of those have no row.
  func comparison(with scans: [String]) -> IdentifierComparison {
    IdentifierComparison(
      rows: patientIDs.flatMap { id in
        reasonsLeftOut[id] == nil ? (lesions[id] ?? []).map { (line: $0.line, identifier: id) } : []
      }, scans: scans)
  }

  private static func requireColumns(
    _ table: DelimitedTable, _ pathology: StudyProtocol.Pathology, _ cohort: StudyProtocol.Cohort
  ) throws(StudyError) {
    try table.require(column: pathology.patientColumn, from: "pathology.patientColumn")
    try table.require(column: pathology.gradeColumn, from: "pathology.gradeColumn")
    if let column = pathology.lesionColumn { try table.require(column: column, from: "pathology.lesionColumn") }
    for (key, header) in cohort.columns.headers {
      if let header { try table.require(column: header, from: "cohort.columns.\(key)") }
    }
    for rule in cohort.rules {
      if rule.stage != nil, cohort.columns.stage == nil {
        throw StudyError(
          .invalidProtocol, "the rule \"\(rule.name)\" needs the stage, but cohort.columns.stage is null")
      }
      if let unread = rule.stage?.first(where: { TumourStage(text: $0) == nil }) {
        throw StudyError(.invalidProtocol, "the rule \"\(rule.name)\": \"\(unread)\" is not a stage; 1, 1a and T1a are")
      }
      for column in rule.columns {
        try table.require(column: cohort.columns.header(of: column), from: "cohort.rules, \"\(rule.name)\"")
      }
    }
  }
}

extension StudyProtocol.Cohort.Rule {
  /// The columns that the rule compares.
  var columns: [String] { (column.map { [$0] } ?? []) + (absent ?? []) + (scannedBefore ?? []) }
}

extension StudyProtocol.Cohort.Columns {
  /// The columns that have a name of their own in the protocol, with their headers in the table.
  var headers: [(key: String, header: String?)] {
    [
      ("subtype", subtype), ("stage", stage), ("procedure", procedure), ("laterality", laterality), ("size", size),
      ("scanDate", scanDate),
    ]
  }

  /// The header that a rule means: that of one of these columns, or the name itself.
  func header(of column: String) -> String { headers.first { $0.key == column }?.header ?? column }
}
