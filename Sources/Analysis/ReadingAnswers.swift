import Annotation
import Evaluation
import ROI
import Study

/// What each reading answered to one question about each lesion.
struct ReadingAnswers: Sendable {
  /// A lesion of a patient; of what readers said on the page, in one exam.
  struct Lesion: Hashable, Comparable, Sendable {
    let patient: String
    let lesion: String
    var exam = ""

    static func < (one: Self, other: Self) -> Bool {
      (one.patient, one.lesion, one.exam) < (other.patient, other.lesion, other.exam)
    }
  }

  /// The question, as tables name it.
  let name: String
  /// By reading: the answers; a lesion without one is not there.
  let answers: [ReadingAgreement.Reading: [Lesion: String]]

  /// The questions that somebody answered.
  ///
  /// Of imported outlines the phase alone is known: that a lesion has none does not say that its reader saw none.
  static func all(_ outlined: [LesionReadings], _ findings: [ReadingFindings]) -> [ReadingAnswers] {
    let read = findings.filter { $0.reader != Reader.consensus }
    func said(_ name: String, _ answer: (AnnotationObject.Assessment) -> String?) -> ReadingAnswers {
      var answers: [ReadingAgreement.Reading: [Lesion: String]] = [:]
      for finding in read {
        for lesion in finding.lesions {
          let place = Lesion(patient: finding.patient, lesion: lesion.name, exam: finding.exam)
          answers[.init(reader: finding.reader, occasion: finding.occasion), default: [:]][place] =
            lesion.verdict.flatMap(answer)
        }
      }
      return ReadingAnswers(name: name, answers: answers)
    }
    return [
      said("Lesion assessable") { $0 == .notAssessable ? "not assessable" : "assessable" },
      said("Lesion present") { verdict in
        switch verdict {
        case .present: "present"
        case .noLesion: "absent"
        case .notAssessable: nil
        }
      },
      ReadingAnswers(name: "Outlined phase", answers: phases(outlined)),
    ].filter { !$0.answers.isEmpty }
  }

  /// By reading and lesion: the phase of the series with most outlined slices.
  private static func phases(_ outlined: [LesionReadings]) -> [ReadingAgreement.Reading: [Lesion: String]] {
    var most: [ReadingAgreement.Reading: [Lesion: (slices: Int, phase: Phase)]] = [:]
    for lesion in outlined {
      guard let phase = lesion.phase else { continue }
      let place = Lesion(patient: lesion.patient, lesion: lesion.lesion)
      for (reading, name) in zip(lesion.readings, lesion.names)
      where reading.sliceCount > most[name]?[place]?.slices ?? 0 {
        most[name, default: [:]][place] = (reading.sliceCount, phase)
      }
    }
    return most.mapValues { $0.mapValues(\.phase.name) }
  }
}

extension ReadingAgreement.Categories {
  /// Nil where both have answered the question of no lesion.
  init?(_ asked: ReadingAnswers, _ first: ReadingAgreement.Reading, _ second: ReadingAgreement.Reading) {
    let (one, other) = (asked.answers[first] ?? [:], asked.answers[second] ?? [:])
    let places = one.keys.filter { other[$0] != nil }.sorted()
    guard !places.isEmpty else { return nil }
    let answers = places.map { (first: one[$0] ?? "", second: other[$0] ?? "") }
    func kappa(_ chosen: [Int]) throws(NotEstimable) -> Double {
      try Agreement.kappa(chosen.map { answers[$0].first }, chosen.map { answers[$0].second })
    }
    name = asked.name
    lesions = places.count
    alike = answers.count { $0.first == $0.second }
    self.kappa = Stated { () throws(NotEstimable) in
      try Agreement.estimate(clusters: places.map(\.patient)) { chosen throws(NotEstimable) in try kappa(chosen) }
    } otherwise: { () throws(NotEstimable) in
      try kappa(Array(answers.indices))
    }
    let count = Double(places.count)
    shares = Set(answers.flatMap { [$0.first, $0.second] }).sorted().map { category in
      Share(
        category: category, first: Double(answers.count { $0.first == category }) / count,
        second: Double(answers.count { $0.second == category }) / count)
    }
  }
}

extension ReadingAgreement.Overall {
  /// What the first readings of more than two readers answered; nil where there are fewer.
  init?(_ asked: ReadingAnswers) {
    let readers = asked.answers.filter { $0.key.occasion == 1 && !$0.value.isEmpty }.sorted { $0.key < $1.key }.map(
      \.value)
    guard readers.count > 2 else { return nil }
    let categories = Set(readers.flatMap(\.values)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1, $0) })
    let places = Set(readers.flatMap(\.keys)).sorted().filter { place in readers.count { $0[place] != nil } > 1 }
    guard !places.isEmpty else { return nil }
    let table = places.map { place in readers.map { $0[place].flatMap { numbers[$0] } } }
    let complete = table.indices.filter { !table[$0].contains(nil) }
    func stated(_ rows: [Int], _ statistic: ([[Int?]]) throws(NotEstimable) -> Double) -> Stated {
      Stated { () throws(NotEstimable) in
        try Agreement.estimate(clusters: rows.map { places[$0].patient }) { chosen throws(NotEstimable) in
          try statistic(chosen.map { table[rows[$0]] })
        }
      } otherwise: { () throws(NotEstimable) in
        try statistic(rows.map { table[$0] })
      }
    }
    name = asked.name
    self.readers = readers.count
    lesions = places.count
    alpha = stated(Array(table.indices)) { rows throws(NotEstimable) in
      try Agreement.krippendorffAlpha(rows.map { $0.map { $0.map(Double.init) } }, .nominal)
    }
    self.complete = complete.count
    kappa = stated(complete) { rows throws(NotEstimable) in
      try Agreement.fleissKappa(rows.map { $0.compactMap { $0 } })
    }
  }
}
