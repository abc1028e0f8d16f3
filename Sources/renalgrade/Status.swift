import ArgumentParser
import Study

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show what a study holds, and what was set aside and why.")

  @OptionGroup var study: StudyOption

  func run() throws {
    let folder = try study.open()
    let counts = try folder.counts()
    for (name, count) in counts { print("\(name): \(count)") }
    do {
      let settings = try folder.readProtocol()
      if let problem = try folder.read({ try SelectionBasis.problem(settings, $0) }) { print("Note: \(problem).") }
    } catch {
      print("Note: \(error)")
    }
    let entries = try folder.setAside()
    guard !entries.isEmpty else {
      print("Nothing was set aside.")
      return
    }
    print("\nSet aside or remarked on:")
    for entry in entries {
      let who = entry.patientCode.map { "patient \($0)" } ?? "no patient"
      print(
        "  [\(entry.stage.rawValue)] \(who)\(entry.excludes ? ", left out" : ""): \(entry.subject): \(entry.reason)")
    }
  }
}
