import Classifiers
import LesionFeatures
import Study
import Support

extension ExampleSet {
  /// The radiomic features of some examples: a lesion's own, or those of a patient's largest lesion.
  static func radiomics(_ table: LesionFeatureTable, _ examples: [Example]) throws(StudyError) -> FeatureMatrix {
    guard !table.columns.isEmpty else {
      throw StudyError(
        .file,
        "no lesion has radiomic features; `renalgrade radiomics` lists the reasons"
          + (table.remarks.first { $0.isFailure }.map { ", the first of which is: \($0.reason)" } ?? ""))
    }
    do {
      return try table.matrix(of: examples.map { ($0.patient, $0.lesion) })
    } catch {
      throw StudyError(.run, "the table of radiomic features cannot be used: \(error)")
    }
  }

  /// The same features by a second reading: of each example the lesion that the first reading's features are of.
  ///
  /// It is nil where no lesion was read twice.
  static func secondReading(
    _ second: LesionFeatureTable, of first: LesionFeatureTable, _ examples: [Example]
  ) throws(StudyError) -> FeatureMatrix? {
    guard !second.rows.isEmpty else { return nil }
    guard second.columns.map(\.key) == first.columns.map(\.key) else {
      throw StudyError(
        .run, "the second readings' radiomic features are not those of the first; report this as a fault of RenalGrade")
    }
    let largest = Dictionary(first.rows.map { ($0.patient, $0) }) { $1.volume > $0.volume ? $1 : $0 }
    do {
      return try second.matrix(
        of: examples.map { example in
          (example.patient, example.lesion.isEmpty ? largest[example.patient]?.lesion ?? "" : example.lesion)
        })
    } catch {
      throw StudyError(.run, "the second readings' radiomic features cannot be used: \(error)")
    }
  }

  /// Sentences on examples without features, and on patients with several lesions.
  static func notes(
    on table: LesionFeatureTable, _ examples: [Example], _ wording: ExampleWording
  ) -> [String] {
    var notes: [String] = []
    let named = Set(table.rows.map { [$0.patient, $0.lesion] })
    let patients = Set(table.rows.map(\.patient))
    let without = examples.count { example in
      example.lesion.isEmpty ? !patients.contains(example.patient) : !named.contains([example.patient, example.lesion])
    }
    if without > 0 {
      notes.append(
        "\(without) of \(examples.count) examples have no radiomic features, which are missing values to the model; "
          + "\(wording.featureReasons).")
    }
    if examples.contains(where: \.lesion.isEmpty) {
      let several = Dictionary(grouping: table.rows, by: \.patient).values.count { $0.count > 1 }
      if several > 0 {
        notes.append(
          "\(several == 1 ? "1 patient has" : "\(several) patients have") several lesions with radiomic features; those of the largest outlined volume are used."
        )
      }
    }
    return notes
  }
}

extension StudyProtocol {
  /// Whether the learner filters features by the agreement of two readings.
  var usesSecondReading: Bool { model.settings?["agreementLimit"] != nil }
}

extension FeatureMatrix {
  /// SHA-256 of the names and values.
  var identity: String {
    var encoding = CanonicalEncoding(of: "feature matrix", version: 1)
    encoding.field("names", names)
    encoding.field("rows", rowCount)
    // One bit pattern for every missing value.
    encoding.field("values", values.map { $0.isNaN ? Double.nan : $0 })
    return encoding.digest
  }
}
