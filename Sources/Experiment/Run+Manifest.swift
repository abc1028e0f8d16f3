import Foundation
public import Study
public import Support

extension Run {
  /// The file `run.json`: what produced a run, by versions, hashes and hardware, and what differs from the protocol.
  ///
  /// A run of version 0.1 stated facts by name; it is upgraded when it is read, and what it did not state is nil.
  public struct Manifest: Codable, Equatable, Sendable {
    /// The version of the layout that this program writes.
    public static let currentVersion = 2

    /// How much was learnt from.
    public struct Counts: Codable, Equatable, Sendable {
      /// Patients, of these those of high grade, and their lesions.
      public var patients, highGrade, lesions: Int
      /// Examples: slices, unless the protocol says otherwise.
      public var examples: Int

      /// Makes counts from their parts.
      public init(patients: Int, highGrade: Int, lesions: Int, examples: Int) {
        self.patients = patients
        self.highGrade = highGrade
        self.lesions = lesions
        self.examples = examples
      }
    }

    /// The seeds of the folds and of training; nil where nothing else is drawn.
    public struct Seeds: Codable, Equatable, Sendable {
      /// The seed of the folds.
      public var folds: UInt64
      /// The seed of training.
      public var training: UInt64?

      /// Makes seeds from their parts.
      public init(folds: UInt64, training: UInt64?) {
        self.folds = folds
        self.training = training
      }
    }

    /// The version of the layout.
    public private(set) var version = Self.currentVersion
    /// The version of RenalGrade.
    public var program: String?
    /// When the run was completed.
    public var date: String?
    /// What one example is.
    public var examples: StudyProtocol.ExampleKind
    /// How much was learnt from.
    public var counts: Counts?
    /// What was fitted.
    public var learner: LearnerDescription
    /// The name of the crops' file, which holds the hash of its contents; nil where examples are made of none.
    public var rois: String?
    /// SHA-256 of the examples with their classes and folds.
    public var cohort: String?
    /// SHA-256 of the protocol.
    public var protocolHash: String?
    /// The seeds.
    public var seeds: Seeds?
    /// By what it was computed.
    public var hardware: Hardware?
    /// The options of the command line that repeat it, besides the number of threads; nil where the run has not recorded them.
    public var options: [String]?
    /// How long it took, in seconds, since it was resumed where it was.
    public var duration: Double?
    /// Whether it was interrupted and resumed.
    public var isResumed: Bool
    /// The seed that permuted the classes; nil where they are pathology's.
    public var shuffledBy: UInt64?
    /// How each fold's model was chosen to be fitted, in words; nil where all are fitted alike.
    public var choices: [String]?
    /// The negative control's title; nil in a run.
    public var control: String?
    /// Sentences on what differs from what the protocol asks, or what a reader must know.
    public var notes: [String]
    /// Whether the images are synthetic.
    public var synthetic: Bool

    /// Makes a manifest of a learner; the rest is not stated.
    public init(
      learner: LearnerDescription = LearnerDescription(learner: StudyProtocol.Model.network),
      examples: StudyProtocol.ExampleKind = .slice, notes: [String] = [], synthetic: Bool = false
    ) {
      self.learner = learner
      self.examples = examples
      isResumed = false
      self.notes = notes
      self.synthetic = synthetic
    }

    /// A fact as tables show it.
    public struct Fact: Equatable, Sendable {
      /// What is stated, such as "libtorch".
      public let name: String
      /// Its value.
      public let value: String
    }

    /// All that is stated, in the order in which a reader wants it.
    public var facts: [Fact] {
      let facts: [(String, String?)] = [
        ("RenalGrade", program), ("date", date),
        ("patients", counts.map { "\($0.patients) (\($0.highGrade) high grade)" }),
        ("lesions", counts.map { "\($0.lesions)" }),
        (examples == .slice ? "slices" : "examples (\(examples.rawValue))", counts.map { "\($0.examples)" }),
        ("learner", learner.learner == StudyProtocol.Model.network ? nil : learner.learner),
        ("backbone", learner.network?.backbone),
        ("weights (SHA-256)", learner.network.map { $0.weights ?? "none: trained from scratch" }),
        ("frozen through", learner.network.map { $0.frozenThrough ?? "nothing" }),
        ("trained parameters", learner.network.map { "\($0.trainedParameters)" }),
        ("ROIs", rois), ("cohort (SHA-256)", cohort), ("protocol (SHA-256)", protocolHash),
        ("seeds", seeds.map { "folds \($0.folds)" + ($0.training.map { ", training \($0)" } ?? "") }),
        ("libtorch", hardware?.libtorch), ("device", hardware?.deviceText), ("processor", hardware?.processor),
        (
          "duration", duration.map { String(format: "%.0f s", $0) + (isResumed ? " since it was resumed" : "") }
        ),
        ("GPU", hardware?.gpu), ("labels", shuffledBy.map { "shuffled among patients, seed \($0)" }),
        ("chosen by fold", choices?.joined(separator: "; ")), ("negative control", control),
      ]
      return facts.compactMap { name, value in value.map { Fact(name: name, value: $0) } }
    }
  }
}

extension Hardware {
  /// The device in words: "cpu, AVX512, 2 threads".
  public var deviceText: String {
    [device, capability, "\(threads) thread\(threads == 1 ? "" : "s")"].compactMap { $0 }.joined(separator: ", ")
  }
}

extension Run {
  /// What produced the run, upgraded from older versions.
  ///
  /// - Throws: `StudyError` of kind `.run` where the file is damaged or a later program's.
  public func manifest() throws(StudyError) -> Manifest {
    let version = try readJSON(VersionOfManifest.self, from: manifestFile).version ?? 1
    switch version {
    case 1:
      return Manifest(version1: try readJSON(ManifestOfVersion1.self, from: manifestFile))
    case Manifest.currentVersion:
      return try readJSON(Manifest.self, from: manifestFile)
    default:
      throw StudyError(
        .run,
        "\(manifestFile.lastPathComponent) of run \(id) is of version \(version), expected 1 to \(Manifest.currentVersion): the run "
          + "was made by a newer version; update RenalGrade")
    }
  }
}

private struct VersionOfManifest: Decodable {
  let version: Int?
}

/// What version 1 of the manifest held: facts, each of which was a name and a text.
private struct ManifestOfVersion1: Decodable {
  struct Fact: Decodable {
    let name: String
    let value: String
  }
  let facts: [Fact]
  let notes: [String]
  let synthetic: Bool
}

extension Run.Manifest {
  /// Reads the facts of version 1 from their texts.
  fileprivate init(version1 manifest: ManifestOfVersion1) {
    let values = Dictionary(manifest.facts.map { ($0.name, $0.value) }) { first, _ in first }
    func number(_ name: String) -> Int? { values[name].flatMap { Int($0.prefix(while: \.isNumber)) } }
    func numbers(_ name: String) -> [UInt64] {
      (values[name] ?? "").split { !$0.isNumber }.compactMap { UInt64($0) }
    }
    self.init(notes: manifest.notes, synthetic: manifest.synthetic)
    if let backbone = values["backbone"] {
      learner.network = LearnerDescription.Network(
        backbone: backbone, weights: values["weights (SHA-256)"].flatMap { $0.hasPrefix("none") ? nil : $0 },
        frozenThrough: values["frozen through"].flatMap { $0 == "nothing" ? nil : $0 },
        trainedParameters: number("trained parameters") ?? 0)
    }
    program = values["RenalGrade"]
    date = values["date"]
    let patients = numbers("patients").map { Int(clamping: $0) }
    if patients.count == 2, let lesions = number("lesions"), let slices = number("slices") {
      counts = Counts(patients: patients[0], highGrade: patients[1], lesions: lesions, examples: slices)
    }
    rois = values["ROIs"]
    cohort = values["cohort (SHA-256)"]
    protocolHash = values["protocol (SHA-256)"]
    let seeds = numbers("seeds")
    if let first = seeds.first { self.seeds = Seeds(folds: first, training: seeds.dropFirst().first) }
    if let device = values["device"] {
      let parts = device.components(separatedBy: ", ")
      hardware = Hardware(
        device: parts[0], capability: parts.count > 2 ? parts[1] : nil,
        threads: parts.last.flatMap { Int($0.prefix(while: \.isNumber)) } ?? 1,
        processor: values["processor"] ?? "unknown",
        gpu: values["GPU"], libtorch: values["libtorch"])
    }
    duration = number("duration").map(Double.init)
    isResumed = values["duration"]?.hasSuffix("resumed") ?? false
    shuffledBy = numbers("labels").last
    choices = values["chosen by fold"]?.components(separatedBy: "; ")
    control = values["negative control"]
  }
}
