import Annotation
import Evaluation
import Imaging
import ROI
import Study

/// What the readings of one lesion on one series come to, without their voxels.
struct MeasuredLesion: Sendable {
  /// A reading against the consensus of all readers.
  struct WithConsensus: Sendable {
    /// The Dice coefficient with the majority; nil where the reading encloses no voxel.
    let diceWithMajority: Double?
    /// The Dice coefficient with STAPLE's outline, and the rates by STAPLE; nil where it has no estimate.
    let diceWithSTAPLE: Double?
    let rates: ConsensusMask.Reader?
  }

  let patient: String
  let lesion: String
  let series: String
  /// Each two readings, in their order.
  let pairs: [ReadingAgreement.Lesion]
  /// By reading: the first readings of two readers or more against their consensus.
  let withConsensus: [ReadingAgreement.Reading: WithConsensus]

  /// Compares all readings of a lesion with one another.
  ///
  /// - Parameters:
  ///   - lesion: the lesion.
  ///   - drawnDiameter: gives the longest diameter that a reading drew of the lesion on the series, in mm; nil where it drew none.
  /// - Throws: `LesionVolumeError` where they cannot be read.
  init(
    _ lesion: LesionReadings, drawnDiameter: (ReadingAgreement.Reading) -> Double?
  ) throws(LesionVolumeError) {
    let volumes = try lesion.volumes()
    (patient, self.lesion, series) = (lesion.patient, lesion.lesion, lesion.series)
    let readings = lesion.names
    let sizes = volumes.volumes
    var pairs: [ReadingAgreement.Lesion] = []
    for second in readings.indices {
      for first in 0..<second {
        let both = [first, second]
        let isEmpty = both.contains { !volumes.masks[$0].contains(true) }
        // Masks of one grid have one size.
        let overlap = isEmpty ? nil : try? MaskOverlap(volumes.masks[first], volumes.masks[second])
        pairs.append(
          ReadingAgreement.Lesion(
            patient: lesion.patient, lesion: lesion.lesion, phase: lesion.phase, first: readings[first],
            second: readings[second], dice: overlap?.dice, jaccard: overlap?.jaccard,
            surfaces: ReadingAgreement.Surfaces(volumes, first, second), volumes: both.map { sizes[$0] },
            diameters: both.map { volumes.diameters[$0] }, drawnDiameters: both.map { drawnDiameter(readings[$0]) },
            meanHU: both.map { volumes.meanHU[$0] },
            note: isEmpty ? "an outline encloses the centre of no voxel" : nil))
      }
    }
    self.pairs = pairs
    withConsensus = Self.withConsensus(lesion, volumes)
  }

  private static func withConsensus(
    _ lesion: LesionReadings, _ volumes: ReadingVolumes
  ) -> [ReadingAgreement.Reading: WithConsensus] {
    guard let consensus = LesionConsensus(lesion, volumes) else { return [:] }
    func dice(_ reading: [Bool], _ other: [Bool]?) -> Double? {
      guard let other, reading.contains(true) else { return nil }
      return try? MaskOverlap(reading, other).dice
    }
    var found: [ReadingAgreement.Reading: WithConsensus] = [:]
    for (number, place) in consensus.places.enumerated() {
      let mask = volumes.masks[place]
      found[lesion.names[place]] = WithConsensus(
        diceWithMajority: dice(mask, consensus.majority), diceWithSTAPLE: dice(mask, consensus.staple?.values),
        rates: consensus.staple?.readers[number])
    }
    return found
  }
}

/// What several readers' first readings of a lesion have in common.
struct LesionConsensus {
  /// The places of the first readings among all readings.
  let places: [Int]
  /// What more than half of them include.
  let majority: [Bool]
  /// STAPLE's estimate; nil where there is none.
  let staple: ConsensusMask?

  /// Nil where fewer than two readers outlined the lesion.
  init?(_ lesion: LesionReadings, _ volumes: ReadingVolumes) {
    places = lesion.readings.indices.filter { lesion.readings[$0].occasion == 1 }
    let masks = places.map { volumes.masks[$0] }
    guard let majority = try? ConsensusMask.majorityMask(masks) else { return nil }
    self.majority = majority
    staple = try? ConsensusMask.staple(masks)
  }
}

extension ReadingAgreement.Surfaces {
  /// Nil where a reading encloses no voxel.
  fileprivate init?(_ volumes: ReadingVolumes, _ first: Int, _ second: Int) {
    guard
      let found = SurfaceDistances(
        volumes.masks[first], volumes.masks[second], size: volumes.size, spacing: volumes.spacing)
    else { return nil }
    hausdorff95 = found.hausdorff95(.pooled)
    hausdorff95Greater = found.hausdorff95(.greater)
    hausdorff95ByArea = found.hausdorff95(.byArea)
    mean = found.mean
    meansByArea = [found.meansByArea.firstToSecond, found.meansByArea.secondToFirst]
    isWithinSlice = volumes.size.z == 1
  }
}

extension LesionReadings {
  /// The readings' names, in their order.
  var names: [ReadingAgreement.Reading] { readings.map { .init(reader: $0.reader, occasion: $0.occasion) } }
}
