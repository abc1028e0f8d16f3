import Annotation
import DICOM
import Imaging
import Study

/// The tumours of segmentations as contours on the study's slices.
struct SegmentationOutlines {
  private let settings: TCIASettings
  private(set) var contours: [Contour] = []
  /// How many segmentations were drawn on each series.
  private var drawn: [String: Int] = [:]

  /// A tumour's outlines in one frame.
  private struct Outlined {
    let index: Int
    let frame: SegmentationFile.Frame
    let polygons: [Polygon]
  }

  init(_ settings: TCIASettings) { self.settings = settings }

  /// Adds the outlines of one file; where a frame cannot be tied to a slice, the patient gets a remark that excludes.
  mutating func add(
    _ file: SegmentationFile, _ slices: inout StudySlices, _ patient: inout CohortPatient
  ) throws(DICOMError) {
    let tumours = file.segments.filter { segment in
      settings.tumourLabels.contains { segment.label.lowercased().contains($0.lowercased()) }
    }
    guard !tumours.isEmpty else {
      let labels = Set(file.segments.map(\.label)).sorted().map { "\"\($0)\"" }.joined(separator: ", ")
      patient.remark(.contours, "no segment is named as a tumour; the segments are \(labels)")
      return
    }
    let outlined = try outlined(tumours, in: file)
    let series: String?
    do throws(Refusal) {
      series = try sourceSeries(of: file, outlined, &slices)
    } catch {
      patient.remark(.contours, excludes: true, error.reason)
      return
    }
    var found: [Contour] = []
    for outlined in outlined {
      let number = outlined.index + 1
      guard let slice = try slices.slice(of: outlined.frame, series: series) else {
        patient.remark(.contours, excludes: true, "frame \(number) matches no slice of the study; import its series")
        return
      }
      guard (slice.columns, slice.rows) == (file.columns, file.rows), try slices.agrees(slice, with: outlined.frame)
      else {
        patient.remark(
          .contours, excludes: true,
          "frame \(number) and its slice have different pixel grids, so no outline can be drawn")
        return
      }
      found += contours(outlined, of: file, on: slice)
    }
    contours += found
    for series in Set(found.compactMap(\.seriesInstanceUID)) { drawn[series, default: 0] += 1 }
  }

  private func outlined(
    _ tumours: [SegmentationFile.Segment], in file: SegmentationFile
  ) throws(DICOMError) -> [Outlined] {
    var outlined: [Outlined] = []
    for (index, frame) in file.frames.enumerated() {
      for tumour in tumours where frame.segment == nil || frame.segment == tumour.number {
        let mask = PixelMask(
          columns: file.columns, rows: file.rows, values: try file.mask(of: tumour.number, frame: index))
        guard mask.count > 0 else { continue }
        outlined.append(Outlined(index: index, frame: frame, polygons: mask.outlines()))
      }
    }
    return outlined
  }

  private struct Refusal: Error {
    let reason: String
  }

  /// The series that the frames lie in which name no slice; nil where all of them name one.
  private func sourceSeries(
    of file: SegmentationFile, _ outlined: [Outlined], _ slices: inout StudySlices
  ) throws(Refusal) -> String? {
    let unnamed = outlined.map(\.frame).filter { $0.sopInstanceUID == nil }
    guard !unnamed.isEmpty else { return nil }
    let series: [String]
    do {
      series = try slices.series(of: file, at: unnamed)
    } catch {
      throw Refusal(reason: error.problem)
    }
    guard series.count <= 1 else {
      throw Refusal(
        reason:
          "the segmentation names no series, and \(series.count) series of the patient have slices at its position; state "
          + "which one it was drawn on (Referenced Series Sequence)")
    }
    guard let only = series.first else {
      throw Refusal(
        reason: "the segmentation names no series and matches no slice of the study: no series of the patient has its "
          + "frame of reference and slices of the same pixels at all of its frames; import its series")
    }
    return only
  }

  /// Several segmentations of one series are several readers', for one reader's outlines count together.
  private func contours(_ outlined: Outlined, of file: SegmentationFile, on slice: SlicePlace) -> [Contour] {
    let reader = "segmentation \((drawn[slice.seriesInstanceUID] ?? 0) + 1)"
    return outlined.polygons.enumerated().map { index, polygon in
      Contour(
        annotationID: "frame \(outlined.index + 1), outline \(index + 1)", studyInstanceUID: slice.studyInstanceUID,
        seriesInstanceUID: slice.seriesInstanceUID, sopInstanceUID: slice.sopInstanceUID, frame: slice.frame,
        labelName: "Tumor", reader: reader, vertices: polygon.vertices, width: file.columns, height: file.rows)
    }
  }
}
