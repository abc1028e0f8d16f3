public import Foundation
public import Study
public import Support

/// One execution of a protocol: a folder with its protocol, folds, log, checkpoints, predictions and report.
public struct Run: Sendable {
  /// The run's name, unique in its study.
  public let id: String
  /// Where the run is.
  public let url: URL

  /// One line of `log.jsonl`: what an epoch of a fold cost and gave.
  public struct Epoch: Codable, Equatable, Sendable {
    /// The fold, from 0.
    public var fold: Int
    /// The epoch, from 1.
    public var epoch: Int
    /// The mean weighted cross-entropy over the training slices.
    public var loss: Double
    /// The same over the held-out slices; never used to choose anything.
    public var heldOutLoss: Double
    /// Training slices per second.
    public var imagesPerSecond: Double
    /// Wall-clock time in seconds.
    public var seconds: Double

    /// Makes a line from its parts.
    public init(fold: Int, epoch: Int, loss: Double, heldOutLoss: Double, imagesPerSecond: Double, seconds: Double) {
      self.fold = fold
      self.epoch = epoch
      self.loss = loss
      self.heldOutLoss = heldOutLoss
      self.imagesPerSecond = imagesPerSecond
      self.seconds = seconds
    }
  }

  /// The numbers that a fold can have; a file that states another is damaged.
  static let folds = 0..<1_000_000

  /// The resolved protocol.
  public var protocolFile: URL { url.appendingPathComponent("protocol.yaml") }
  /// The folds.
  public var foldsFile: URL { url.appendingPathComponent("folds.json") }
  /// One JSON object per epoch.
  public var logFile: URL { url.appendingPathComponent("log.jsonl") }
  /// The out-of-fold predictions.
  public var predictionsFile: URL { url.appendingPathComponent("predictions.csv") }
  /// The manifest.
  public var manifestFile: URL { url.appendingPathComponent("run.json") }
  /// What the study had set aside when the run was begun, as a JSON array of `SetAside`.
  public var setAsideFile: URL { url.appendingPathComponent("set-aside.json") }
  /// By what an exam of the run's patients is known again, a `RunFingerprints`; older runs have none.
  public var fingerprintsFile: URL { url.appendingPathComponent("fingerprints.json") }
  /// The lesions that the run learnt from or predicted, as a JSON array of `RunLesion`; older runs have none.
  public var lesionsFile: URL { url.appendingPathComponent("lesions.json") }
  /// The description of the cohort at the time of the run; nil where the study selects nobody.
  public var cohortFile: URL { url.appendingPathComponent("cohort.json") }
  /// A picture of what the network saw; older runs have a `montage.png` instead.
  public var montageFile: URL { url.appendingPathComponent("montage.svg") }
  /// What was learnt from: each example with its class and fold; older runs have none.
  public var examplesFile: URL { url.appendingPathComponent("examples.csv") }
  /// The folder with one folder per fold job: its manifest, log, predictions and model.
  public var foldsFolder: URL { url.appendingPathComponent("folds") }
  /// The folder of a fold, from 0.
  public func foldFolder(_ fold: Int) -> URL { foldsFolder.appendingPathComponent("fold-\(fold + 1)") }
  /// The file with a network of a fold, from 0; in runs of version 0.1 it lies in `checkpoints`.
  public func networkFile(fold: Int) -> URL {
    let file = foldFolder(fold).appendingPathComponent("model.safetensors")
    let former = url.appendingPathComponent("checkpoints/fold-\(fold + 1).safetensors")
    let isFormer = !FileManager.default.fileExists(atPath: foldsFolder.path)
    return isFormer && FileManager.default.fileExists(atPath: former.path) ? former : file
  }

  /// Makes the folder of a new run in `study`; its name tells protocol and time.
  public static func create(in study: StudyFolder, name: String, date: Date = Date()) throws(StudyError) -> Run {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyyMMdd-HHmmss"
    let stem = "\(formatter.string(from: date))-\(name)"
    for attempt in 1...1000 {
      let id = attempt == 1 ? stem : "\(stem)-\(attempt)"
      let url = study.runsFolder.appendingPathComponent(id)
      if FileManager.default.fileExists(atPath: url.path) { continue }
      do {
        try FileManager.default.createDirectory(
          at: url.appendingPathComponent("folds"), withIntermediateDirectories: true)
      } catch {
        throw StudyError(.file, "cannot make the run's folder \(url.path): \(error.localizedDescription)")
      }
      return Run(id: id, url: url)
    }
    throw StudyError(.run, "\(study.runsFolder.path) already has a thousand runs called \(stem)")
  }

  /// How far the study's readers agreed when the run was made, and what its models say by other outlines.
  public var agreementFile: URL { url.appendingPathComponent("agreement.json") }

  /// Opens the run `id` of `study`, or its latest complete one.
  ///
  /// - Throws: `StudyError` of kind `.run` that lists the runs there are.
  public static func open(_ id: String?, in study: StudyFolder) throws(StudyError) -> Run {
    let complete = Self.complete(in: study)
    if let id {
      if let run = complete.first(where: { $0.id == id }) { return run }
      throw StudyError(
        .run,
        "\(study.url.path) has no complete run \(id); "
          + (complete.isEmpty ? "it has none" : "it has \(complete.map(\.id).joined(separator: ", "))"))
    }
    guard let latest = complete.last else {
      throw StudyError(.run, "\(study.url.path) has no complete run; make one with `renalgrade crossvalidate`")
    }
    return latest
  }

  /// Whether the run has its predictions, which come last.
  public var isComplete: Bool { FileManager.default.fileExists(atPath: predictionsFile.path) }

  /// The complete runs of `study`, the latest last.
  public static func complete(in study: StudyFolder) -> [Run] { all(in: study).filter(\.isComplete) }

  /// The runs of `study` that were begun and not completed, the latest first.
  public static func incomplete(in study: StudyFolder) -> [Run] { all(in: study).reversed().filter { !$0.isComplete } }

  private static func all(in study: StudyFolder) -> [Run] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: study.runsFolder.path)) ?? []).sorted()
    return names.map { Run(id: $0, url: study.runsFolder.appendingPathComponent($0)) }
  }

  /// The epochs of all folds.
  ///
  /// - Throws: `StudyError` of kind `.run` where the log is damaged.
  public func epochs() throws(StudyError) -> [Epoch] { try EpochLog(logFile).epochs() }

  /// Reads one of the run's JSON files, or gives nil where it is not there.
  public func readJSONIfPresent<T: Decodable>(_ type: T.Type, from url: URL) throws(StudyError) -> T? {
    FileManager.default.fileExists(atPath: url.path) ? try readJSON(type, from: url) : nil
  }

  /// Reads one of the run's JSON files.
  public func readJSON<T: Decodable>(_ type: T.Type, from url: URL) throws(StudyError) -> T {
    do {
      return try JSONDecoder().decode(type, from: try Data(contentsOf: url))
    } catch {
      throw StudyError(.run, "\(url.lastPathComponent) of run \(id) cannot be read: \(error.localizedDescription)")
    }
  }
}
