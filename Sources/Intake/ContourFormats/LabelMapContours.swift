import Annotation
import DICOM
import Imaging
import Study

/// A label map of a file, and what its file calls the labels.
package struct NamedLabelMap {
  let map: LabelMap
  /// The names by label; empty where the file names none.
  let names: [Int: String]
  /// Whether the file says where the map lies in the patient; otherwise the map's coordinates are in voxels from its first one.
  let isPlaced: Bool

  /// Makes a map of what a file states; nil as `LabelMap` is.
  init?(
    size: SIMD3<Int>, place: (origin: SIMD3<Double>, steps: [SIMD3<Double>])?, labels: [Int16],
    names: [Int: String] = [:]
  ) {
    let voxels = [SIMD3<Double>(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
    guard
      let map = LabelMap(size: size, origin: place?.origin ?? .zero, steps: place?.steps ?? voxels, labels: labels)
    else { return nil }
    (self.map, self.names, isPlaced) = (map, names, place != nil)
  }
}

/// Outlines of label maps on the one series of the study whose pixels are their voxels or, where the file does not say where these lie,
/// on the one that its path names.
struct LabelMapContours {
  private let request: ContourRequest
  private let maps: [NamedLabelMap]
  /// Which labels of which map are lesions, with their names.
  private let lesions: [[Int16: String]]
  private let skipped: [MDAIExport.Skipped]

  /// Takes the maps of one file, which lie in one series.
  ///
  /// The labels of several layers are counted through from 1, because layers share their numbers.
  /// - Throws: `AnnotationError` where it is not clear which labels are lesions.
  init(_ maps: [NamedLabelMap], _ request: ContourRequest) throws(AnnotationError) {
    (self.maps, self.request) = (maps, request)
    var found: [(number: Int, name: String)] = []
    var places: [Int: (layer: Int, label: Int16)] = [:]
    for (layer, map) in maps.enumerated() {
      for label in map.map.counts.keys.sorted() {
        let number = maps.count == 1 ? Int(label) : found.count + 1
        found.append((number, map.names[Int(label)] ?? ""))
        places[number] = (layer, label)
      }
    }
    let choice = try request.lesions(among: found, maps.count == 1 ? "label" : "segment")
    var lesions = maps.map { _ in [Int16: String]() }
    for (number, name) in choice.names {
      if let place = places[number] { lesions[place.layer][place.label] = name }
    }
    (self.lesions, skipped) = (lesions, choice.skipped)
  }

  /// The outlines.
  ///
  /// - Throws: `AnnotationError` where no series or several have the maps' pixels, or a labelled voxel lies on no slice; `DICOMError`
  ///   where a slice cannot be read.
  func export(_ study: inout StudyPlanes) throws -> MDAIExport {
    if let array = maps.first(where: { !$0.isPlaced }) {
      guard let axes = request.settings.arrayAxes else {
        throw request.refusal(
          "it does not state where the mask lies in the patient; if you know how its axes lie on the series' slices, "
            + "state it with --array-axes")
      }
      let slices = try axes.series(of: array.map.size, request, &study).slices
      let contours = try contours(on: slices) { index, slice in
        axes.plane(columns: slice.columns, rows: slice.rows, slice: index, of: slices.count)
      }
      return MDAIExport(contours: contours, skipped: skipped)
    }
    let candidates = try study.candidates(request.hints)
    var found: [[Contour]] = []
    var difference: String?
    for series in candidates {
      do {
        found.append(try contours(on: series.slices) { try study.plane(of: $1) })
      } catch let error as AnnotationError {
        difference = difference ?? error.description
      }
    }
    guard found.count <= 1 else {
      throw request.refusal(
        "\(found.count) series of the study have its pixels; name the file or its folder after the patient or after the "
          + "SeriesInstanceUID")
    }
    guard let only = found.first else {
      throw request.refusal(
        candidates.count == 1
          ? difference ?? "the study has no series"
          : "no series of the study has its pixels; \(difference ?? "import it")")
    }
    return MDAIExport(contours: only, skipped: skipped)
  }

  /// The outlines on slices that lie in the maps' coordinates as `place` says.
  private func contours(
    on slices: [SlicePlace], place: (_ index: Int, _ slice: SlicePlace) throws -> ImagePlane?
  ) throws -> [Contour] {
    var contours: [Contour] = []
    var drawn = 0
    for (index, slice) in slices.enumerated() {
      guard let plane = try place(index, slice) else {
        throw AnnotationError("the series' slices do not state position, orientation and spacing")
      }
      for (layer, map) in maps.enumerated() {
        let placement: LabelMap.Placement
        do throws(LabelMap.Mismatch) {
          placement = try map.map.placement(of: plane)
        } catch {
          throw AnnotationError(error.sentence)
        }
        guard map.map.reaches(placement, columns: slice.columns, rows: slice.rows) else { continue }
        let labels = map.map.labels(at: placement, columns: slice.columns, rows: slice.rows)
        for (label, name) in lesions[layer].sorted(by: { $0.key < $1.key }) {
          let mask = PixelMask(columns: slice.columns, rows: slice.rows, values: labels.map { $0 == label })
          drawn += mask.count
          for (index, outline) in mask.outlines().enumerated() {
            contours.append(
              request.contour(outline, id: "label \(label), outline \(index + 1)", lesion: name, on: slice))
          }
        }
      }
    }
    let expected = zip(maps, lesions).reduce(0) { sum, layer in
      let counts = layer.0.map.counts
      return sum + layer.1.keys.reduce(0) { $0 + (counts[$1] ?? 0) }
    }
    guard drawn == expected else {
      throw AnnotationError("\(abs(expected - drawn)) of its \(expected) labelled voxels lie on no slice of the series")
    }
    return contours
  }
}
