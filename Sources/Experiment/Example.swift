public import Study
public import Support

/// What is learnt from and predicted at once: a slice, a lesion's slices, or what is known of a lesion or patient.
public struct Example: Equatable, Sendable {
  /// The patient's code.
  public let patient: String
  /// The lesion's name; empty where the example is a whole patient.
  public let lesion: String
  /// The slice's SOP instance UID, with `#frame` for frames after the first; empty where the example is no single slice.
  public let slice: String
  /// The class by pathology.
  public let gradeClass: GradeClass
  /// Whose outlines it was made by; empty where it was made by none.
  public let reader: String
  /// The phases of the slices that it is made of, as far as they are known.
  public let phases: [Phase]
  /// The numbers of its ROIs in the set's `rois`, in the order of the slices; none where it is made of features alone.
  public let rois: [Int]
  /// What the pathology table and the outlines say of it, by column; empty where it is made of slices.
  public let attributes: [String: String]
  /// Where its images come from.
  public let provenance: [Provenance]

  /// Makes an example from its parts.
  public init(
    patient: String, lesion: String = "", slice: String = "", gradeClass: GradeClass, reader: String = "",
    phases: [Phase] = [], rois: [Int] = [], attributes: [String: String] = [:], provenance: [Provenance] = []
  ) {
    self.patient = patient
    self.lesion = lesion
    self.slice = slice
    self.gradeClass = gradeClass
    self.reader = reader
    self.phases = phases
    self.rois = rois
    self.attributes = attributes
    self.provenance = provenance
  }

  /// What two examples of one set never have in common.
  var name: [String] { [patient, lesion, slice] }
}

/// What identifies one image's origin; two examples that share any of it must not stand on both sides of a split.
public struct Provenance: Equatable, Sendable {
  /// The patient's code.
  public var patient: String
  /// The exam's DICOM UID.
  public var exam: String
  /// The slice's DICOM UID and frame.
  public var slice: String
  /// The hash of the slice's pixels: `CTImage.pixelHash`.
  public var pixelHash: String

  /// Makes a provenance from its parts.
  public init(patient: String, exam: String, slice: String, pixelHash: String) {
    self.patient = patient
    self.exam = exam
    self.slice = slice
    self.pixelHash = pixelHash
  }

  /// Checks that training and held-out images share no patient, exam, slice or the very same pixels.
  ///
  /// - Throws: `StudyError` of kind `.folds` that names what is shared.
  public static func requireDisjoint(
    training: [Provenance], heldOut: [Provenance], fold: Int
  ) throws(StudyError) {
    let parts: [(name: String, value: @Sendable (Provenance) -> String)] = [
      ("patient", { $0.patient }), ("exam", { $0.exam }), ("SOP instance", { String($0.slice.prefix { $0 != "#" }) }),
      ("pixel hash", { $0.pixelHash }),
    ]
    for part in parts {
      let seen = Dictionary(training.map { (part.value($0), $0.patient) }) { first, _ in first }
      for item in heldOut {
        // An example that is made of no image has no exam, slice or pixels to share.
        let value = part.value(item)
        guard !value.isEmpty, let other = seen[value] else { continue }
        throw StudyError(
          .folds,
          "fold \(fold) leaks: its held-out patient \(item.patient) shares a \(part.name) with the training patient "
            + "\(other) (\(value)). Remove the duplicate from the cohort; nothing was trained.")
      }
    }
  }
}
