import Annotation
import Evaluation
public import ROI
public import Study
public import Support

extension ReadingAgreement {
  /// Compares all readings of a study.
  ///
  /// - Parameters:
  ///   - study: the study.
  ///   - progress: told how many of how many lesions are measured, by several threads.
  /// - Throws: `StudyError` where the study cannot be read, or nothing was read twice.
  public init(_ study: StudyFolder, progress: (@Sendable (Int, Int) -> Void)? = nil) throws(StudyError) {
    let all = try LesionReadings.all(in: study)
    let findings = try ReadingFindings.all(in: study)
    let several = all.filter { $0.readings.count > 1 }
    let diameters = DrawnDiameters(findings)
    let results = ParallelMap.run(several, chunk: 1) { lesion in
      Result { () throws(LesionVolumeError) in try MeasuredLesion(lesion) { diameters.longest(of: lesion, $0) } }
    } progress: {
      progress?($0, several.count)
    }
    var measured: [MeasuredLesion] = []
    var failed: [Listed] = []
    for (lesion, result) in zip(several, results) {
      switch result {
      case .success(let found): measured.append(found)
      case .failure(let error): failed.append(Listed(lesion, error.description))
      }
    }
    let lesions = measured.flatMap(\.pairs)
    self.lesions = lesions
    self.failed = failed
    let answers = ReadingAnswers.all(all, findings)
    let readings = Set(all.flatMap(\.names)).union(answers.flatMap(\.answers.keys)).sorted()
    self.readings = readings
    single = Self.single(all)
    let names = Dictionary(grouping: lesions) { [$0.first, $0.second] }
    let pairs = readings.indices.flatMap { second in
      readings[..<second].compactMap { first in
        Pair(first, readings[second], names[[first, readings[second]]] ?? [], answers)
      }
    }
    guard !pairs.isEmpty || !failed.isEmpty else {
      throw StudyError(
        .file,
        "no lesion of the study was outlined twice on one series, so there is no agreement to state; import a second reader's "
          + "outlines with `renalgrade import --contours`, or let a second reader outline with `renalgrade annotate`")
    }
    self.pairs = pairs.sorted {
      ($0.isOneReader ? 1 : 0, $0.first, $0.second) < ($1.isOneReader ? 1 : 0, $1.first, $1.second)
    }
    consensus = readings.compactMap { Consensus($0, measured) }
    overall = answers.compactMap(Overall.init)
    unlisted = findings.flatMap { finding in
      finding.added.map {
        Unlisted(patient: finding.patient, lesion: $0.name, reading: Reading(finding), slices: $0.slices)
      }
    }.sorted { ($0.patient, $0.lesion, $0.reading) < ($1.patient, $1.lesion, $1.reading) }
    unfinished = Dictionary(grouping: findings.filter { !$0.isFinished && !$0.isConsensus }, by: Reading.init)
      .map { Unfinished(reading: $0.key, exams: $0.value.count) }.sorted { $0.reading < $1.reading }
    adjudicated = Adjudicated(findings)
    pictured = Self.pictured(measured)
  }

  /// Lesions that one reading outlined, and those outlined on different series.
  private static func single(_ all: [LesionReadings]) -> [Listed] {
    let byLesion = Dictionary(grouping: all) { [$0.patient, $0.lesion] }
    return byLesion.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.compactMap { name, series in
      guard series.allSatisfy({ $0.readings.count == 1 }) else { return nil }
      let readings = Set(series.flatMap(\.names)).sorted()
      return Listed(
        patient: name[0], lesion: name[1], readings: readings,
        reason: readings.count == 1
          ? "only \(readings[0].name) outlined it"
          : "its readings lie on different series, whose voxels cannot be compared")
    }
  }

  private static func pictured(_ measured: [MeasuredLesion]) -> [Pictured] {
    let ranked = measured.compactMap { lesion -> (lesion: MeasuredLesion, dice: Double)? in
      let found = lesion.pairs.filter { $0.first.reader != $0.second.reader }.compactMap(\.dice)
      return found.isEmpty ? nil : (lesion, found.reduce(0, +) / Double(found.count))
    }.sorted { $0.dice > $1.dice }
    guard let last = ranked.indices.last else { return [] }
    let places = [("best", 0), ("median", last / 2), ("worst", last)]
    return places.enumerated().filter { number, place in number == 0 || place.1 > places[number - 1].1 }.map {
      _, place in
      let (lesion, dice) = ranked[place.1]
      return Pictured(
        place: place.0, patient: lesion.patient, lesion: lesion.lesion, series: lesion.series, dice: dice)
    }
  }
}

extension ReadingAgreement.Pictured {
  /// The lesion with its outlines, to be drawn.
  ///
  /// - Throws: `StudyError` where the study cannot be read; `LesionVolumeError` where the lesion cannot.
  public func drawn(in study: StudyFolder) throws -> ReadingsPicture.Lesion? {
    let found = try LesionReadings.all(in: study).first {
      $0.patient == patient && $0.lesion == lesion && $0.series == series
    }
    guard let found else { return nil }
    let volumes = try found.volumes()
    let consensus = LesionConsensus(found, volumes)
    return ReadingsPicture.Lesion(
      title: "\(place): \(patient), Dice \((dice * 100).rounded() / 100)", readers: found.names.map(\.name),
      volumes: volumes,
      consensus: [("majority", consensus?.majority), ("STAPLE", consensus?.staple?.values)].compactMap { name, mask in
        mask.map { (name, $0) }
      })
  }
}

extension ReadingAgreement.Reading: Comparable {
  /// By reader, then by occasion.
  public static func < (one: Self, other: Self) -> Bool {
    (one.reader, one.occasion) < (other.reader, other.occasion)
  }
}

extension ReadingAgreement.Listed {
  fileprivate init(_ lesion: LesionReadings, _ reason: String) {
    self.init(patient: lesion.patient, lesion: lesion.lesion, readings: lesion.names, reason: reason)
  }
}

extension ReadingAgreement.Reading {
  fileprivate init(_ finding: ReadingFindings) { self.init(reader: finding.reader, occasion: finding.occasion) }
}

extension ReadingFindings {
  fileprivate var isConsensus: Bool { reader == Reader.consensus }
}

extension ReadingAgreement.Adjudicated {
  /// Nil where no consensus was begun.
  fileprivate init?(_ findings: [ReadingFindings]) {
    let consensus = findings.filter(\.isConsensus)
    guard !consensus.isEmpty else { return nil }
    finished = consensus.count(where: \.isFinished)
    open = consensus.count - finished
    let readTwice = Dictionary(
      grouping: findings.filter { !$0.isConsensus && $0.occasion == 1 && $0.isFinished }, by: \.exam
    )
    .filter { $0.value.count > 1 }
    missing = Set(readTwice.keys).subtracting(consensus.map(\.exam)).count
  }
}

/// The longest diameters that readers drew.
private struct DrawnDiameters: Sendable {
  private let millimetres: [[String]: Double]

  init(_ findings: [ReadingFindings]) {
    millimetres = Dictionary(
      findings.flatMap { finding in
        finding.diameters.map {
          ([finding.patient, $0.lesion, $0.series, finding.reader, "\(finding.occasion)"], $0.millimetres)
        }
      }, uniquingKeysWith: max)
  }

  /// The longest that a reading drew of a lesion, in mm; nil where it drew none.
  func longest(of lesion: LesionReadings, _ reading: ReadingAgreement.Reading) -> Double? {
    millimetres[[lesion.patient, lesion.lesion, lesion.series, reading.reader, "\(reading.occasion)"]]
  }
}
