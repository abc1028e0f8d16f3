import ArgumentParser
import ROI
import Study
import Support

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a study contains, and what was set aside and why.",
    discussion: "Shows the first ten entries of what was set aside, beginning with those that exclude a patient.")

  @OptionGroup var study: StudyOption

  @Flag(help: "Show everything that was set aside or remarked on.")
  var all = false

  private static let shown = 10

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
    let poor = try CarriedOutlines.entries(of: folder).filter { !$0.outline.isUsed }
    if !poor.isEmpty {
      print(
        "Note: \(poor.count) carried outlines are not used: their shift is poor and not confirmed, or none was found; the remarks are "
          + "in reports/carried-outlines.csv.")
    }
    let entries = try folder.setAside()
    guard !entries.isEmpty else {
      print("Nothing was set aside.")
      return
    }
    let patients = Set(entries.filter(\.excludes).compactMap(\.patientCode)).count
    print(
      "\nSet aside or remarked on: \(entries.count) \(entries.count == 1 ? "entry" : "entries"); "
        + "\(patients) \(patients == 1 ? "patient" : "patients") excluded.")
    let listed = (entries.filter(\.excludes) + entries.filter { !$0.excludes }).prefix(all ? .max : Self.shown)
    for entry in listed {
      let who = entry.patientCode.map { "patient \($0)" } ?? "no patient"
      let kind = "[\(entry.stage.rawValue)] \(who)\(entry.excludes ? ", excluded" : "")"
      // Names of files and values of headers are the files' own.
      print("  \(kind.printable()): \(entry.subject.printable()): \(entry.reason.printable())")
    }
    if entries.count > listed.count {
      print("The other \(entries.count - listed.count): `renalgrade status \(study.study.printable()) --all`")
    }
  }
}
