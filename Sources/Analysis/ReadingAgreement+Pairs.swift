import Annotation
import Evaluation
import ROI
import Study
import Support

extension ReadingAgreement.Pair {
  /// Two readings on the lesions that both outlined, and by their answers; nil where they have nothing in common.
  init?(
    _ first: ReadingAgreement.Reading, _ second: ReadingAgreement.Reading, _ lesions: [ReadingAgreement.Lesion],
    _ answers: [ReadingAnswers]
  ) {
    categories = answers.compactMap { ReadingAgreement.Categories($0, first, second) }
    guard !lesions.isEmpty || !categories.isEmpty else { return nil }
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
      return .mean(found.values, clusters: found.clusters)
    }
    func median(_ value: (ReadingAgreement.Lesion) -> Double?) -> Double? {
      let sorted = known(value).values.sorted()
      return sorted.isEmpty ? nil : Quantile.value(0.5, ofSorted: sorted)
    }
    dice = mean(\.dice)
    jaccard = mean(\.jaccard)
    hausdorff95 = mean(\.surfaces?.hausdorff95)
    hausdorff95Greater = mean(\.surfaces?.hausdorff95Greater)
    hausdorff95ByArea = mean(\.surfaces?.hausdorff95ByArea)
    meanSurfaceDistance = mean(\.surfaces?.mean)
    medianDice = median(\.dice)
    medianHausdorff95 = median(\.surfaces?.hausdorff95)
    let drawn = ReadingAgreement.Measure("Longest diameter as drawn", "mm", lesions) { lesion in
      lesion.drawnDiameters.compactMap { $0 }
    }
    measures =
      [
        .init("Volume", "mL", lesions) { lesion in lesion.volumes.map { $0 / 1000 } },
        .init("Longest diameter computed from the outlines of a slice", "mm", lesions) { $0.diameters },
      ] + (drawn.lesions > 0 ? [drawn] : [])
      + [.init("Mean HU", "HU", lesions) { lesion in lesion.meanHU.compactMap { $0 } }]
  }
}

extension ReadingAgreement.Measure {
  fileprivate init(
    _ name: String, _ unit: String, _ lesions: [ReadingAgreement.Lesion],
    _ values: (ReadingAgreement.Lesion) -> [Double]
  ) {
    let rows = lesions.map { (patient: $0.patient, values: values($0)) }.filter { $0.values.count == 2 }
    let (first, second) = (rows.map { $0.values[0] }, rows.map { $0.values[1] })
    let (table, clusters) = (rows.map(\.values), rows.map(\.patient))
    func correlation(_ form: IntraclassCorrelation.Form) -> Stated {
      Stated { () throws(NotEstimable) in
        try Agreement.correlation(form, table, clusters: clusters)
      } otherwise: { () throws(NotEstimable) in
        try IntraclassCorrelation(table).value(form)
      }
    }
    func limit(_ limit: Agreement.Limit) -> Stated {
      Stated { () throws(NotEstimable) in try Agreement.limit(limit, first, second, clusters: clusters) }
    }
    self.name = name
    self.unit = unit
    bias = Stated { () throws(NotEstimable) in
      try Agreement.limit(.bias, first, second, clusters: clusters)
    } otherwise: { () throws(NotEstimable) in
      try Agreement.mean(zip(first, second).map { $1 - $0 })
    }
    lowerLimit = limit(.lower)
    upperLimit = limit(.upper)
    icc21 = correlation(.agreement)
    icc31 = correlation(.consistency)
    self.lesions = rows.count
  }
}

extension ReadingAgreement.Consensus {
  /// Nil where the reading has no lesion in common with another reader's.
  init?(_ reading: ReadingAgreement.Reading, _ measured: [MeasuredLesion]) {
    let found = measured.compactMap { lesion in lesion.withConsensus[reading].map { (lesion.patient, $0) } }
    guard !found.isEmpty else { return nil }
    self.reading = reading
    lesions = found.count
    lesionsWithSTAPLE = found.count { $0.1.rates != nil }
    func mean(_ value: (MeasuredLesion.WithConsensus) -> Double?) -> Stated {
      let known = found.compactMap { patient, lesion in value(lesion).map { ($0, patient) } }
      return .mean(known.map(\.0), clusters: known.map(\.1))
    }
    diceWithMajority = mean(\.diceWithMajority)
    diceWithSTAPLE = mean(\.diceWithSTAPLE)
    sensitivity = mean(\.rates?.sensitivity)
    specificity = mean(\.rates?.specificity)
  }
}

extension Stated {
  /// The mean of some values with its interval over draws of clusters.
  fileprivate static func mean(_ values: [Double], clusters: [String]) -> Stated {
    Stated { () throws(NotEstimable) in
      try Agreement.mean(values, clusters: clusters)
    } otherwise: { () throws(NotEstimable) in
      try Agreement.mean(values)
    }
  }
}
