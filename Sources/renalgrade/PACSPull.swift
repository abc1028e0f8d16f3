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
        identifier per line. Repeat the command to continue after an interruption, and to retry what failed. The exit \
        code is 1 if something is missing.

        A journal (FOLDER.journal) and an audit of each exam (FOLDER.audit) are kept next to the folder. The audit states how \
        each attribute was treated, without values.

        The key gives each patient the same pseudonym in every later run. Keep a copy of it, separate from the images.
        """)

    @OptionGroup var connection: PACSConnection

    @Option(help: "What to pull, a table or a text file.", completion: .file(), transform: PathArgument.file)
    var list: String

    @Option(help: "For a text file, what it contains: patient_id, accession_number or study_uid.")
    var kind: RetrievalRequest.Kind?

    @Option(help: "The folder to write to.", completion: .directory, transform: PathArgument.outputFolder)
    var to: String

    @Option(
      help: "The key file (default: the folder's own key in ~/.config/renalgrade/keys).",
      transform: PathArgument.outputFile)
    var key: String?

    @Option(help: "How many series to pull at once.")
    var parallel = 4

    @OptionGroup var retained: DeidentificationFlags

    func validate() throws {
      guard (1...32).contains(parallel) else {
        throw ValidationError("--parallel must be from 1 to 32, found \(parallel).")
      }
    }

    func run() async throws {
      let requests = try RetrievalRequest.read(URL(fileURLWithPath: list), kind: kind)
      let folder = URL(fileURLWithPath: to)
      let project = try ProjectKey.open(self.key.map { URL(fileURLWithPath: $0) }, for: folder, makesIfMissing: true)
      if let notice = project.notice { print("Note: \(notice)") }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      // Beside the folder: what is checked and given away holds nothing but images. It keeps other processes out.
      let journal = try await RetrievalJournal.open(
        folder.standardizedFileURL.appendingPathExtension("journal"), hash: project.key.uid)
      let sink = try DeidentifyingSink(folder, Deidentifier(key: project.key, options: retained.options))
      var settings = Retrieval.Settings()
      settings.parallelism = parallel
      let bar = ProgressBar("Pulling")
      let retrieval = Retrieval(from: try connection.client(), into: sink, journal: journal, settings: settings) {
        bar.show(fraction: $0.fraction, text: "Pulling \($0)")
      }
      let summary = try await retrieval.run(requests)
      bar.finish()
      print("\(summary) Key: \(project.url.path)")
      for (reason, places) in summary.failuresByReason {
        print("\(reason):")
        for place in places { print("  \(place)") }
      }
      for line in sink.unreadable { print(line) }
      if let stopped = summary.stopped { print("Stopped: \(stopped)") }
      guard summary.isComplete else { throw ExitCode.failure }
    }
  }
}

extension RetrievalRequest.Kind: ExpressibleByArgument {}

/// De-identifies instances in memory and writes them, with an audit of each exam next to the folder.
final class DeidentifyingSink: InstanceSink {
  private let files: InstanceFolder
  private let deidentifier: Deidentifier
  private let auditFolder: URL
  /// What became of the instances since the last `synchronize`, by exam.
  private let audits = Locked<[String: ExamAudit]>([:])

  /// What became of all instances of this run.
  private let total = Locked(DeidentificationAudit())

  /// What was removed because its value could not be read, a line each.
  var unreadable: [String] { Deidentify.lines(ofUnreadable: total.withLock { $0.unreadable }) }

  init(_ folder: URL, _ deidentifier: Deidentifier) throws {
    files = try InstanceFolder(folder)
    self.deidentifier = deidentifier
    auditFolder = folder.standardizedFileURL.appendingPathExtension("audit")
    try FileManager.default.createDirectory(at: auditFolder, withIntermediateDirectories: true)
    AtomicFile.removeAbandoned(in: auditFolder)
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
    audits.withLock { $0[result.studyInstanceUID, default: ExamAudit()].add(result.audit, of: result.sopInstanceUID) }
    total.withLock { $0.add(result.audit) }
  }

  func synchronize() throws {
    try files.synchronize()
    try audits.withLock { audits in
      for (exam, audit) in audits {
        let file = auditFolder.appendingPathComponent("\(exam).json")
        // Nothing of an exam is kept in memory: an archive has any number of them.
        var whole = try ExamAudit.read(file)
        whole.add(audit)
        try AtomicFile.writeJSON(whole, to: file)
      }
      audits = [:]
    }
  }
}

/// What became of one exam's elements, and whose: an instance that comes again after an interruption counts once.
private struct ExamAudit: Codable, Sendable {
  private var audit = DeidentificationAudit()
  /// The audits of instances that were not written yet.
  private var pending: [String: DeidentificationAudit] = [:]
  /// The new SOP instance UIDs of those that `audit` counts.
  private var instances: Set<String> = []

  private enum Key: CodingKey {
    case instances
  }

  init() {}

  /// Reads an exam's audit; an empty one where there is none.
  static func read(_ file: URL) throws -> ExamAudit {
    guard FileManager.default.fileExists(atPath: file.path) else { return ExamAudit() }
    do {
      return try JSONDecoder().decode(ExamAudit.self, from: Data(contentsOf: file))
    } catch {
      throw PACSError(
        .storage,
        "the audit \(file.path) is damaged. Move it elsewhere, then repeat the command: it continues where it stopped.")
    }
  }

  mutating func add(_ audit: DeidentificationAudit, of instance: String) { pending[instance] = audit }

  /// Adds what is pending of another one, unless it was counted before.
  mutating func add(_ other: ExamAudit) {
    for (instance, audit) in other.pending where instances.insert(instance).inserted { self.audit.add(audit) }
  }

  init(from decoder: any Decoder) throws {
    audit = try DeidentificationAudit(from: decoder)
    instances = try decoder.container(keyedBy: Key.self).decodeIfPresent(Set<String>.self, forKey: .instances) ?? []
  }

  func encode(to encoder: any Encoder) throws {
    try audit.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(instances.sorted(), forKey: .instances)
  }
}
