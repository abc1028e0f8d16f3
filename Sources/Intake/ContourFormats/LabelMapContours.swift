import Annotation
import DICOM
import Imaging
import Study
import Support

/// Outlines of a label map on the one series of the study whose pixels are its voxels.
struct LabelMapContours {
  private let study: StudyFolder
  private let bySeries: [(uid: String, slices: [SlicePlace])]
  private var headers: [String: [CTAttributes]] = [:]

  init(_ study: StudyFolder) throws(StudyError) {
    self.study = study
    let slices = try study.read { try SlicePlace.all($0) }
    bySeries = Dictionary(grouping: slices, by: \.seriesInstanceUID).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// The outlines of `map`, of the labels that `names` says which lesion they are of.
  ///
  /// `hints` are the parts of the file's path: where one of them is a series, or a patient by PatientID or code, no other
  /// is considered.
  /// - Throws: `AnnotationError` where no series or several have the map's pixels, or a labelled voxel lies on no slice;
  ///   `DICOMError` where a slice cannot be read.
  mutating func contours(
    of map: LabelMap, named names: [Int16: String], reader: String, hints: Set<String>
  ) throws -> [Contour] {
    let named = bySeries.filter { series in
      hints.contains(series.uid)
        || series.slices.first.map { hints.contains($0.patientID) || hints.contains($0.patientCode) } == true
    }
    var found: [[Contour]] = []
    var difference: String?
    for series in named.isEmpty ? bySeries : named {
      do {
        found.append(try contours(of: map, named: names, reader: reader, on: series.slices))
      } catch let error as AnnotationError {
        difference = difference ?? error.description
      }
    }
    guard found.count <= 1 else {
      throw AnnotationError(
        "\(found.count) series of the study have its pixels; name the file or its folder after the patient or after the "
          + "SeriesInstanceUID")
    }
    guard let only = found.first else {
      throw AnnotationError(
        named.count == 1 || bySeries.count == 1
          ? difference ?? "the study has no series"
          : "no series of the study has its pixels; \(difference ?? "import it")")
    }
    return only
  }

  private mutating func contours(
    of map: LabelMap, named names: [Int16: String], reader: String, on slices: [SlicePlace]
  ) throws -> [Contour] {
    var contours: [Contour] = []
    var drawn = 0
    for slice in slices {
      let plane = try plane(of: slice)
      let placement: LabelMap.Placement
      do throws(LabelMap.Mismatch) {
        placement = try map.placement(of: plane)
      } catch {
        switch error {
        case .otherSteps:
          throw AnnotationError("its rows, columns or spacing differ from those of the series' slices")
        case .shifted(let distance):
          throw AnnotationError(
            "its voxels lie up to \((distance * 100).rounded() / 100) of a voxel from the slices' pixels; at most "
              + "\(LabelMap.tolerance) is accepted")
        }
      }
      let labels = map.labels(at: placement, columns: slice.columns, rows: slice.rows)
      for (label, name) in names.sorted(by: { $0.key < $1.key }) {
        let mask = PixelMask(columns: slice.columns, rows: slice.rows, values: labels.map { $0 == label })
        drawn += mask.count
        for (index, polygon) in mask.outlines().enumerated() {
          contours.append(
            Contour(
              annotationID: "label \(label), outline \(index + 1)", studyInstanceUID: slice.studyInstanceUID,
              seriesInstanceUID: slice.seriesInstanceUID, sopInstanceUID: slice.sopInstanceUID, frame: slice.frame,
              labelName: name, reader: reader, vertices: polygon.vertices, width: slice.columns, height: slice.rows))
        }
      }
    }
    let counts = map.counts
    let expected = names.keys.reduce(0) { $0 + (counts[$1] ?? 0) }
    guard drawn == expected else {
      throw AnnotationError("\(abs(expected - drawn)) of its \(expected) labelled voxels lie on no slice of the series")
    }
    return contours
  }

  private mutating func plane(of slice: SlicePlace) throws -> ImagePlane {
    let frames: [CTAttributes]
    if let known = headers[slice.path] {
      frames = known
    } else {
      frames = try DICOMFile.attributes(of: study.url.appendingPathComponent(slice.path))
      headers[slice.path] = frames
    }
    guard frames.indices.contains(slice.frame), let origin = frames[slice.frame].imagePosition,
      let row = frames[slice.frame].rowDirection, let column = frames[slice.frame].columnDirection,
      let spacing = frames[slice.frame].pixelSpacing
    else { throw AnnotationError("the series' slices do not state position, orientation and spacing") }
    return ImagePlane(
      columns: slice.columns, rows: slice.rows, origin: origin, columnStep: row * spacing.column,
      rowStep: column * spacing.row)
  }
}
