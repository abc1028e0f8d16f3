import Annotation
import DICOM
import Imaging
import Study

extension ContourFormat {
  /// A DICOM segmentation: binary, fractional or a label map.
  static let segmentation = ContourFormat(name: "DICOM SEG") { file, _ in
    SegmentationFile.isSegmentation(file)
  } read: { request, study in
    let file = try SegmentationFile(request.file)
    let (names, skipped) = try request.lesions(among: file.segments.map { ($0.number, $0.label) }, "segment")
    return MDAIExport(
      contours: try SegmentationContours(file: file, names: names, request: request).contours(&study), skipped: skipped)
  }
}

/// Outlines of a segmentation's segments on the slices that its frames name or, where they name none, lie on.
private struct SegmentationContours {
  let file: SegmentationFile
  let names: [Int: String]
  let request: ContourRequest

  /// What one segment has in one frame.
  private struct Part {
    let index: Int
    let frame: SegmentationFile.Frame
    let segment: Int
    let mask: PixelMask
  }

  /// - Throws: `AnnotationError` where a frame lies on no slice: part of a lesion is none; `DICOMError` where a file cannot be read.
  func contours(_ study: inout StudyPlanes) throws -> [Contour] {
    let parts = try parts()
    guard !parts.isEmpty else { throw request.refusal("its segments are empty: no pixel is marked") }
    let unnamed = parts.filter { $0.frame.sopInstanceUID == nil }
    var places: [Int: SlicePlace] = [:]
    if !unnamed.isEmpty { places = try self.places(of: unnamed, &study) }
    var contours: [Contour] = []
    for part in parts {
      let slice: SlicePlace?
      if let uid = part.frame.sopInstanceUID {
        slice = study.slice(uid, frame: part.frame.sourceFrame)
      } else {
        slice = places[part.index]
      }
      guard let slice else {
        throw request.refusal("frame \(part.index + 1) was drawn on a slice that the study lacks; import its series")
      }
      let mask: PixelMask
      do {
        mask = try self.mask(part, on: slice, &study)
      } catch let error as AnnotationError {
        throw request.refusal("frame \(part.index + 1): \(error.description)")
      }
      for (number, outline) in mask.outlines().enumerated() {
        contours.append(
          request.contour(
            outline, id: "segment \(part.segment), frame \(part.index + 1), outline \(number + 1)",
            lesion: names[part.segment] ?? "", on: slice))
      }
    }
    return contours
  }

  private func parts() throws(DICOMError) -> [Part] {
    var parts: [Part] = []
    for (index, frame) in file.frames.enumerated() {
      for segment in names.keys.sorted() where frame.segment == nil || frame.segment == segment {
        let mask = PixelMask(
          columns: file.columns, rows: file.rows, values: try file.mask(of: segment, frame: index))
        if mask.count > 0 { parts.append(Part(index: index, frame: frame, segment: segment, mask: mask)) }
      }
    }
    return parts
  }

  /// The slices on which frames lie that name none, by the frames' indices.
  private func places(of parts: [Part], _ study: inout StudyPlanes) throws -> [Int: SlicePlace] {
    let candidates = try study.candidates(
      request.hints, series: file.sourceSeriesUID, frameOfReference: file.frameOfReferenceUID)
    var found: [[Int: SlicePlace]] = []
    for series in candidates {
      var places: [Int: SlicePlace] = [:]
      for part in parts where places[part.index] == nil {
        guard let slice = try slice(of: part, in: series.slices, &study) else { break }
        places[part.index] = slice
      }
      if Set(places.keys) == Set(parts.map(\.index)) { found.append(places) }
    }
    guard found.count < 2 else {
      throw request.refusal(
        "it names no slices, and \(found.count) series of the study have its pixels; name the file or its folder after the "
          + "SeriesInstanceUID")
    }
    guard let only = found.first else {
      throw request.refusal(
        "it names no slices, and no series of the study has its "
          + (file.sourceSeriesUID == nil ? "frame of reference" : "SeriesInstanceUID")
          + " and slices of the same pixels at all of its frames; import its series")
    }
    return only
  }

  private func slice(of part: Part, in slices: [SlicePlace], _ study: inout StudyPlanes) throws -> SlicePlace? {
    for slice in slices {
      guard let plane = try study.plane(of: slice), let own = self.plane(of: part.frame),
        abs(own.pixel(plane.origin).height) <= LabelMap.tolerance
      else { continue }
      do {
        _ = try mask(part, on: slice, &study)
        return slice
      } catch is AnnotationError {
        continue
      }
    }
    return nil
  }

  private func plane(of frame: SegmentationFile.Frame) -> ImagePlane? {
    guard let origin = frame.position, let row = frame.rowDirection, let column = frame.columnDirection,
      let spacing = frame.pixelSpacing
    else { return nil }
    return ImagePlane(
      columns: file.columns, rows: file.rows, origin: origin, columnStep: row * spacing.column,
      rowStep: column * spacing.row)
  }

  /// The frame's pixels as the slice has them: it may be larger, or turned.
  private func mask(_ part: Part, on slice: SlicePlace, _ study: inout StudyPlanes) throws -> PixelMask {
    let frame = self.plane(of: part.frame)
    guard let frame, let plane = try study.plane(of: slice) else {
      guard slice.columns == part.mask.columns, slice.rows == part.mask.rows else {
        throw AnnotationError(
          "it has \(part.mask.columns) x \(part.mask.rows) pixels, its slice \(slice.columns) x \(slice.rows)")
      }
      return part.mask
    }
    let map = LabelMap(
      size: SIMD3(file.columns, file.rows, 1), origin: frame.origin,
      steps: [frame.columnStep, frame.rowStep, frame.normal], labels: part.mask.values.map { $0 ? 1 : 0 })
    guard let map else { throw AnnotationError("its pixels span no area") }
    let placement: LabelMap.Placement
    do throws(LabelMap.Mismatch) {
      placement = try map.placement(of: plane)
    } catch {
      throw AnnotationError(error.sentence)
    }
    let labels = map.labels(at: placement, columns: slice.columns, rows: slice.rows)
    let mask = PixelMask(columns: slice.columns, rows: slice.rows, values: labels.map { $0 == 1 })
    guard mask.count == part.mask.count else {
      throw AnnotationError("\(part.mask.count - mask.count) of its marked pixels lie off its slice")
    }
    return mask
  }
}
