public import Foundation
public import Study

/// The selection as a flow diagram (the paper's Figure 3): data, text and a Graphviz script.
public struct SelectionFlow: Sendable {
  private let selection: CohortSelection

  /// Shows a selection.
  public init(_ selection: CohortSelection) { self.selection = selection }

  /// Low- and high-grade patients and lesions among those who stay.
  public var classes: [(gradeClass: GradeClass, patients: Int, lesions: Int)] {
    [GradeClass.low, .high].map { gradeClass in
      let members = selection.selected.filter { $0.gradeClass == gradeClass }
      return (gradeClass, members.count, members.reduce(0) { $0 + $1.lesions.count })
    }
  }

  /// One line per step.
  public var text: String {
    var lines = ["\(count(selection.patientsAtStart, selection.lesionsAtStart)) at the start"]
    for step in selection.steps {
      let reasons = step.reasons.map { "\($0.text) \($0.patients)" }.joined(separator: ", ")
      lines.append(
        "  - \(step.name): \(count(step.excludedPatients, step.excludedLesions)) left out"
          + (reasons.isEmpty ? "" : " (\(reasons))") + "; \(count(step.patients, step.lesions)) go on")
    }
    let last = selection.steps.last
    lines.append(
      count(last?.patients ?? selection.patientsAtStart, last?.lesions ?? selection.lesionsAtStart) + " in the study: "
        + classes.map { "\(count($0.patients, $0.lesions)) of \($0.gradeClass.rawValue) grade" }.joined(separator: ", ")
    )
    return lines.joined(separator: "\n") + "\n"
  }

  /// One row per step, reasons in the last column.
  public var csv: String {
    let header = ["step", "excluded_patients", "excluded_lesions", "patients", "lesions", "reasons"]
    let start = ["start", "0", "0", "\(selection.patientsAtStart)", "\(selection.lesionsAtStart)", ""]
    let rows = selection.steps.map { step in
      [
        step.name, "\(step.excludedPatients)", "\(step.excludedLesions)", "\(step.patients)", "\(step.lesions)",
        step.reasons.map { "\($0.text): \($0.patients)" }.joined(separator: "; "),
      ]
    }
    return csvText([header, start] + rows)
  }

  /// The diagram as a Graphviz script: `dot -Tsvg flow.dot`.
  ///
  /// Those who go on run down the middle, those left out stand to the right with their reasons.
  public var dot: String {
    var lines = [
      "// Run in this folder: dot -Tsvg flow.dot -o flow.svg", "digraph selection {", "  rankdir=TB; splines=ortho;",
      ##"  node [shape=box, fontname="Helvetica", fontsize=11, margin="0.18,0.1", color="#57606a"];"##,
      ##"  edge [color="#57606a", arrowsize=0.7];"##,
      "  kept0 [label=\(quoted("Patients at the start\n" + count(selection.patientsAtStart, selection.lesionsAtStart)))];",
    ]
    for (index, step) in selection.steps.enumerated() {
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
    for (gradeClass, patients, lesions) in classes {
      let label = "\(gradeClass.rawValue.capitalized) grade\n\(count(patients, lesions))"
      lines += [
        "  \(gradeClass.rawValue) [label=\(quoted(label))];",
        "  kept\(selection.steps.count) -> \(gradeClass.rawValue);",
      ]
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

  /// Writes `flow.csv`, `flow.txt` and `flow.dot` into `folder`, and `flow.svg` where Graphviz is installed.
  ///
  /// - Returns: whether the picture was drawn.
  /// - Throws: `StudyError` where the folder cannot be written; `CohortError` of kind `.figure` where Graphviz fails.
  @discardableResult
  public func write(to folder: URL) throws -> Bool {
    try AtomicFile.write(csv, to: folder.appendingPathComponent("flow.csv"))
    try AtomicFile.write(text, to: folder.appendingPathComponent("flow.txt"))
    try AtomicFile.write(dot, to: folder.appendingPathComponent("flow.dot"))
    return try Graphviz.draw("flow", in: folder)
  }
}

/// The subtypes of all lesions with a record (the paper's Figure 8): most frequent first.
public struct SubtypeChart: Sendable {
  /// A subtype's common name and its lesions.
  public let bars: [(subtype: String, lesions: Int)]

  /// Counts the lesions of all patients in a selection, those left out as well.
  public init(_ selection: CohortSelection) {
    let names = selection.patients.flatMap(\.lesions).map { $0.subtype ?? "unknown" }
    bars = Dictionary(grouping: names) { $0 }.map { ($0.key, $0.value.count) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// One row per subtype, with its share of all lesions in percent.
  public var csv: String {
    let total = bars.reduce(0) { $0 + $1.lesions }
    return csvText(
      [["subtype", "lesions", "percent"]]
        + bars.map { [$0.subtype, "\($0.lesions)", String(format: "%.1f", 100 * Double($0.lesions) / Double(total))] })
  }

  /// One line per subtype, with a bar.
  public var text: String {
    let most = max(1, bars.map(\.lesions).max() ?? 1)
    let width = bars.map(\.subtype.count).max() ?? 0
    return bars.map { bar in
      let name = bar.subtype.padding(toLength: width, withPad: " ", startingAt: 0)
      return "\(name)  \(String(repeating: "#", count: max(1, bar.lesions * 40 / most))) \(bar.lesions)\n"
    }.joined()
  }
}

/// Graphviz as a subprocess.
enum Graphviz {
  /// Draws `<name>.dot` as `<name>.svg`, both in `folder`; false where Graphviz is not on the path.
  ///
  /// - Throws: `CohortError` of kind `.figure` with what Graphviz says.
  static func draw(_ name: String, in folder: URL, path: String? = nil) throws(CohortError) -> Bool {
    let search = path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let candidates = search.split(separator: ":").map { "\($0)/dot" }
    guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      return false
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-Tsvg", "\(name).dot", "-o", "\(name).svg"]
    process.currentDirectoryURL = folder
    let messages = Pipe()
    process.standardError = messages
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw CohortError(.figure, "\(program) cannot be started: \(error.localizedDescription)")
    }
    let said = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CohortError(
        .figure,
        "Graphviz failed on \(name).dot in \(folder.path): \(said.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    return true
  }
}
