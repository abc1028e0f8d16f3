public import Foundation
public import Study
public import Support

extension MDAI {
  /// Writes contours in the layout of a MD.ai export; the same contours give the same bytes.
  ///
  /// Every contour becomes a polygon annotation; reading the file again gives the same contours in the same order. The
  /// dates are fixed, and nothing but what the contours hold is written.
  /// - Throws: `StudyError` of kind `.file` where the file cannot be written.
  public static func write(_ contours: [Contour], to url: URL, project: String = "RenalGrade") throws(StudyError) {
    let labelNames = Set(contours.map(\.labelName)).sorted()
    let labelIDs = Dictionary(uniqueKeysWithValues: labelNames.enumerated().map { ($1, "L_\($0 + 1)") })
    var numbers: [String: Int] = [:]
    for contour in contours where numbers[contour.studyInstanceUID] == nil {
      numbers[contour.studyInstanceUID] = numbers.count + 1
    }
    let file = ExportFile(
      id: "P_1", name: project,
      datasets: [
        .init(
          id: "D_1", name: project,
          studies: numbers.sorted { $0.value < $1.value }.map { .init(StudyInstanceUID: $0.key, number: $0.value) },
          annotations: contours.enumerated().map { index, contour in
            .init(contour, number: index + 1, labelID: labelIDs[contour.labelName] ?? "")
          })
      ],
      labelGroups: [
        .init(id: "G_1", name: "Lesions", labels: labelNames.map { .init(id: labelIDs[$0] ?? "", name: $0) })
      ])
    try AtomicFile.writeJSON(file, to: url)
  }
}

/// The export's layout, with its own spelling of keys.
private struct ExportFile: Encodable {
  struct Dataset: Encodable {
    let id: String
    let name: String
    let studies: [StudyEntry]
    let annotations: [Annotation]
  }

  struct StudyEntry: Encodable {
    // DICOM's keyword as the export spells it.
    let StudyInstanceUID: String
    let number: Int
  }

  struct LabelGroup: Encodable {
    let id: String
    let name: String
    let labels: [Label]
  }

  struct Label: Encodable {
    let id: String
    let name: String
    let annotationMode = "polygon"
    let scope = "INSTANCE"
    let color = "#E69F00"
    let description = ""
    let radlexTagIds: [String] = []
  }

  struct Annotation: Encodable {
    let id: String
    let StudyInstanceUID: String
    let SeriesInstanceUID: String
    let SOPInstanceUID: String
    let frameNumber: Int?
    let labelId: String
    let annotationNumber: Int
    let createdById: String
    let createdAt = "2000-01-01T00:00:00.000Z"
    let updatedAt = "2000-01-01T00:00:00.000Z"
    let isImported = false
    let isInterpolated = false
    let width: Int?
    let height: Int?
    let data: Shape

    init(_ contour: Contour, number: Int, labelID: String) {
      id = contour.annotationID
      StudyInstanceUID = contour.studyInstanceUID
      SeriesInstanceUID = contour.seriesInstanceUID
      SOPInstanceUID = contour.sopInstanceUID
      frameNumber = contour.frame
      labelId = labelID
      annotationNumber = number
      createdById = contour.reader
      width = contour.width
      height = contour.height
      data = Shape(vertices: contour.vertices)
    }
  }

  struct Shape: Encodable {
    let vertices: [SIMD2<Double>]
  }

  let id: String
  let name: String
  let datasets: [Dataset]
  let labelGroups: [LabelGroup]
}
