public import Classifiers

extension LesionFeatureTable {
  /// The features of some lesions, one row each in their order; a lesion that has none has NaN throughout.
  ///
  /// - Parameter lesions: each lesion's patient and name; an empty name is the patient's largest lesion by outlined volume.
  /// - Returns: the table.
  /// - Throws: `ClassifierError` where a column's name occurs twice.
  public func matrix(of lesions: [(patient: String, lesion: String)]) throws(ClassifierError) -> FeatureMatrix {
    let named = Dictionary(rows.map { ([$0.patient, $0.lesion], $0) }) { first, _ in first }
    let largest = Dictionary(rows.map { ($0.patient, $0) }) { $1.volume > $0.volume ? $1 : $0 }
    let missing = [Double](repeating: .nan, count: columns.count)
    return try FeatureMatrix(
      names: columns.map(\.key),
      rows: lesions.map { lesion in
        (lesion.lesion.isEmpty ? largest[lesion.patient] : named[[lesion.patient, lesion.lesion]])?.values ?? missing
      })
  }
}
