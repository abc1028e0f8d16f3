public import ArgumentParser
import Deidentification
import Foundation
import PACS

extension PACSCommand {
  struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Pull the CT series of a list of patients or studies into a folder, de-identified before they are written.",
      discussion: """
        The list is a table with a column patient_id, accession_number or study_uid; or, with --kind, a text file with one \
        identifier a line. Repeat the command to go on where it was interrupted, and to try again what failed. The exit \
        code is 1 where something is missing.

        The key gives each patient the same pseudonym at every later run. Keep a copy of it, apart from the images.
        """)

    @OptionGroup var connection: PACSConnection

    @Option(help: "What to pull, a table or a text file.", completion: .file())
    var list: String

    @Option(help: "For a text file, what it holds: patient_id, accession_number or study_uid.")
    var kind: RetrievalRequest.Kind?

    @Option(help: "The folder to write to.", completion: .directory)
    var to: String

    @Option(help: "The key's file (default: ~/.config/renalgrade/keys/<name of the folder to write to>.key).")
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
      let journal = try RetrievalJournal(folder.appendingPathComponent("retrieval.journal"), hash: key.uid)
      var settings = Retrieval.Settings()
      settings.parallelism = parallel
      let bar = ProgressBar("Pulling")
      let retrieval = Retrieval(from: try connection.client(), into: sink, journal: journal, settings: settings) {
        bar.show(fraction: $0.fraction, text: "Pulling \($0)")
      }
      let summary = try await retrieval.run(requests)
      bar.finish()
      print("\(summary) Key: \(keyURL.path)")
      for failure in summary.failures { print("  \(failure)") }
      if let stopped = summary.stopped { print("Stopped: \(stopped)") }
      guard summary.isComplete else { throw ExitCode.failure }
    }
  }
}

extension RetrievalRequest.Kind: ExpressibleByArgument {}

/// Takes persons out of instances in memory, and writes what is left.
struct DeidentifyingSink: InstanceSink {
  private let files: InstanceFolder
  private let deidentifier: Deidentifier

  init(_ folder: URL, _ deidentifier: Deidentifier) throws {
    files = try InstanceFolder(folder)
    self.deidentifier = deidentifier
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
  }

  func synchronize() throws { try files.synchronize() }
}
