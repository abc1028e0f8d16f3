public import ArgumentParser
import Deidentification
import Foundation
import PACS
import Support

extension PACSCommand {
  struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Pull the CT series of a list of patients or studies into a folder, de-identified before they are written.",
      discussion: """
        The list is a table with a column patient_id, accession_number or study_uid; or, with --kind, a text file with one \
        identifier a line. Repeat the command to go on where it was interrupted, and to try again what failed. The exit \
        code is 1 where something is missing.

        Beside the folder lie a journal and, for each exam, what became of its attributes (FOLDER.audit, no values).

        The key gives each patient the same pseudonym at every later run. Keep a copy of it, apart from the images.
        """)

    @OptionGroup var connection: PACSConnection

    @Option(help: "What to pull, a table or a text file.", completion: .file(), transform: PathArgument.file)
    var list: String

    @Option(help: "For a text file, what it holds: patient_id, accession_number or study_uid.")
    var kind: RetrievalRequest.Kind?

    @Option(help: "The folder to write to.", completion: .directory, transform: PathArgument.outputFolder)
    var to: String

    @Option(
      help: "The key's file (default: ~/.config/renalgrade/keys/<name of the folder to write to>.key).",
      transform: PathArgument.outputFile)
    var key: String?

    @Option(help: "How many series to pull at once.")
    var parallel = 4

    @OptionGroup var retained: DeidentificationFlags

    func validate() throws {
      guard (1...32).contains(parallel) else { throw ValidationError("--parallel is 1 to 32.") }
    }

    func run() async throws {
      let requests = try RetrievalRequest.read(URL(fileURLWithPath: list), kind: kind)
      let folder = URL(fileURLWithPath: to)
      let isNew = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.isEmpty ?? true
      let keyURL = self.key.map { URL(fileURLWithPath: $0) } ?? PseudonymKey.defaultURL(for: folder)
      let key = try PseudonymKey.open(keyURL, outside: folder, makesIfMissing: isNew)
      let sink = try DeidentifyingSink(folder, Deidentifier(key: key, options: retained.options))
      // Beside the folder: what is checked and given away holds nothing but images.
      let journal = try RetrievalJournal(folder.standardizedFileURL.appendingPathExtension("journal"), hash: key.uid)
      var settings = Retrieval.Settings()
      settings.parallelism = parallel
      let bar = ProgressBar("Pulling")
      let retrieval = Retrieval(from: try connection.client(), into: sink, journal: journal, settings: settings) {
        bar.show(fraction: $0.fraction, text: "Pulling \($0)")
      }
      let summary = try await retrieval.run(requests)
      bar.finish()
      print("\(summary) Key: \(keyURL.path)")
      for (reason, places) in summary.failuresByReason {
        print("\(reason):")
        for place in places { print("  \(place)") }
      }
      if let stopped = summary.stopped { print("Stopped: \(stopped)") }
      guard summary.isComplete else { throw ExitCode.failure }
    }
  }
}

extension RetrievalRequest.Kind: ExpressibleByArgument {}

/// Takes persons out of instances in memory, and writes what is left, with an audit of each exam beside the folder.
final class DeidentifyingSink: InstanceSink {
  private let files: InstanceFolder
  private let deidentifier: Deidentifier
  private let auditFolder: URL
  /// What became of the instances since the last `synchronize`, by exam.
  private let audits = Locked<[String: DeidentificationAudit]>([:])

  init(_ folder: URL, _ deidentifier: Deidentifier) throws {
    files = try InstanceFolder(folder)
    self.deidentifier = deidentifier
    auditFolder = folder.standardizedFileURL.appendingPathExtension("audit")
    try FileManager.default.createDirectory(at: auditFolder, withIntermediateDirectories: true)
  }

  func store(_ instance: ReceivedInstance) throws {
    let result: DeidentifiedFile
    do {
      result = try deidentifier.deidentify(instance.data)
    } catch let error as DeidentificationRefusal {
      throw InstanceRefusal(error.problem)
    } catch {
      throw InstanceRefusal("it cannot be de-identified: \(error)")
    }
    let path = [result.pseudonym, result.studyInstanceUID, result.seriesInstanceUID, result.sopInstanceUID + ".dcm"]
    try files.write(result.data, to: path.joined(separator: "/"))
    audits.withLock { $0[result.studyInstanceUID, default: DeidentificationAudit()].add(result.audit) }
  }

  func synchronize() throws {
    try files.synchronize()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try audits.withLock { audits in
      for (exam, audit) in audits {
        let file = auditFolder.appendingPathComponent("\(exam).json")
        // Nothing of an exam is kept in memory: an archive has any number of them.
        var whole =
          (try? JSONDecoder().decode(DeidentificationAudit.self, from: Data(contentsOf: file)))
          ?? DeidentificationAudit()
        whole.add(audit)
        try encoder.encode(whole).write(to: file, options: .atomic)
      }
      audits = [:]
    }
  }
}
