public import Foundation
public import Study
import Support

/// The selection as a flow diagram (the paper's Figure 3): data, text and a Graphviz script.
public struct SelectionFlow: Codable, Equatable, Sendable {
  /// The patients and lesions of one class among those who stay.
  public struct ClassCount: Codable, Equatable, Sendable {
    /// The class.
    public let gradeClass: GradeClass
    /// Patients.
    public let patients: Int
    /// Their lesions.
    public let lesions: Int
  }

  /// Patients at the start.
  public let patientsAtStart: Int
  /// Lesions at the start.
  public let lesionsAtStart: Int
  /// The steps, in their order.
  public let steps: [CohortSelection.Step]
  /// Low and high grade among those who stay.
  public let classes: [ClassCount]

  /// Shows a selection.
  public init(_ selection: CohortSelection) {
    patientsAtStart = selection.patientsAtStart
    lesionsAtStart = selection.lesionsAtStart
    steps = selection.steps
    classes = [GradeClass.low, .high].map { gradeClass in
      let members = selection.selected.filter { $0.gradeClass == gradeClass }
      return ClassCount(
        gradeClass: gradeClass, patients: members.count, lesions: members.reduce(0) { $0 + $1.lesions.count })
    }
  }

  /// Patients who stay.
  public var patientsInStudy: Int { steps.last?.patients ?? patientsAtStart }
  /// Their lesions.
  public var lesionsInStudy: Int { steps.last?.lesions ?? lesionsAtStart }

  /// One line per step.
  public var text: String {
    var lines = ["\(count(patientsAtStart, lesionsAtStart)) at the start"]
    for step in steps {
      let reasons = step.reasons.map { "\($0.text) \($0.patients)" }.joined(separator: ", ")
      lines.append(
        "  - \(step.name): \(count(step.excludedPatients, step.excludedLesions)) left out"
          + (reasons.isEmpty ? "" : " (\(reasons))") + "; \(count(step.patients, step.lesions)) go on")
    }
    lines.append(
      count(patientsInStudy, lesionsInStudy) + " in the study: "
        + classes.map { "\(count($0.patients, $0.lesions)) of \($0.gradeClass.rawValue) grade" }.joined(separator: ", ")
    )
    return lines.joined(separator: "\n") + "\n"
  }

  /// One row per step, reasons in the last column.
  public var csv: String {
    let header = ["step", "excluded_patients", "excluded_lesions", "patients", "lesions", "reasons"]
    let start = ["start", "0", "0", "\(patientsAtStart)", "\(lesionsAtStart)", ""]
    let rows = steps.map { step in
      [
        step.name, "\(step.excludedPatients)", "\(step.excludedLesions)", "\(step.patients)", "\(step.lesions)",
        step.reasons.map { "\($0.text): \($0.patients)" }.joined(separator: "; "),
      ]
    }
    return DelimitedTable.text([header, start] + rows)
  }

  /// The diagram as a Graphviz script: `dot -Tsvg flow.dot`.
  ///
  /// Those who go on run down the middle, those left out stand to the right with their reasons.
  public var dot: String {
    var lines = [
      "// Run in this folder: dot -Tsvg flow.dot -o flow.svg (or -Tpdf, -Tpng)", "digraph selection {",
      "  rankdir=TB; splines=ortho;",
      ##"  node [shape=box, fontname="Helvetica", fontsize=11, margin="0.18,0.1", color="#57606a"];"##,
      ##"  edge [color="#57606a", arrowsize=0.7];"##,
      "  kept0 [label=\(quoted("Patients at the start\n" + count(patientsAtStart, lesionsAtStart)))];",
    ]
    for (index, step) in steps.enumerated() {
      let reasons = step.reasons.prefix(6).map { "\n\($0.text): \($0.patients)" }.joined()
      let rest =
        step.reasons.count > 6 ? "\nother reasons: \(step.reasons.dropFirst(6).reduce(0) { $0 + $1.patients })" : ""
      let left = "Not: \(step.name)\n\(count(step.excludedPatients, step.excludedLesions))" + reasons + rest
      lines += [
        "  kept\(index + 1) [label=\(quoted(step.name + "\n" + count(step.patients, step.lesions)))];",
        "  kept\(index) -> kept\(index + 1);",
      ]
      guard step.excludedPatients > 0 else { continue }
      lines += [
        "  left\(index) [label=\(quoted(left)), style=dashed];",
        "  { rank=same; kept\(index); left\(index); }", "  kept\(index) -> left\(index);",
      ]
    }
    for members in classes {
      let name = members.gradeClass.rawValue
      let label = "\(name.capitalized) grade\n\(count(members.patients, members.lesions))"
      lines += ["  \(name) [label=\(quoted(label))];", "  kept\(steps.count) -> \(name);"]
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private func count(_ patients: Int, _ lesions: Int) -> String {
    "\(patients) \(patients == 1 ? "patient" : "patients") (\(lesions) \(lesions == 1 ? "lesion" : "lesions"))"
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    return "\"" + escaped.replacingOccurrences(of: "\n", with: "\\n") + "\""
  }

  /// Writes `flow.csv`, `flow.txt` and `flow.dot` into `folder`, and `flow.svg`, `.pdf` and `.png` where Graphviz is
  /// installed.
  ///
  /// - Returns: whether the pictures were drawn.
  /// - Throws: `StudyError` where the folder cannot be written; `CohortError` of kind `.figure` where Graphviz fails.
  @discardableResult
  public func write(to folder: URL) throws -> Bool {
    try AtomicFile.write(csv, to: folder.appendingPathComponent("flow.csv"))
    try AtomicFile.write(text, to: folder.appendingPathComponent("flow.txt"))
    try AtomicFile.write(dot, to: folder.appendingPathComponent("flow.dot"))
    return try Graphviz.draw("flow", in: folder)
  }
}
