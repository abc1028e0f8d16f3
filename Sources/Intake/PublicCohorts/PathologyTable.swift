import Study
import Support

/// The lesions of a cohort as a table by the protocol's own columns.
struct PathologyTable {
  let text: String

  init(_ patients: [CohortPatient], _ mapping: StudyProtocol.Pathology) {
    let leading = [mapping.patientColumn, mapping.lesionColumn, mapping.gradeColumn].compactMap { $0 }
    let further = Set(patients.flatMap { $0.tumour?.attributes.keys.map { $0 } ?? [] }).subtracting(leading).sorted()
    var lines = [leading + further]
    for patient in patients {
      guard let tumour = patient.tumour else { continue }
      let lesion = mapping.lesionColumn == nil ? [] : ["1"]
      lines.append(
        [patient.patientID] + lesion + ["\(tumour.grade.rawValue)"] + further.map { tumour.attributes[$0] ?? "" })
    }
    text = lines.map { $0.map(\.csvCell).joined(separator: ",") + "\n" }.joined()
  }
}
