import Annotation
import Foundation
import Imaging
import Study
import Support
import Testing

@testable import Phantom

/// The probability that a high-grade value exceeds a low-grade one.
private func auc(low: [Float], high: [Float]) -> Float {
  let all = (low.map { ($0, false) } + high.map { ($0, true) }).sorted { $0.0 < $1.0 }
  // Ties share their mean rank.
  var (start, rankSum) = (0, 0.0)
  while start < all.count {
    let end = all[start...].firstIndex { $0.0 != all[start].0 } ?? all.count
    rankSum += Double(start + end + 1) / 2 * Double(all[start..<end].count { $0.1 })
    start = end
  }
  let pairs = Double(low.count) * Double(high.count)
  return Float((rankSum - Double(high.count * (high.count + 1)) / 2) / pairs)
}

@Suite struct SignalTests {
  private func traits(isHigh: Bool, signal: Double, count: Int, seed: UInt64) -> [TumourTraits] {
    (0..<count).map { number in
      var generator = DeterministicGenerator(seed: seed, patient: number, purpose: .tumour)
      return TumourTraits(isHigh: isHigh, signal: signal, &generator)
    }
  }

  private static let measures: [(name: String, value: @Sendable (TumourTraits) -> Float)] = [
    ("size", { $0.diameter }), ("uptake", { -$0.enhancement }), ("texture", { $0.heterogeneity }),
    ("grain", { $0.grain }),
    ("necrosis", { $0.necrosis }), ("lobulation", { $0.lobulation }), ("blur", { $0.blur }),
  ]

  @Test func withoutSignalTheClassesHaveOneDistribution() {
    let low = traits(isHigh: false, signal: 0, count: 3000, seed: 1)
    let high = traits(isHigh: true, signal: 0, count: 3000, seed: 2)
    for measure in Self.measures {
      let area = auc(low: low.map(measure.value), high: high.map(measure.value))
      #expect(abs(area - 0.5) < 0.03, "\(measure.name): \(area)")
    }
    // Not only alike: from the same draws the class makes no difference at all, down to the pixels.
    var settings = PhantomSettings()
    settings.signal = 0
    let patients = [false, true].map { VirtualPatient(number: 5, isHigh: $0, settings) }
    let z = patients[0].lesions[0].tumour.centre.z
    #expect(patients[0].slice(at: z).pixels == patients[1].slice(at: z).pixels)
    #expect(patients[0].annotatedPhase == patients[1].annotatedPhase)
    #expect(patients[0].age == patients[1].age && patients[0].sex == patients[1].sex)
    #expect(patients[0].lesions[0].procedure == patients[1].lesions[0].procedure)
    #expect(patients[0].lesions[0].grade < patients[1].lesions[0].grade)
  }

  /// A source moves its own traits alone.
  @Test(arguments: [
    (PhantomSettings.SignalSource.texture, Set(["texture", "grain"])), (.shape, Set(["size", "lobulation"])),
    (.enhancement, Set(["uptake"])),
  ])
  func aSourceMovesItsOwnTraitsAlone(_ source: PhantomSettings.SignalSource, _ moved: Set<String>) {
    func traits(isHigh: Bool, seed: UInt64) -> [TumourTraits] {
      (0..<3000).map { number in
        var generator = DeterministicGenerator(seed: seed, patient: number, purpose: .tumour)
        return TumourTraits(isHigh: isHigh, signal: 2, in: source, &generator)
      }
    }
    let (low, high) = (traits(isHigh: false, seed: 1), traits(isHigh: true, seed: 2))
    for measure in Self.measures {
      let area = auc(low: low.map(measure.value), high: high.map(measure.value))
      if moved.contains(measure.name) {
        #expect(area > 0.7, "\(source), \(measure.name): \(area)")
      } else {
        #expect(abs(area - 0.5) < 0.03, "\(source), \(measure.name): \(area)")
      }
    }
    #expect(abs(auc(low: low.map(\.density), high: high.map(\.density)) - 0.5) < 0.03)
    #expect(Set(low.map(\.density)).count == (source == .enhancement ? 3000 : 1))
  }

  @Test func enhancementTakesTwoPhasesToSee() {
    var settings = PhantomSettings()
    settings.secondLesionShare = 0
    settings.signal = 2
    settings.signalIn = .enhancement
    var one: [[Float]] = [[], []]
    var two: [[Float]] = [[], []]
    for number in 0..<160 {
      let place = number % 2
      let patient = VirtualPatient(number: number, isHigh: place == 1, settings)
      let tumour = patient.lesions[0].tumour
      // Outside of the core, which enhances little.
      let points = (0..<40).map { step in
        let angle = Float(step) * 0.157
        return tumour.centre + 0.85 * tumour.traits.diameter / 2 * SIMD3(cos(angle), sin(angle), 0)
      }
      let values = points.map { tumour.attenuation(at: $0, patient.palette) }
      func mean(_ phase: ContrastPhase) -> Float { values.reduce(0) { $0 + $1[phase.lane] } / Float(values.count) }
      one[place].append(-mean(.portalVenous))
      two[place].append(mean(.preContrast) - mean(.portalVenous))
    }
    let (single, both) = (auc(low: one[0], high: one[1]), auc(low: two[0], high: two[1]))
    #expect(both > 0.85 && single < both - 0.1, "one phase \(single), two \(both)")
  }

  /// Cohorts of older versions are made again with the same UIDs.
  @Test func theUsualSourceLeavesTheUIDsAsTheyWere() {
    var settings = PhantomSettings()
    (settings.seed, settings.signal) = (2019, 2)
    settings.maximumAnnotatedSlices = 4
    settings.coverage = .annotated(margin: 1)
    func exams(_ settings: PhantomSettings) -> Set<String> {
      Set((0..<40).map { ImageIdentity(VirtualPatient(number: $0, isHigh: false, settings), settings).study })
    }
    let known: Set = [
      "2.25.147697238340219818104104214783723533651", "2.25.78282112103782405962899549683021424899",
    ]
    #expect(exams(settings).isSuperset(of: known))
    var other = settings
    other.signalIn = .shape
    #expect(exams(other).isDisjoint(with: exams(settings)))
  }

  @Test func withSignalEveryTraitShiftsAndNoneDecides() {
    let low = traits(isHigh: false, signal: 1, count: 2000, seed: 1)
    let high = traits(isHigh: true, signal: 1, count: 2000, seed: 2)
    for measure in Self.measures {
      let area = auc(low: low.map(measure.value), high: high.map(measure.value))
      #expect((0.58...0.9).contains(area), "\(measure.name): \(area)")
    }
    // A perfect observer weighs each trait by its shift.
    func score(_ traits: TumourTraits) -> Float {
      let shift = TumourTraits.shift
      return shift.size * log(traits.diameter / 33) / 0.38 - shift.enhancement * log(traits.enhancement) / 0.17
        + shift.texture * log(traits.heterogeneity / 0.13) / 0.45 + shift.necrosis * (traits.necrosis - 0.2) / 0.2
        + shift.margin * log(traits.lobulation / 0.035) / 0.45
    }
    let perfect = auc(low: low.map(score), high: high.map(score))
    #expect((0.94...0.985).contains(perfect), "\(perfect)")
    let half = auc(
      low: traits(isHigh: false, signal: 0.5, count: 2000, seed: 1).map(score),
      high: traits(isHigh: true, signal: 0.5, count: 2000, seed: 2).map(score))
    #expect((0.75...0.92).contains(half), "\(half)")
  }

  @Test func theSignalIsInTheHounsfieldValues() {
    var settings = PhantomSettings()
    settings.secondLesionShare = 0
    var means: [[Float]] = [[], []]
    for number in 0..<80 {
      let isHigh = number % 2 == 1
      let patient = VirtualPatient(number: number, isHigh: isHigh, settings)
      let tumour = patient.lesions[0].tumour
      var values: [Float] = []
      for x in -8...8 {
        for y in -8...8 {
          let offset = SIMD3(Float(x), Float(y), 0) * tumour.traits.diameter / 18
          guard tumour.distance(tumour.centre + offset) < 0 else { continue }
          values.append(
            tumour.attenuation(at: tumour.centre + offset, patient.palette)[ContrastPhase.portalVenous.lane])
        }
      }
      means[isHigh ? 1 : 0].append(values.reduce(0, +) / Float(values.count))
    }
    let area = auc(low: means[0], high: means[1])
    #expect((0.03...0.35).contains(area), "high grade takes up less: \(area)")
    let typical = means[0].sorted()[20]
    #expect((75...115).contains(typical))
  }

  @Test func theReaderOutlinesTheTumour() throws {
    var ratios: [Double] = []
    for number in 0..<8 {
      let patient = VirtualPatient(number: number, isHigh: number % 2 == 0, PhantomSettings())
      let tumour = patient.lesions[0].tumour
      var reader = VirtualReader(seed: 1, patient: number, grid: patient.grid)
      let slices = try #require(reader.slices(of: tumour, limit: nil))
      let some = try #require(reader.slices(of: tumour, limit: 3))
      #expect(some.count <= 3 && slices.contains(some.lowerBound) && slices.contains(some.upperBound))
      for slice in some {
        let z = Float(slice) * PixelGrid.sliceSpacing
        let polygon = Polygon(vertices: reader.outline(tumour, at: z))
        try polygon.validate(columns: PixelGrid.side, rows: PixelGrid.side)
        #expect((30...60).contains(polygon.vertices.count))
        var (truth, both, inside, centre) = (0.0, 0.0, 0.0, SIMD2<Double>.zero)
        for row in 0..<PixelGrid.side {
          for column in 0..<PixelGrid.side {
            let place = patient.grid.origin + SIMD2(Float(column), Float(row)) * PixelGrid.spacing
            guard abs(place.x - tumour.centre.x) < 60, abs(place.y - tumour.centre.y) < 60 else { continue }
            let isTumour = tumour.distance(SIMD3(place.x, place.y, z)) < 0
            let isInside = polygon.contains(SIMD2(Double(column), Double(row)))
            truth += isTumour ? 1 : 0
            inside += isInside ? 1 : 0
            both += isTumour && isInside ? 1 : 0
            if isTumour { centre += SIMD2(Double(column), Double(row)) }
          }
        }
        #expect(2 * both / (truth + inside) > 0.9, "patient \(number), slice \(slice)")
        let miss = polygon.centroid - centre / truth
        #expect((miss * miss).sum().squareRoot() < 1)
        ratios.append(polygon.area / truth)
      }
    }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    #expect(abs(mean - 1) < 0.06, "\(mean)")
  }
}
