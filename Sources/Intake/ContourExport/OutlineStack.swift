import Annotation
import Imaging
import Study
import Support

/// A series' outlines with the places of its slices: what formats of masks and of DICOM are written from.
struct OutlineStack {
  /// The outlines.
  let series: OutlinedSeries
  /// Where the slices' pixels lie, in their order.
  let planes: [ImagePlane]
  /// What the slices state of their frame of reference, where they agree.
  let frameOfReferenceUID: String?

  /// - Throws: `AnnotationError` where slices do not state their place, or do not lie parallel with the same pixels; `DICOMError` where
  ///   one cannot be read.
  init(_ series: OutlinedSeries, _ study: inout StudyPlanes) throws {
    self.series = series
    var planes: [ImagePlane] = []
    var frames: Set<String?> = []
    for slice in series.slices {
      guard let plane = try study.plane(of: slice) else {
        throw AnnotationError("slice \(slice.ordinal + 1) does not state position, orientation and spacing")
      }
      frames.insert(try study.header(slice)?.frameOfReferenceUID)
      planes.append(plane)
    }
    guard let first = planes.first else { throw AnnotationError("the series has no slices") }
    let isParallel = planes.allSatisfy { plane in
      (plane.columns, plane.rows) == (first.columns, first.rows)
        && [
          (plane.columnStep - first.columnStep) * Double(first.columns),
          (plane.rowStep - first.rowStep) * Double(first.rows),
        ].allSatisfy { $0.length <= LabelMap.tolerance * min(first.columnStep.length, first.rowStep.length) }
    }
    guard isParallel else {
      throw AnnotationError("its slices have different pixels or are oblique to one another, so that they make no grid")
    }
    self.planes = planes
    frameOfReferenceUID = frames.count == 1 ? frames.first ?? nil : nil
  }

  /// The pixels of a lesion on a slice: in an outline and in no hole, where overlapping outlines count as one area.
  func mask(_ lesion: OutlinedSeries.Lesion, _ slice: Int) -> PixelMask {
    lesion.region(slice).unionMask(columns: planes[slice].columns, rows: planes[slice].rows)
  }

  /// From one slice to the next.
  ///
  /// - Throws: `AnnotationError` where the slices are not evenly spaced on one line.
  func sliceStep() throws(AnnotationError) -> SIMD3<Double> {
    guard planes.count > 1 else { return planes[0].normal }
    let step = (planes[planes.count - 1].origin - planes[0].origin) / Double(planes.count - 1)
    for (index, plane) in planes.enumerated() {
      let distance = (plane.origin - planes[0].origin - Double(index) * step).length
      let most = LabelMap.tolerance * min(step.length, plane.columnStep.length, plane.rowStep.length)
      guard distance <= most, step.length > 1e-3 else {
        throw AnnotationError(
          "its slices are not evenly spaced (slice \(index + 1) lies \((distance * 1000).rounded() / 1000) mm off its place), "
            + "so that they make no grid of voxels; export it as seg or rtstruct")
      }
    }
    return step
  }

  /// The lesions on the grid of the whole series, each with the label that `label` gives its index.
  ///
  /// - Throws: `AnnotationError` where the slices make no grid, or two lesions have different labels and share a pixel.
  func labelMap(_ label: (Int) -> Int16) throws(AnnotationError) -> LabelMap {
    let step = try sliceStep()
    let (columns, rows) = (planes[0].columns, planes[0].rows)
    var labels = [Int16](repeating: 0, count: columns * rows * planes.count)
    for (index, lesion) in series.lesions.enumerated() {
      let value = label(index)
      for slice in lesion.outlines.keys.sorted() {
        let start = slice * columns * rows
        for (pixel, isInside) in mask(lesion, slice).values.enumerated() where isInside {
          guard labels[start + pixel] == 0 || labels[start + pixel] == value else {
            throw AnnotationError(
              "two lesions overlap on slice \(slice + 1), which one map of labels cannot express; export it as seg or rtstruct"
            )
          }
          labels[start + pixel] = value
        }
      }
    }
    let map = LabelMap(
      size: SIMD3(columns, rows, planes.count), origin: planes[0].origin,
      steps: [planes[0].columnStep, planes[0].rowStep, step], labels: labels)
    guard let map else { throw AnnotationError("its slices span no volume") }
    return map
  }
}
