import Clinical
import Evaluation
import Foundation
public import Study
import Support

extension CohortTable {
  /// What a table counts.
  public enum Level: String, CaseIterable, Sendable {
    /// Each patient once: by the highest grade, then the largest tumour.
    case patient
    /// Each tumour.
    case lesion
  }

  /// One case of a table.
  private struct Case {
    let isHigh: Bool
    let grade: Grade
    let phases: [Phase]
    let procedure: String
    let side: TumourSide?
    let size: Double?
  }

  /// The paper's Table 3, of `patients`: phases, grade, procedure, laterality and size by class.
  ///
  /// Cases without a known grade are of no class and in no column; a note counts them.
  public static func describing(
    _ patients: [CohortSelection.Patient], gradeSystem: StudyProtocol.Cohort.GradeSystem, level: Level, title: String
  ) -> CohortTable {
    let cases = patients.flatMap { self.cases($0, level) }
    let low = cases.filter { !$0.isHigh }
    let high = cases.filter(\.isHigh)
    func row(_ name: String, _ belongs: (Case) -> Bool) -> Row {
      Row(name, [low.count(where: belongs), high.count(where: belongs)], total: cases.count(where: belongs))
    }
    func tested(_ name: String, _ rows: [Row], unknown: Row) -> Variable {
      // Who has no value says nothing of a difference, but belongs to the sum.
      let kept = rows.filter { $0.total > 0 }
      return Variable(
        name, .categories(kept + (unknown.total > 0 ? [unknown] : [])), test: GroupTests.ofCounts(kept.map(\.counts)))
    }
    let procedures = Set(cases.map(\.procedure)).subtracting([""]).sorted()
    let all = level == .patient ? patients.count : patients.reduce(0) { $0 + $1.lesions.count }
    let unit = level == .patient ? "patients" : "lesions"
    let sizes = [low, high, cases].map { $0.compactMap(\.size) }
    return CohortTable(
      title: title, unit: unit,
      classes: [("Low", low.count), ("High", high.count)], total: cases.count,
      variables: [
        Variable(
          "Phase",
          .findings(
            Phase.allCases.map { phase in row(phase.name) { $0.phases.contains(phase) } }
              + [row("not known") { $0.phases.isEmpty }].filter { $0.total > 0 })),
        Variable(
          "Grade (\(gradeSystem.rawValue))",
          .categories((1...4).map { grade in row("\(grade)") { $0.grade.rawValue == grade } }.filter { $0.total > 0 })),
        tested(
          "Procedure", procedures.map { procedure in row(procedure) { $0.procedure == procedure } },
          unknown: row("unknown") { $0.procedure.isEmpty }),
        tested(
          "Laterality", TumourSide.allCases.map { side in row(side.rawValue) { $0.side == side } },
          unknown: row("unknown") { $0.side == nil }),
        tested(
          "Size", [row("≤ 4 cm") { ($0.size ?? 999) <= 40 }, row("> 4 cm") { ($0.size ?? 0) > 40 }],
          unknown: row("unknown") { $0.size == nil }),
        Variable(
          "Size in cm",
          .measurement([
            ("median (quartiles)", sizes.map(quartiles)), ("mean ± standard deviation", sizes.map(meanAndSpread)),
          ]),
          test: GroupTests.mannWhitney(sizes[0], sizes[1])),
      ],
      remarks: all == cases.count
        ? [] : ["\(all - cases.count) of \(all) \(unit) have no known grade and are not in this table."])
  }

  private static func cases(_ patient: CohortSelection.Patient, _ level: Level) -> [Case] {
    if level == .patient, patient.gradeClass == nil { return [] }
    let graded = patient.lesions.compactMap { lesion in lesion.grade.map { (lesion, $0) } }
      .sorted { ($0.1, $0.0.size ?? 0) > ($1.1, $1.0.size ?? 0) }
    let side = level == .patient ? TumourSide(of: patient.lesions.map(\.side)) : nil
    return graded.prefix(level == .patient ? 1 : graded.count).map { lesion, grade in
      Case(
        isHigh: grade.gradeClass == .high, grade: grade, phases: patient.exam?.phases ?? [],
        procedure: lesion.procedure ?? "", side: level == .patient ? side : lesion.side, size: lesion.size)
    }
  }

  private static func quartiles(_ millimetres: [Double]) -> String {
    let sorted = millimetres.sorted()
    guard !sorted.isEmpty else { return "–" }
    func quantile(_ share: Double) -> String {
      String(format: "%.1f", Quantile.value(share, ofSorted: sorted) / 10)
    }
    return "\(quantile(0.5)) (\(quantile(0.25))–\(quantile(0.75)))"
  }

  private static func meanAndSpread(_ millimetres: [Double]) -> String {
    guard !millimetres.isEmpty else { return "–" }
    let mean = millimetres.reduce(0, +) / Double(millimetres.count)
    let text = String(format: "%.1f", mean / 10)
    guard millimetres.count > 1 else { return text }
    let variance = millimetres.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(millimetres.count - 1)
    return text + " ± " + String(format: "%.1f", variance.squareRoot() / 10)
  }
}
