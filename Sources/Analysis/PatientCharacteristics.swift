import Evaluation
public import Experiment
import Foundation
public import Study
import Support

/// Who the patients of a run are: what pathology's table and the images say of them, by grade class and by fold.
///
/// It needs no selection of a cohort: a run keeps its lesions itself.
public struct PatientCharacteristics: Sendable {
  /// A part of the patients.
  public struct Group: Equatable, Sendable {
    /// Its name, such as "low grade" or "fold 1".
    public let name: String
    /// The codes of its patients.
    public let patients: [String]
  }

  /// What one column says of the patients.
  public struct Variable: Equatable, Sendable {
    /// The column's name in words.
    public let name: String
    /// The categories, or what is stated of a number.
    public let rows: [Row]
  }

  /// One category of a variable, or its median.
  public struct Row: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// One text for each group.
    public let cells: [String]
  }

  /// A column with more different words than this is not shown in a table.
  static let mostWords = 12

  /// All patients, those of each class, and those that each fold holds out.
  public let groups: [Group]
  /// What is stated of them; grade and number of lesions first, then the columns by name.
  public let variables: [Variable]
  /// Columns that are not described, since they have too many different words.
  public let leftOut: [String]

  /// Describes the patients of a run.
  ///
  /// - Parameters:
  ///   - lesions: the run's lesions.
  ///   - labels: each patient's class.
  ///   - folds: which patients each fold holds out.
  public init(_ lesions: [RunLesion], labels: [String: GradeClass], folds: [[String]]) {
    let byPatient = Dictionary(grouping: lesions.filter { labels[$0.patient] != nil }, by: \.patient)
    let patients = byPatient.keys.sorted()
    let all = [Group(name: "all", patients: patients)]
    let classes = GradeClass.allCases.map { gradeClass in
      Group(name: "\(gradeClass.rawValue) grade", patients: patients.filter { labels[$0] == gradeClass })
    }
    let parts = folds.enumerated().map { fold, codes in
      Group(name: "fold \(fold + 1)", patients: codes.filter { byPatient[$0] != nil })
    }
    let groups = all + classes + parts
    self.groups = groups
    let attributes = PatientAttributes(lesions)
    let grades = byPatient.mapValues { lesions in "\(lesions.map(\.grade.rawValue).max() ?? 0)" }
    let counts = byPatient.mapValues { "\($0.count)" }
    var variables = [
      Self.categories("highest grade", groups) { grades[$0] }, Self.categories("lesions", groups) { counts[$0] },
    ]
    var leftOut: [String] = []
    for column in Set(lesions.flatMap(\.attributes.keys)).sorted() {
      let name = Self.names[column] ?? column
      let words = patients.map { attributes.word($0, column) }
      let numbers = patients.map { attributes.number($0, column) }
      if zip(words, numbers).allSatisfy({ ($0 == nil) == ($1 == nil) }), Set(numbers.compactMap { $0 }).count > 4 {
        variables.append(Self.numbers(name, groups) { attributes.number($0, column) })
      } else if Set(words.compactMap { $0 }).count <= Self.mostWords {
        variables.append(Self.categories(name, groups) { attributes.word($0, column) })
      } else {
        leftOut.append(name)
      }
    }
    self.variables = variables
    self.leftOut = leftOut
  }

  /// What columns from the images are called.
  private static let names = [
    RunLesion.phaseColumn: "contrast phase", RunLesion.scannerColumn: "scanner",
    RunLesion.extentColumn: "longest extent of the outline, mm",
  ]

  /// Counts with their share of the group's patients, and of how many nothing is known.
  private static func categories(_ name: String, _ groups: [Group], value: (String) -> String?) -> Variable {
    let values = groups.map { $0.patients.map(value) }
    let names = Set(values.joined().compactMap { $0 }).sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    let rows = names.map { name in
      Row(name: name, cells: values.map { share($0.count { $0 == name }, of: $0.count) })
    }
    return Variable(name: name, rows: rows + unknown(values.map { $0.count { $0 == nil } }))
  }

  /// Median and quartiles, and of how many nothing is known.
  private static func numbers(_ name: String, _ groups: [Group], value: (String) -> Double?) -> Variable {
    let values = groups.map { $0.patients.map(value) }
    let cells = values.map { group -> String in
      let known = group.compactMap { $0 }.sorted()
      guard !known.isEmpty else { return "–" }
      let texts = [0.5, 0.25, 0.75].map { String(format: "%.1f", Quantile.value($0, ofSorted: known)) }
      return "\(texts[0]) (\(texts[1]) to \(texts[2]))"
    }
    return Variable(
      name: name,
      rows: [Row(name: "median (quartiles)", cells: cells)] + unknown(values.map { $0.count { $0 == nil } }))
  }

  private static func unknown(_ counts: [Int]) -> [Row] {
    counts.allSatisfy { $0 == 0 } ? [] : [Row(name: "not known", cells: counts.map(String.init))]
  }

  private static func share(_ count: Int, of total: Int) -> String {
    total == 0 ? "0" : String(format: "%d (%.0f%%)", count, 100 * Double(count) / Double(total))
  }
}

extension RunContent {
  /// Who the patients are; nil where the run has not recorded its lesions.
  public var characteristics: PatientCharacteristics? {
    guard let lesions, !lesions.isEmpty else { return nil }
    let labels = zip(cases.patient.clusters, cases.patient.labels).map { ($0, $1 ? GradeClass.high : .low) }
    return PatientCharacteristics(
      lesions, labels: Dictionary(labels) { first, _ in first }, folds: folds.heldOut)
  }
}
