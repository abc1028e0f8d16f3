import ROI
import Study
import Support

/// What the network learns: the class of each ROI and patient.
struct Labels {
  /// By ROI.
  let classes: [GradeClass]
  /// By patient: high where any lesion is.
  let patients: [String: GradeClass]
  /// By ROI: 1 for high grade, 0 for low.
  var targets: [Int64] { classes.map { $0 == .high ? 1 : 0 } }

  /// Takes the classes from the grades; a seed permutes whole patients' classes.
  init(_ rois: ROISet, shuffledBy seed: UInt64?) {
    var patients: [String: GradeClass] = [:]
    for entry in rois.entries {
      if patients[entry.patient] != .high { patients[entry.patient] = entry.grade.gradeClass }
    }
    if let seed {
      // A stream of its own, beside those of the epochs, which leave the highest bit alone.
      var generator = DeterministicGenerator(seed: seed, stream: 1 << 63 | 1)
      let codes = patients.keys.sorted()
      let shuffled = codes.compactMap { patients[$0] }.shuffled(using: &generator)
      patients = Dictionary(uniqueKeysWithValues: zip(codes, shuffled))
      let permuted = patients
      classes = rois.entries.map { permuted[$0.patient] ?? .low }
    } else {
      classes = rois.entries.map(\.grade.gradeClass)
    }
    self.patients = patients
  }
}
