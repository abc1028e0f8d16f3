public import Clinical
public import Study

/// A column of the clinical table and how its cells are read, as the protocol maps it.
public struct ClinicalColumn: Equatable, Sendable {
  /// The column's name in the protocol: `grade`, `stage`, or what a rule calls it.
  public let name: String
  /// Its header in the table.
  public let header: String
  /// How its cells are read.
  public let grammar: ClinicalGrammar

  /// All columns that a selection reads, but for patient and lesion; without rules the grade alone.
  public static func all(_ pathology: StudyProtocol.Pathology, _ cohort: StudyProtocol.Cohort?) -> [ClinicalColumn] {
    var columns = [ClinicalColumn(name: "grade", header: pathology.gradeColumn, grammar: .grade)]
    guard let cohort else { return columns }
    let unit: SizeGrammar.Unit = cohort.columns.sizeUnit == .centimetres ? .centimetres : .millimetres
    let grammars: [String: ClinicalGrammar] = [
      "subtype": .subtype, "stage": .stage, "laterality": .side, "size": .size(unit), "scanDate": .date,
    ]
    func add(_ name: String, _ header: String, _ grammar: ClinicalGrammar) {
      guard !columns.contains(where: { $0.header == header && $0.grammar == grammar }) else { return }
      columns.append(ClinicalColumn(name: name, header: header, grammar: grammar))
    }
    for (name, header) in cohort.columns.headers {
      if let header { add(name, header, grammars[name] ?? .word) }
    }
    for rule in cohort.rules {
      for name in rule.absent ?? [] { add(name, cohort.columns.header(of: name), .presence) }
      for name in rule.scannedBefore ?? [] { add(name, cohort.columns.header(of: name), .date) }
      if let name = rule.column { add(name, cohort.columns.header(of: name), grammars[name] ?? .word) }
    }
    return columns
  }
}
