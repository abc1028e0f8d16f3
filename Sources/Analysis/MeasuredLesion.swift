import Evaluation
import ROI
import Study

/// What the readings of one lesion on one series come to, without their voxels.
struct MeasuredLesion: Sendable {
  let patient: String
  let lesion: String
  let series: String
  let readings: [ReadingAgreement.Reading]
  /// Each two readings, in their order.
  let pairs: [ReadingAgreement.Lesion]
  /// By reading.
  let diceWithMajority: [Double?]
  /// By reading; nil where STAPLE has no estimate.
  let staple: [(sensitivity: Double, specificity: Double)]?

  /// Compares all readings of a lesion with one another.
  ///
  /// - Throws: `LesionVolumeError` where they cannot be read.
  init(_ lesion: LesionReadings) throws(LesionVolumeError) {
    let volumes = try lesion.volumes()
    patient = lesion.patient
    self.lesion = lesion.lesion
    series = lesion.series
    let readings = lesion.readings.map { ReadingAgreement.Reading(reader: $0.reader, occasion: $0.occasion) }
    self.readings = readings
    let sizes = volumes.volumes
    var pairs: [ReadingAgreement.Lesion] = []
    for second in readings.indices {
      for first in 0..<second {
        let found = MaskComparison(volumes.masks[first], volumes.masks[second], volumes)
        pairs.append(
          ReadingAgreement.Lesion(
            patient: lesion.patient, lesion: lesion.lesion, phase: lesion.phase, first: readings[first],
            second: readings[second], dice: found.dice, jaccard: found.jaccard, hausdorff95: found.hausdorff95,
            meanSurfaceDistance: found.meanSurfaceDistance, volumes: [sizes[first], sizes[second]],
            diameters: [volumes.diameters[first], volumes.diameters[second]],
            meanHU: [volumes.meanHU[first], volumes.meanHU[second]], note: found.note))
      }
    }
    self.pairs = pairs
    (diceWithMajority, staple) = MaskComparison.consensus(volumes)
  }
}
