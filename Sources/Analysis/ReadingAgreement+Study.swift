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
    let several = all.filter { $0.readings.count > 1 }
    guard !several.isEmpty else {
      throw StudyError(
        .file,
        "no lesion of the study was outlined twice on one series, so there is no agreement to state; import a second reader's "
          + "outlines with `renalgrade import --contours`")
    }
    let results = ParallelMap.run(several, chunk: 1) { lesion in
      Result { () throws(LesionVolumeError) in try MeasuredLesion(lesion) }
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
    readings = Set(all.flatMap(\.names)).sorted()
    single = Self.single(all)
    let phases = Self.phases(all)
    let names = Dictionary(grouping: lesions) { [$0.first, $0.second] }
    pairs = names.map { Pair($0.key[0], $0.key[1], $0.value, phases) }
      .sorted { ($0.isOneReader ? 1 : 0, $0.first, $0.second) < ($1.isOneReader ? 1 : 0, $1.first, $1.second) }
    consensus = readings.compactMap { Consensus($0, measured) }
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

  /// By reading and lesion: the phase of the series with most outlined slices.
  private static func phases(_ all: [LesionReadings]) -> [Reading: [[String]: Phase]] {
    var most: [Reading: [[String]: (slices: Int, phase: Phase)]] = [:]
    for lesion in all {
      guard let phase = lesion.phase else { continue }
      for (reading, name) in zip(lesion.readings, lesion.names) {
        let known = most[name]?[[lesion.patient, lesion.lesion]]?.slices ?? 0
        if reading.sliceCount > known {
          most[name, default: [:]][[lesion.patient, lesion.lesion]] = (reading.sliceCount, phase)
        }
      }
    }
    return most.mapValues { $0.mapValues(\.phase) }
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
    return ReadingsPicture.Lesion(
      title: "\(place): \(patient), Dice \((dice * 100).rounded() / 100)", readers: found.names.map(\.name),
      volumes: try found.volumes())
  }
}

extension ReadingAgreement.Reading: Comparable {
  /// By reader, then by occasion.
  public static func < (one: Self, other: Self) -> Bool {
    (one.reader, one.occasion) < (other.reader, other.occasion)
  }
}

extension LesionReadings {
  fileprivate var names: [ReadingAgreement.Reading] {
    readings.map { .init(reader: $0.reader, occasion: $0.occasion) }
  }
}

extension ReadingAgreement.Listed {
  fileprivate init(_ lesion: LesionReadings, _ reason: String) {
    self.init(patient: lesion.patient, lesion: lesion.lesion, readings: lesion.names, reason: reason)
  }
}

extension ReadingAgreement.Pair {
  fileprivate init(
    _ first: ReadingAgreement.Reading, _ second: ReadingAgreement.Reading, _ lesions: [ReadingAgreement.Lesion],
    _ phases: [ReadingAgreement.Reading: [[String]: Phase]]
  ) {
    self.first = first
    self.second = second
    self.lesions = lesions.count
    patients = Set(lesions.map(\.patient)).count
    func known(_ value: (ReadingAgreement.Lesion) -> Double?) -> (values: [Double], clusters: [String]) {
      let found = lesions.compactMap { lesion in value(lesion).map { ($0, lesion.patient) } }
      return (found.map(\.0), found.map(\.1))
    }
    func mean(_ value: (ReadingAgreement.Lesion) -> Double?) -> Stated {
      let found = known(value)
      return Stated { () throws(NotEstimable) in
        try ClusteredMean.estimate(found.values, clusters: found.clusters)
      } otherwise: { () throws(NotEstimable) in
        try ClusteredMean.value(found.values)
      }
    }
    func median(_ value: (ReadingAgreement.Lesion) -> Double?) -> Double? {
      let sorted = known(value).values.sorted()
      return sorted.isEmpty ? nil : Quantile.value(0.5, ofSorted: sorted)
    }
    dice = mean(\.dice)
    jaccard = mean(\.jaccard)
    hausdorff95 = mean(\.hausdorff95)
    meanSurfaceDistance = mean(\.meanSurfaceDistance)
    medianDice = median(\.dice)
    medianHausdorff95 = median(\.hausdorff95)
    measures = [
      .init("Volume", "mL", lesions) { [$0.volumes[0] / 1000, $0.volumes[1] / 1000] },
      .init("Longest diameter in a slice", "mm", lesions) { $0.diameters },
      .init("Mean HU", "HU", lesions) { lesion in lesion.meanHU.compactMap { $0 } },
    ]
    let (own, other) = (phases[first] ?? [:], phases[second] ?? [:])
    let both = own.keys.filter { other[$0] != nil }.sorted { $0.lexicographicallyPrecedes($1) }
    phase = Stated { () throws(NotEstimable) in
      Estimate(
        value: try Agreement.kappa(both.map { own[$0]?.rawValue ?? "" }, both.map { other[$0]?.rawValue ?? "" }),
        interval: nil)
    }
  }
}

extension ReadingAgreement.Measure {
  fileprivate init(
    _ name: String, _ unit: String, _ lesions: [ReadingAgreement.Lesion],
    _ values: (ReadingAgreement.Lesion) -> [Double]
  ) {
    let pairs = lesions.map { ($0.patient, values($0)) }.filter { $0.1.count == 2 }
    func stated(_ statistic: PairedMeasurements.Statistic) -> Stated {
      func measurements() throws(NotEstimable) -> PairedMeasurements {
        try PairedMeasurements(pairs.map { $0.1[0] }, pairs.map { $0.1[1] }, clusters: pairs.map(\.0))
      }
      return Stated { () throws(NotEstimable) in
        try measurements().estimate(statistic)
      } otherwise: {
        () throws(NotEstimable) in
        try measurements().value(statistic)
      }
    }
    self.name = name
    self.unit = unit
    bias = stated(.bias)
    lowerLimit = stated(.lowerLimit)
    upperLimit = stated(.upperLimit)
    icc21 = stated(.icc21)
    icc31 = stated(.icc31)
    self.lesions = pairs.count
  }
}

extension ReadingAgreement.Consensus {
  /// Nil where the reading shares no lesion with another.
  fileprivate init?(_ reading: ReadingAgreement.Reading, _ measured: [MeasuredLesion]) {
    let found = measured.compactMap { lesion in lesion.readings.firstIndex(of: reading).map { (lesion, $0) } }
    guard !found.isEmpty else { return nil }
    self.reading = reading
    lesions = found.count
    func mean(_ value: (MeasuredLesion, Int) -> Double?) -> Stated {
      let known = found.compactMap { lesion, place in value(lesion, place).map { ($0, lesion.patient) } }
      return Stated { () throws(NotEstimable) in
        try ClusteredMean.estimate(known.map(\.0), clusters: known.map(\.1))
      } otherwise: { () throws(NotEstimable) in
        try ClusteredMean.value(known.map(\.0))
      }
    }
    diceWithMajority = mean { $0.diceWithMajority[$1] }
    sensitivity = mean { $0.staple?[$1].sensitivity }
    specificity = mean { $0.staple?[$1].specificity }
  }
}
