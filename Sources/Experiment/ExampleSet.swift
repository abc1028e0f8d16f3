public import Classifiers
import Foundation
import LesionFeatures
public import ROI
public import Study
import Support

/// The examples of an experiment with the class that is learnt of each.
public struct ExampleSet: Sendable {
  /// What one example is.
  public let kind: StudyProtocol.ExampleKind
  /// The examples, whose numbers are their places here.
  public let examples: [Example]
  /// The ROIs that examples are made of; nil where they are made of none.
  public let rois: ROISet?
  /// By example: the class that is learnt, pathology's but where a control shuffles it.
  public let classes: [GradeClass]
  /// By patient: high where any example is.
  public let patients: [String: GradeClass]
  /// Sentences on what was excluded.
  public let notes: [String]
  /// By example: radiomics features, NaN where one is missing; nil where the protocol asks for none.
  public private(set) var features: FeatureMatrix?
  /// By example: the same features by a second reader's outlines, NaN where there are none; nil where the learner does not ask for them.
  public private(set) var secondReading: FeatureMatrix?

  /// Makes a set of examples with their own classes.
  public init(
    kind: StudyProtocol.ExampleKind, _ examples: [Example], rois: ROISet? = nil, features: FeatureMatrix? = nil,
    secondReading: FeatureMatrix? = nil, notes: [String] = []
  ) {
    self.init(
      kind, examples, rois, classes: examples.map(\.gradeClass), patients: Self.patients(of: examples), notes: notes)
    (self.features, self.secondReading) = (features, secondReading)
  }

  private init(
    _ kind: StudyProtocol.ExampleKind, _ examples: [Example], _ rois: ROISet?, classes: [GradeClass],
    patients: [String: GradeClass], notes: [String]
  ) {
    self.kind = kind
    self.examples = examples
    self.rois = rois
    self.classes = classes
    self.patients = patients
    self.notes = notes
  }

  private static func patients(of examples: [Example]) -> [String: GradeClass] {
    var patients: [String: GradeClass] = [:]
    for example in examples where patients[example.patient] != .high { patients[example.patient] = example.gradeClass }
    return patients
  }

  /// The examples that a protocol asks for of a study.
  ///
  /// `progress` is told how far the radiomic features are, by several threads.
  /// - Throws: `StudyError` where the study lacks what they are made of.
  public init(
    _ study: StudyFolder, _ settings: StudyProtocol, progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    try self.init(of: study, settings, progress: progress)
  }

  /// The same of a study or an exam.
  init(
    of source: some ExampleSource, _ settings: StudyProtocol, progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    let inputs = settings.inputs
    guard inputs.examples.hasSlices else {
      let lesions = try source.lesions(settings)
      let hasImages = try source.hasImages()
      guard !lesions.isEmpty else {
        throw StudyError(
          .file,
          hasImages
            ? "the study has no lesion with ROIs; import pathology and contours, then run `renalgrade rois build`"
            : "the study has no images, and all its lesions are excluded; import the table with `renalgrade import "
              + "--pathology`, and see `renalgrade status`")
      }
      let examples = Self.features(lesions, ofPatients: inputs.examples == .patientFeatures)
      var notes = hasImages ? [] : [source.wording.withoutImages]
      var features: FeatureMatrix?
      var secondReading: FeatureMatrix?
      if settings.radiomics != nil {
        let table = try source.features(settings) { progress?(.extracting(done: $0, of: $1)) }
        features = try Self.radiomics(table, examples)
        if settings.usesSecondReading {
          secondReading = try source.secondFeatures(settings) { progress?(.extracting(done: $0, of: $1)) }
            .flatMap { try Self.secondReading($0, of: table, examples) }
        }
        notes += Self.notes(on: table, examples, source.wording)
        let uses = table.rows.flatMap { row in
          row.phases.map {
            CarriedPhases.Use([row.patient, row.lesion, row.reader], $0, row.carriedPhases.contains($0))
          }
        }
        notes += try CarriedPhases.notes(uses, source.carriedOutlines(), settings.radiomics?.phases ?? [])
      }
      self.init(kind: inputs.examples, examples, features: features, secondReading: secondReading, notes: notes)
      return
    }
    let rois = try source.rois()
    var (kept, notes) = try Self.kept(rois, inputs.phases, source.wording)
    notes += try CarriedPhases.notes(
      kept.map { rois.entries[$0] }.map {
        CarriedPhases.Use([$0.patient, $0.lesion, $0.reader], $0.phase, $0.isCarried)
      },
      source.carriedOutlines(), inputs.phases)
    let channels = inputs.fusion == .early ? PhaseChannels(rois.entries, inputs.phases) : nil
    if let channels {
      let matched = Set(kept.flatMap { channels.seen(with: $0).compactMap { $0 } })
      notes += channels.notes(used: matched.count, of: kept.count)
      kept.removeAll { channels.slices[$0] == nil }
      notes += MissingPhases.notes(
        Dictionary(grouping: kept) { [rois.entries[$0].patient, rois.entries[$0].lesion] }.sorted {
          $0.key.lexicographicallyPrecedes($1.key)
        }.map { Self.example($0.value, rois, channels) }, inputs)
    }
    switch inputs.examples {
    case .slice:
      self.init(
        kind: .slice, kept.map { Self.example([$0], rois, channels, named: rois.entries[$0].slice) }, rois: rois,
        notes: notes)
    default:
      var lesions: [[String]: [Int]] = [:]
      var order: [[String]] = []
      for index in kept {
        let name = [rois.entries[index].patient, rois.entries[index].lesion]
        if lesions[name] == nil { order.append(name) }
        lesions[name, default: []].append(index)
      }
      let examples = order.map { Self.example(lesions[$0] ?? [], rois, channels) }
      self.init(
        kind: inputs.examples, examples, rois: rois,
        notes: notes + (inputs.fusion == .late ? MissingPhases.notes(examples, inputs) : []))
    }
  }

  /// The ROIs of the phases that count, all that a reader drew where none is named; a patient counts with all lesions or not at all.
  private static func kept(
    _ rois: ROISet, _ phases: [Phase], _ wording: ExampleWording
  ) throws(StudyError) -> (kept: [Int], notes: [String]) {
    guard !phases.isEmpty else { return (rois.entries.indices.filter { !rois.entries[$0].isCarried }, []) }
    let names = phases.map(\.name).joined(separator: ", ")
    let chosen = rois.entries.indices.filter { rois.entries[$0].phase.map(phases.contains) ?? false }
    let lesions = Set(rois.entries.map { [$0.patient, $0.lesion] })
    let seen = Set(chosen.map { [rois.entries[$0].patient, rois.entries[$0].lesion] })
    let incomplete = Set(lesions.subtracting(seen).map { $0[0] })
    let kept = chosen.filter { !incomplete.contains(rois.entries[$0].patient) }
    guard !kept.isEmpty else {
      throw StudyError(
        .folds,
        "no patient has outlines in the phases that inputs.phases asks for (\(names)); \(wording.phases)")
    }
    var notes: [String] = []
    let unknown = rois.entries.count { $0.phase == nil }
    if kept.count < rois.entries.count {
      notes.append(
        "Of \(rois.entries.count) outlined slices, \(kept.count) are of the phases that the protocol asks for (\(names)) and are used; "
          + "the phase of \(unknown) is not known.")
    }
    if !incomplete.isEmpty {
      notes.append(
        "\(incomplete.count) patients have a lesion that is not outlined in these phases and are excluded: "
          + incomplete.sorted().joined(separator: ", ") + ".")
    }
    return (kept, notes)
  }

  /// The example of some ROIs of one lesion, seen with those of other phases where these are channels; `slice` is its name where
  /// it is a slice.
  private static func example(
    _ numbers: [Int], _ rois: ROISet, _ channels: PhaseChannels?, named slice: String = ""
  ) -> Example {
    let seen = channels.map { channels in numbers.flatMap { channels.seen(with: $0).compactMap { $0 } } } ?? numbers
    let entries = seen.map { rois.entries[$0] }
    let first = entries[0]
    return Example(
      patient: first.patient, lesion: first.lesion, slice: slice,
      gradeClass: first.grade.gradeClass, reader: first.reader, phases: Set(entries.compactMap(\.phase)).sorted(),
      rois: numbers,
      provenance: entries.map {
        Provenance(patient: $0.patient, exam: $0.exam, slice: $0.slice, pixelHash: $0.pixelHash)
      })
  }

  /// One example for each lesion or patient, by what is known of it.
  static func features(_ lesions: [RunLesion], ofPatients: Bool) -> [Example] {
    func provenance(_ patient: String) -> [Provenance] {
      [Provenance(patient: patient, exam: "", slice: "", pixelHash: "")]
    }
    guard ofPatients else {
      return lesions.map {
        Example(
          patient: $0.patient, lesion: $0.lesion, gradeClass: $0.grade.gradeClass, attributes: $0.attributes,
          provenance: provenance($0.patient))
      }
    }
    let attributes = PatientAttributes(lesions)
    let columns = Set(lesions.flatMap(\.attributes.keys))
    return Dictionary(grouping: lesions, by: \.patient).sorted { $0.key < $1.key }.map { patient, lesions in
      Example(
        patient: patient, gradeClass: lesions.contains { $0.grade.gradeClass == .high } ? .high : .low,
        attributes: attributes.row(patient, columns), provenance: provenance(patient))
    }
  }

  /// The same examples with the classes permuted among the patients by a seed: a control that must find nothing.
  public func shuffled(by seed: UInt64) -> ExampleSet {
    // A stream of its own, beside those of the epochs, which leave the highest bit alone.
    var generator = DeterministicGenerator(seed: seed, stream: 1 << 63 | 1)
    let codes = patients.keys.sorted()
    let shuffled = codes.compactMap { patients[$0] }.shuffled(using: &generator)
    let permuted = Dictionary(uniqueKeysWithValues: zip(codes, shuffled))
    var set = ExampleSet(
      kind, examples, rois, classes: examples.map { permuted[$0.patient] ?? .low }, patients: permuted, notes: notes)
    (set.features, set.secondReading) = (features, secondReading)
    return set
  }

  /// The same examples with the classes that another set of the same patients learns, where these are permuted.
  func labelled(as other: ExampleSet) -> ExampleSet {
    guard other.classes != other.examples.map(\.gradeClass) else { return self }
    var set = ExampleSet(
      kind, examples, rois, classes: examples.map { other.patients[$0.patient] ?? .low },
      patients: patients.keys.reduce(into: [:]) { $0[$1] = other.patients[$1] ?? .low }, notes: notes)
    (set.features, set.secondReading) = (features, secondReading)
    return set
  }

  /// The examples of some patients.
  func keeping(_ patients: Set<String>) -> ExampleSet {
    let places = examples.indices.filter { patients.contains(examples[$0].patient) }
    var set = ExampleSet(
      kind, places.map { examples[$0] }, rois, classes: places.map { classes[$0] },
      patients: self.patients.filter { patients.contains($0.key) }, notes: notes)
    (set.features, set.secondReading) = (features?.rows(places), secondReading?.rows(places))
    return set
  }

  /// Checks that each of the columns that `model.settings.columns` names is there for some example.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` that names the column and those that there are.
  func requireColumns(_ columns: [String]) throws(StudyError) {
    for column in columns where !examples.contains(where: { $0.attributes[column] != nil }) {
      throw StudyError(
        .invalidProtocol,
        "model.settings.columns names \(column), which no example has; the columns are "
          + Set(examples.flatMap(\.attributes.keys)).sorted().joined(separator: ", "))
    }
  }

  /// The same examples seen in other crops of the same slices.
  func with(_ rois: ROISet) -> ExampleSet {
    ExampleSet(kind, examples, rois, classes: classes, patients: patients, notes: notes)
  }

  /// SHA-256 of what is learnt from: each example with its origin, its class and its fold.
  func hash(_ split: Split) -> String {
    let lines = examples.indices.map { index in
      let example = examples[index]
      func joined(_ part: (Provenance) -> String) -> String { example.provenance.map(part).joined(separator: ",") }
      let origin = [
        example.patient, joined(\.exam), example.lesion, joined(\.slice), joined(\.pixelHash),
        classes[index].rawValue, "\(split.folds[index] ?? -1)",
      ]
      let attributes = example.attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      return (origin + attributes).joined(separator: "\t")
    }
    // Slices stood alone before there were other kinds: their runs of older versions have this hash too.
    let kinds = kind == .slice ? [] : [kind.rawValue]
    return Data((kinds + lines + [features, secondReading].compactMap { $0?.identity }).joined(separator: "\n").utf8)
      .sha256
  }
}
