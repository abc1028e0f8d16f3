public import Foundation
public import GRDB
public import Support

/// A study: a folder that can be copied, resumed and audited.
///
/// It holds `protocol.yaml`, `study.sqlite`, `dicom/`, `rois/`, `runs/<id>/` and `reports/`.
public struct StudyFolder: Sendable {
  /// Where the study is.
  public let url: URL
  /// The study's tables.
  public let tables: StudyTables

  /// The file with the experiment.
  public var protocolFile: URL { url.appendingPathComponent("protocol.yaml") }
  /// The folder with the imported CT slices.
  public var dicomFolder: URL { url.appendingPathComponent("dicom") }
  /// The folder with the ROIs.
  public var roiFolder: URL { url.appendingPathComponent("rois") }
  /// The folder with the frozen stages' output; it can be deleted at any time and is then made again.
  public var featuresFolder: URL { url.appendingPathComponent("features") }
  /// The folder with one folder per run.
  public var runsFolder: URL { url.appendingPathComponent("runs") }

  /// The file of a slice by the path in the tables: within `folder`, a study's, or absolute where that is nil, as of an exam that lies
  /// outside of any study.
  public static func file(_ path: String, in folder: URL?) -> URL {
    folder?.appendingPathComponent(path) ?? URL(fileURLWithPath: path)
  }
  /// The folder with reports over several runs.
  public var reportsFolder: URL { url.appendingPathComponent("reports") }

  /// Makes a study at `url` from the protocol file `protocolSource`.
  ///
  /// - Throws: `StudyError` where the folder holds a study already, cannot be written, or the protocol is invalid.
  public static func create(at url: URL, protocolSource: URL) throws(StudyError) -> StudyFolder {
    _ = try StudyProtocol(contentsOf: protocolSource)
    let target = url.appendingPathComponent("protocol.yaml")
    guard !FileManager.default.fileExists(atPath: target.path) else {
      throw StudyError(.file, "\(url.path) is already a study; choose another folder, or continue with this one")
    }
    do {
      for folder in ["", "dicom", "rois", "runs", "reports"] {
        try FileManager.default.createDirectory(
          at: url.appendingPathComponent(folder), withIntermediateDirectories: true)
      }
      // The protocol keeps its comments: it is copied as it is.
      try AtomicFile.write(try Data(contentsOf: protocolSource), to: target)
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(.file, "cannot make the study \(url.path): \(error.localizedDescription)")
    }
    return try StudyFolder(at: url)
  }

  /// Opens the study at `url`, bringing its tables up to date; to read only, where the folder cannot be written.
  ///
  /// - Throws: `StudyError` of kind `.notAStudy` or `.file`.
  public init(at url: URL) throws(StudyError) {
    let tables = url.appendingPathComponent("study.sqlite").path
    let files = FileManager.default
    let isWritable =
      files.isWritableFile(atPath: url.path)
      && (!files.fileExists(atPath: tables) || files.isWritableFile(atPath: tables))
    try self.init(at: url, readOnly: !isWritable)
  }

  init(at url: URL, readOnly: Bool) throws(StudyError) {
    guard FileManager.default.fileExists(atPath: url.appendingPathComponent("protocol.yaml").path) else {
      throw StudyError(
        .notAStudy,
        "\(url.path) is not a study: it has no protocol.yaml. Create one with `renalgrade init \(url.path)`.")
    }
    self.url = url
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.readonly = readOnly
    // What a step has written is on disk when the step says so.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    do {
      let database = try DatabaseQueue(
        path: url.appendingPathComponent("study.sqlite").path, configuration: configuration)
      if readOnly {
        guard try database.read(Schema.migrator.hasCompletedMigrations) else {
          throw StudyError(
            .notAStudy, "\(url.path) was made by an earlier version and is not writable; open a writable copy once")
        }
      } else {
        try Schema.migrator.migrate(database)
      }
      tables = StudyTables(database)
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(
        .file,
        "cannot open \(url.appendingPathComponent("study.sqlite").path): \(error). Is the disk full or read-only?")
    }
  }

  /// Reads and checks the study's protocol.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol`, also where `pathology.patientIDs` is no longer what it was when the
  ///   images were imported, since the patients keep the codes that they got then.
  public func readProtocol() throws(StudyError) -> StudyProtocol {
    let settings = try StudyProtocol(contentsOf: protocolFile)
    let mode = settings.pathology.patientIDs.rawValue
    let imported = try read { try Setting.fetchOne($0, key: Self.patientIDsKey)?.value }
    if let imported, imported != mode {
      throw StudyError(
        .invalidProtocol,
        "\(protocolFile.lastPathComponent): pathology.patientIDs is \(mode), but the images were imported with "
          + "\(imported), and the patients keep the codes assigned then. Set it back to \(imported), or make a new "
          + "study with `renalgrade init` and import again.")
    }
    return settings
  }

  /// Reads from the tables.
  ///
  /// - Throws: `StudyError` of kind `.file` with SQLite's reason.
  public func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws(StudyError) -> T {
    try tables.read(body)
  }

  /// Changes the tables in one transaction: all of it, or none.
  ///
  /// - Throws: `StudyError` of kind `.file` with SQLite's reason.
  public func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws(StudyError) -> T {
    try tables.write(body)
  }

  /// Everything set aside so far, in the order of the steps.
  public func setAside() throws(StudyError) -> [SetAside] { try tables.setAside() }

  /// Runs `body` while no other process changes the study.
  ///
  /// - Throws: `StudyError` of kind `.locked` where another process holds the lock; whatever `body` throws.
  public func locked<T>(_ body: () async throws -> T) async throws -> T {
    let path = url.appendingPathComponent(".lock").path
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StudyError(.file, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw StudyError(.locked, "another process is working on \(url.path); wait until it has finished")
    }
    return try await body()
  }
  /// A file of the study's cohort; its folder is made where it is missing.
  ///
  /// - Throws: `StudyError` of kind `.file` where the folder cannot be made.
  public func cohortFile(_ name: String) throws(StudyError) -> URL {
    let folder = url.appendingPathComponent("cohort")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(folder.path): \(error.localizedDescription)")
    }
    return folder.appendingPathComponent(name)
  }
}
