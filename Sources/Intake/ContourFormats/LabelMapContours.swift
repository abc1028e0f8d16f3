import Annotation
import DICOM
import Imaging
import Study

/// A label map of a file, and what its file calls the labels.
struct NamedLabelMap {
  let map: LabelMap
  /// The names by label; empty where the file names none.
  var names: [Int: String] = [:]
}

/// Outlines of label maps on the one series of the study whose pixels are their voxels.
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
    let candidates = try study.candidates(request.hints)
    var found: [[Contour]] = []
    var difference: String?
    for series in candidates {
      do {
        found.append(try contours(on: series.slices, &study))
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

  private func contours(on slices: [SlicePlace], _ study: inout StudyPlanes) throws -> [Contour] {
    var contours: [Contour] = []
    var drawn = 0
    for slice in slices {
      guard let plane = try study.plane(of: slice) else {
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
