public import Foundation
public import Study
import Support

/// The selection as a flow diagram (the paper's Figure 3): data, text and a Graphviz script.
public struct SelectionFlow: Codable, Equatable, Sendable {
  /// The patients and lesions of one class among those who stay, each counted at its own level.
  public struct ClassCount: Codable, Equatable, Sendable {
    /// The class; nil where the grade is not known.
    public let gradeClass: GradeClass?
    /// Patients, each by the highest grade of their lesions.
    public let patients: Int
    /// Lesions by their own grade, whoever has them; nil in files of older versions, which did not count them so.
    public let ownLesions: Int?

    /// The class in words.
    public var name: String { gradeClass.map { "\($0.rawValue) grade" } ?? "unknown grade" }
  }

  /// Patients at the start.
  public let patientsAtStart: Int
  /// Lesions at the start.
  public let lesionsAtStart: Int
  /// The steps, in their order.
  public let steps: [CohortSelection.Step]
  /// Low and high grade among those who stay, and unknown grade where there is any.
  public let classes: [ClassCount]

  /// Shows a selection.
  public init(_ selection: CohortSelection) {
    patientsAtStart = selection.patientsAtStart
    lesionsAtStart = selection.lesionsAtStart
    steps = selection.steps
    let selected = selection.selected
    let lesions = selected.flatMap(\.lesions)
    classes = [GradeClass.low, .high, nil].map { gradeClass in
      ClassCount(
        gradeClass: gradeClass, patients: selected.count { $0.gradeClass == gradeClass },
        ownLesions: lesions.count { $0.grade?.gradeClass == gradeClass })
    }
    .filter { $0.gradeClass != nil || $0.patients > 0 || $0.ownLesions != 0 }
  }

  /// Patients who stay.
  public var patientsInStudy: Int { steps.last?.patients ?? patientsAtStart }
  /// Their lesions.
  public var lesionsInStudy: Int { steps.last?.lesions ?? lesionsAtStart }

  /// What does not add up: each step against the one before, reasons against who leaves, classes against who stays.
  public var contradictions: [String] {
    var found: [String] = []
    func require(_ sum: Int, _ total: Int, _ what: String) {
      if sum != total { found.append("\(what): \(sum), but the stated number is \(total).") }
    }
    var (patients, lesions) = (patientsAtStart, lesionsAtStart)
    for step in steps {
      require(patients - step.excludedPatients, step.patients, "Patients remaining after \"\(step.name)\"")
      require(lesions - step.excludedLesions, step.lesions, "Lesions remaining after \"\(step.name)\"")
      require(
        step.reasons.reduce(0) { $0 + $1.patients }, step.excludedPatients, "Patients by reason at \"\(step.name)\"")
      (patients, lesions) = (step.patients, step.lesions)
    }
    require(classes.reduce(0) { $0 + $1.patients }, patientsInStudy, "Patients by class")
    let own = classes.compactMap(\.ownLesions)
    if own.count == classes.count { require(own.reduce(0, +), lesionsInStudy, "Lesions by class") }
    return found
  }

  /// Throws where the numbers contradict one another.
  ///
  /// - Throws: `CohortError` of kind `.contradiction`.
  public func requireSums() throws(CohortError) {
    let found = contradictions
    guard !found.isEmpty else { return }
    throw CohortError(.contradiction, "the flow does not add up and is not shown: " + found.joined(separator: " "))
  }

  /// Patients by their highest grade: "1 of low grade, 2 of high grade".
  public var patientsByClass: String {
    classes.map { "\($0.patients) of \($0.name)" }.joined(separator: ", ")
  }

  /// Lesions by their own grade; nil where they were not counted.
  public var lesionsByClass: String? {
    let counted = classes.compactMap { members in members.ownLesions.map { "\($0) of \(members.name)" } }
    return counted.count == classes.count ? counted.joined(separator: ", ") : nil
  }

  /// One line per step.
  public var text: String {
    var lines = ["\(count(patientsAtStart, lesionsAtStart)) at the start"]
    for step in steps {
      let reasons = step.reasons.map { "\($0.text) \($0.patients)" }.joined(separator: ", ")
      lines.append(
        "  - \(step.name): \(count(step.excludedPatients, step.excludedLesions)) excluded"
          + (reasons.isEmpty ? "" : " (\(reasons))")
          + "; \(count(step.patients, step.lesions)) \(step.patients == 1 ? "remains" : "remain")"
          + (step.note.map { " (\($0))" } ?? ""))
    }
    lines.append(count(patientsInStudy, lesionsInStudy) + " in the study")
    lines.append("  Patients by their highest grade: \(patientsByClass)")
    if let lesionsByClass { lines.append("  Lesions by their own grade: \(lesionsByClass)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// One row per step, reasons in the last column; at the end, one row per class.
  public var csv: String {
    let header = ["step", "excluded_patients", "excluded_lesions", "patients", "lesions", "reasons"]
    let start = ["start", "0", "0", "\(patientsAtStart)", "\(lesionsAtStart)", ""]
    let rows = steps.map { step in
      [
        step.name, "\(step.excludedPatients)", "\(step.excludedLesions)", "\(step.patients)", "\(step.lesions)",
        step.note ?? step.reasons.map { "\($0.text): \($0.patients)" }.joined(separator: "; "),
      ]
    }
    let ends = classes.map { members in
      [
        members.name, "", "", "\(members.patients)", members.ownLesions.map { "\($0)" } ?? "",
        "patients by their highest grade; lesions by their own",
      ]
    }
    return DelimitedTable.text([header, start] + rows + ends)
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
        "  kept\(index + 1) [label=\(quoted(step.name + "\n" + (step.note.map { $0 + "\n" } ?? "") + count(step.patients, step.lesions)))];",
        "  kept\(index) -> kept\(index + 1);",
      ]
      guard step.excludedPatients > 0 else { continue }
      lines += [
        "  left\(index) [label=\(quoted(left)), style=dashed];",
        "  { rank=same; kept\(index); left\(index); }", "  kept\(index) -> left\(index);",
      ]
    }
    for members in classes {
      let name = members.gradeClass?.rawValue ?? "unknown"
      let own = members.ownLesions.map { "\n\(lesions($0)) by their own grade" } ?? ""
      let label = "\(name.capitalized) grade\n\(patients(members.patients))\(own)"
      lines += ["  \(name) [label=\(quoted(label))];", "  kept\(steps.count) -> \(name);"]
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private func count(_ patients: Int, _ lesions: Int) -> String {
    "\(self.patients(patients)) (\(self.lesions(lesions)))"
  }

  private func patients(_ count: Int) -> String { "\(count) \(count == 1 ? "patient" : "patients")" }

  private func lesions(_ count: Int) -> String { "\(count) \(count == 1 ? "lesion" : "lesions")" }

  private func quoted(_ text: String) -> String {
    let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    return "\"" + escaped.replacingOccurrences(of: "\n", with: "\\n") + "\""
  }

  /// Writes `flow.csv`, `flow.txt` and `flow.dot` into `folder`, and `flow.svg`, `.pdf` and `.png` where Graphviz is
  /// installed.
  ///
  /// - Returns: whether the pictures were drawn.
  /// - Throws: `StudyError` where the folder cannot be written; `CohortError` of kind `.figure` where Graphviz fails, of kind
  ///   `.contradiction` where the numbers do not add up.
  @discardableResult
  public func write(to folder: URL) throws -> Bool {
    try requireSums()
    try AtomicFile.write(csv, to: folder.appendingPathComponent("flow.csv"))
    try AtomicFile.write(text, to: folder.appendingPathComponent("flow.txt"))
    try AtomicFile.write(dot, to: folder.appendingPathComponent("flow.dot"))
    return try Graphviz.draw("flow", in: folder)
  }
}
