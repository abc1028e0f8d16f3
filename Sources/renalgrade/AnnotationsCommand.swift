import Annotation
import ArgumentParser
import Foundation
import Study
import Support

struct AnnotationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "annotations",
    abstract: "Check, lock and reopen what readers outlined with `renalgrade annotate`.",
    subcommands: [Verify.self, Lock.self, Reopen.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the journal of everything that readers drew, and the study's outlines against it.",
      discussion: """
        Each entry of the journal contains a hash of itself and of the entry before it. The command fails if an entry was changed, \
        added or removed, or if the study's outlines are not those of the journal.
        """)

    @OptionGroup var study: StudyOption

    @Flag(help: "Make the study's outlines again from a journal that is intact.")
    var repair = false

    func run() async throws {
      try await study.locked { study in
        let desk = try AnnotationDesk(study)
        if repair { try desk.repair() }
        let (entries, problems) = try desk.verify()
        guard problems.isEmpty else {
          throw StudyError(.file, "the annotations are damaged:\n" + problems.map { "- \($0)" }.joined(separator: "\n"))
        }
        print("The journal's \(entries) entries are intact, and the study's outlines are those of the journal.")
      }
    }
  }

  struct Lock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lock the cases that readers have finished, so that only `annotations reopen` opens them again.")

    @OptionGroup var study: StudyOption

    @Option(parsing: .upToNextOption, help: "The readers (default: all).")
    var readers: [String] = []

    func run() async throws {
      try await study.locked { study in
        print("Locked \(try AnnotationDesk(study).lock(readers: readers, by: "owner")) cases.")
      }
    }
  }

  struct Reopen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Open a locked case again; the reason is kept in the journal.")

    @OptionGroup var study: StudyOption

    @Argument(help: "The case, such as case-0001.")
    var name: String

    @Option(help: "Whose case it is.")
    var reader: String

    @Option(help: "Why it is opened again.")
    var reason: String

    func run() async throws {
      try await study.locked { study in
        try AnnotationDesk(study).reopen(name, of: reader, by: "owner", reason: reason)
        print("\(name) of \(reader) is open.")
      }
    }
  }
}
