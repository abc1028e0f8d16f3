import Annotation
import GRDB
import Imaging
import Study

/// One reader's outlines on one series.
struct OutlinedSeries {
  /// A lesion's outlines.
  struct Lesion {
    /// The lesion's name.
    let name: String
    /// The label by which an import finds the lesion.
    let label: String
    /// The outlines and their ids, by the slice's index in the series.
    var outlines: [Int: [(id: String, polygon: Polygon)]] = [:]

    /// What the lesion is on a slice.
    func region(_ slice: Int) -> PolygonRegion { PolygonRegion((outlines[slice] ?? []).map(\.polygon)) }
  }

  /// What the study calls the patient.
  let patientCode: String
  /// Who drew the outlines.
  let reader: String
  /// The series' DICOM UID.
  let seriesInstanceUID: String
  /// The exam's DICOM UID.
  let studyInstanceUID: String
  /// All slices of the series, ascending.
  let slices: [SlicePlace]
  /// The lesions, in the order in which they were outlined first.
  var lesions: [Lesion]

  /// What readers drew, by reader, patient and series: first readings, without what was carried to other phases.
  ///
  /// Empty `readers` and `phases` take all of them; `labels` says which labels mean "lesion".
  /// - Throws: SQLite's error where the tables cannot be read.
  static func all(
    _ database: Database, readers: [String], phases: [Phase], labels: LesionLabels
  ) throws -> [OutlinedSeries] {
    struct Key: Hashable {
      let reader: String
      let seriesId: Int64
    }
    let bySeries = Dictionary(grouping: try SlicePlace.all(database), by: \.seriesId)
      .mapValues { $0.sorted { $0.ordinal < $1.ordinal } }
    let lesions = try Study.Lesion.order(Column("id")).fetchAll(database)
    let names = Dictionary(grouping: lesions, by: \.patientId).mapValues { $0.map(\.name) }
    let contours = try StoredContour.filter(Column("occasion") == 1 && Column("carriedId") == nil)
      .order(Column("id")).fetchAll(database)
    let ofPhases = Set(phases.map(\.rawValue))
    let taken = try Set(
      Row.fetchAll(database, sql: "SELECT seriesId, phase FROM seriesPhase WHERE phase IS NOT NULL")
        .filter { ofPhases.contains($0[1] as String) }.map { $0[0] as Int64 })
    var places: [Int64: (seriesId: Int64, index: Int)] = [:]
    for (id, slices) in bySeries {
      for (index, slice) in slices.enumerated() { places[slice.sliceId] = (id, index) }
    }
    var found: [Key: OutlinedSeries] = [:]
    for contour in contours where readers.isEmpty || readers.contains(contour.reader) {
      guard let place = places[contour.sliceId], phases.isEmpty || taken.contains(place.seriesId),
        let slices = bySeries[place.seriesId], let first = slices.first
      else { continue }
      let key = Key(reader: contour.reader, seriesId: place.seriesId)
      var series =
        found[key]
        ?? OutlinedSeries(
          patientCode: first.patientCode, reader: contour.reader, seriesInstanceUID: first.seriesInstanceUID,
          studyInstanceUID: first.studyInstanceUID, slices: slices, lesions: [])
      guard let lesion = lesions.first(where: { $0.id == contour.lesionId }) else { continue }
      let index = series.lesions.firstIndex { $0.name == lesion.name } ?? series.lesions.count
      if index == series.lesions.count {
        series.lesions.append(
          Lesion(name: lesion.name, label: labels.label(of: lesion.name, among: names[lesion.patientId] ?? [])))
      }
      series.lesions[index].outlines[place.index, default: []].append((contour.annotationID, contour.vertices))
      found[key] = series
    }
    return found.values.sorted {
      ($0.reader, $0.patientCode, $0.seriesInstanceUID) < ($1.reader, $1.patientCode, $1.seriesInstanceUID)
    }
  }
}
