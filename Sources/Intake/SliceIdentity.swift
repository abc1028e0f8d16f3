import DICOM
import Foundation
import Study

/// The identifiers of a slice, from the patient down to the image.
struct SliceIdentity: Hashable, Sendable {
  /// The PatientID in the file or, where that is empty, the name of the patient's folder.
  let patientID: String
  /// The exam's UID; one that follows from the series' where the file states none.
  let studyInstanceUID: String
  /// The series by the file, whatever the study made of it.
  private(set) var seriesInstanceUID: String
  let sopInstanceUID: String
  /// Whether the PatientID is the name of a folder.
  let hasFolderName: Bool

  /// The identifiers of a slice that the study holds.
  ///
  /// Where the study joined or split series, the slice has another series there than its file names: `files`, by the path of the
  /// copy, are those files that are read again.
  init(_ place: SlicePlace, files: [String: SliceIdentity]) {
    self.init(place)
    if let file = files[place.path] { seriesInstanceUID = file.seriesInstanceUID }
  }

  private init(_ place: SlicePlace) {
    patientID = place.patientID
    studyInstanceUID = place.studyInstanceUID
    seriesInstanceUID = place.seriesInstanceUID
    sopInstanceUID = place.sopInstanceUID
    hasFolderName = false
  }

  /// Reads the identifiers of a file's header; `path` is the file's below the folder `rootName`.
  init(_ attributes: CTAttributes, path: String, rootName: String) {
    let stated = attributes.patientID.trimmingCharacters(in: .whitespaces)
    hasFolderName = stated.isEmpty
    if stated.isEmpty {
      // De-identified collections often blank the PatientID and keep one folder per patient.
      let parts = path.split(separator: "/")
      patientID = parts.count > 1 ? String(parts[0]) : rootName
    } else {
      patientID = stated
    }
    studyInstanceUID =
      attributes.studyInstanceUID.isEmpty
      ? "exam-of-series-\(attributes.seriesInstanceUID)" : attributes.studyInstanceUID
    seriesInstanceUID = attributes.seriesInstanceUID
    sopInstanceUID = attributes.sopInstanceUID
  }
}
