import Annotation
import DICOM
import Imaging
import Study

extension ContourFormat {
  /// An RT structure set.
  static let structureSet = ContourFormat(name: "DICOM RTSTRUCT") { file, _ in
    StructureSetFile.isStructureSet(file)
  } read: { request, study in
    let file = try StructureSetFile(request.file)
    let (names, skipped) = try request.lesions(among: file.regions.map { ($0.number, $0.name) }, "ROI")
    var contours = StructureSetContours(file: file, request: request)
    for region in file.regions {
      if let name = names[region.number] { try contours.add(region, lesion: name, &study) }
    }
    guard !contours.export.contours.isEmpty else {
      throw request.refusal(
        "none of its contours can be used; the first: " + (contours.export.skipped.first?.reason ?? "it has none"))
    }
    return MDAIExport(contours: contours.export.contours, skipped: skipped + contours.export.skipped)
  }
}

/// Outlines of a structure set on the slices that its contours name or, where they name none, lie on.
private struct StructureSetContours {
  let file: StructureSetFile
  let request: ContourRequest
  private(set) var export = MDAIExport()

  /// How far a contour's points may lie off its slice (mm): writers round to a hundredth.
  private static let farthest = 0.1

  init(file: StructureSetFile, request: ContourRequest) { (self.file, self.request) = (file, request) }

  /// An outline that has found its slice.
  private struct Placed {
    let id: String
    let slice: SlicePlace
    let outline: Polygon
    let isExclusiveOr: Bool
  }

  private struct Refusal: Error {
    let reason: String
    var isDamaged = true
  }

  /// Adds a region's contours; those that cannot be used are listed, and set their patient aside where a lesion loses an outline.
  ///
  /// - Throws: `DICOMError` where a slice cannot be read.
  mutating func add(_ region: StructureSetFile.Region, lesion: String, _ study: inout StudyPlanes) throws {
    var placed: [Placed] = []
    for (index, contour) in region.contours.enumerated() {
      let id = "ROI \(region.number), contour \(index + 1)"
      do {
        let (slice, outline) = try place(contour, of: region, &study)
        placed.append(
          Placed(id: id, slice: slice, outline: outline, isExclusiveOr: contour.form == .closedExclusiveOr))
      } catch let refusal as Refusal {
        skip(id, refusal, slice: contour.sopInstanceUID.flatMap { study.slice($0, frame: contour.frame) })
      }
    }
    for (_, parts) in Dictionary(grouping: placed, by: \.slice.sliceId).sorted(by: { $0.key < $1.key }) {
      let region = PolygonRegion(parts.map(\.outline))
      let slice = parts[0].slice
      if parts.contains(where: \.isExclusiveOr),
        region.mask(columns: slice.columns, rows: slice.rows)
          != region.unionMask(columns: slice.columns, rows: slice.rows)
      {
        let refusal = Refusal(
          reason:
            "contours that are combined by exclusive or overlap on a slice, which outlines and holes cannot express")
        skip(parts[0].id, refusal, slice: slice)
        continue
      }
      for part in parts {
        let outlines = part.outline.withoutKeyholes()
        for (number, outline) in outlines.enumerated() {
          let id = outlines.count == 1 ? part.id : "\(part.id), outline \(number + 1)"
          export.contours.append(request.contour(outline, id: id, lesion: lesion, on: slice))
        }
      }
    }
  }

  private mutating func skip(_ id: String, _ refusal: Refusal, slice: SlicePlace?) {
    export.skipped.append(
      .init(
        annotationID: "\(request.file.lastPathComponent), \(id)", studyInstanceUID: slice?.studyInstanceUID,
        seriesInstanceUID: slice?.seriesInstanceUID ?? file.sourceSeriesUID, isDamaged: refusal.isDamaged,
        reason: refusal.reason))
  }

  private func place(
    _ contour: StructureSetFile.Contour, of region: StructureSetFile.Region, _ study: inout StudyPlanes
  ) throws -> (SlicePlace, Polygon) {
    if case .other(let type) = contour.form {
      throw Refusal(reason: "its type is \(type); only a closed planar contour outlines a lesion", isDamaged: false)
    }
    guard var points = contour.points else {
      throw Refusal(
        reason: "its points are damaged; expected as many triples of numbers within 10 m as the contour states")
    }
    if points.count > 1, points.first == points.last { points.removeLast() }
    if let uid = contour.sopInstanceUID {
      guard let slice = study.slice(uid, frame: contour.frame) else {
        throw Refusal(
          reason: "it was drawn on a slice that the study lacks; import its series, then the contours again")
      }
      guard let plane = try study.plane(of: slice) else {
        throw Refusal(reason: "its slice does not state position, orientation and spacing")
      }
      let (outline, height) = Self.outline(points, on: plane)
      guard height <= Self.farthest else {
        throw Refusal(
          reason: "its points lie up to \((height * 100).rounded() / 100) mm off the slice that it names; at most "
            + "\(Self.farthest) mm is accepted")
      }
      return (slice, outline)
    }
    var found: [(SlicePlace, Polygon)] = []
    for series in try study.candidates(
      request.hints, series: file.sourceSeriesUID, frameOfReference: region.frameOfReferenceUID)
    {
      for slice in series.slices {
        guard let plane = try study.plane(of: slice) else { continue }
        let (outline, height) = Self.outline(points, on: plane)
        if height <= Self.farthest { found.append((slice, outline)) }
      }
    }
    guard found.count == 1, let only = found.first else {
      throw Refusal(
        reason: found.isEmpty
          ? "it names no slice, and its points lie on none of its series; import it"
          : "it names no slice, and its points lie on \(found.count) slices; name the file or its folder after the "
            + "SeriesInstanceUID")
    }
    return only
  }

  /// The points in pixels, and how far the farthest lies off the plane in mm.
  private static func outline(_ points: [SIMD3<Double>], on plane: ImagePlane) -> (Polygon, Double) {
    let feet = points.map(plane.pixel)
    return (Polygon(vertices: feet.map(\.point)), feet.map { abs($0.height) }.max() ?? 0)
  }
}
