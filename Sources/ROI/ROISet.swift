import Foundation
import GRDB
public import Imaging
public import Study
public import Support

/// The ROIs of a study, ready to be read: what they are of, and their pixels.
public struct ROISet: Sendable {
  /// One ROI.
  public struct Entry: Sendable {
    /// The patient's code.
    public let patient: String
    /// The exam's DICOM UID.
    public let exam: String
    /// The series' number in the study.
    public let series: Int64
    /// The lesion's name.
    public let lesion: String
    /// The lesion's grade.
    public let grade: Grade
    /// The slice's SOP instance UID, with `#frame` for frames after the first.
    public let slice: String
    /// The slice's place in its series, from 0.
    public let sliceOrdinal: Int
    /// The slice's place along its normal in mm, as `CTImage.height`; nil where it is not known.
    public let height: Double?
    /// The hash of the slice's pixels: `CTImage.pixelHash`.
    public let pixelHash: String
    /// The reader whose outline it was cut around.
    public let reader: String
    /// The contrast phase of the slice's series; nil where it was not told.
    public let phase: Phase?
    /// Where the outline was carried from; nil where a reader drew it on this series.
    public let carrying: Carrying?
    /// Whether the outline was drawn on another series and carried to this one.
    public var isCarried: Bool { carrying != nil }
    /// The contour in the crop's pixels; few need it, and to read it takes longer than all the rest.
    public var contour: [Polygon] { get throws { try JSONText.polygons(outline) } }
    /// The contour as the study's table holds it.
    var outline: String
  }

  /// How an outline was carried to a slice.
  public struct Carrying: Equatable, Sendable {
    /// The number of the series on which it was drawn.
    public let series: Int64
    /// How far, in mm, the lesion lies further to the patient's head in the slice's series.
    public let superior: Double
  }

  /// The entries, in the order of their crops.
  public let entries: [Entry]
  /// The crops' side in pixels.
  public let boxSize: Int
  /// How many slices on each side of a slice were cut with it: 0 or 1.
  public let neighbours: Int
  /// The name of the crops' file, which holds the hash of its contents.
  public let fileName: String
  private let crops: Data

  static let fileKey = "rois.file"
  static let planKey = "rois.plan"

  /// Opens the ROIs that `ROIBuild` made.
  ///
  /// - Throws: `StudyError` where there are none, they are no longer what the study's tables and protocol ask for, or their
  ///   file is missing or damaged.
  public init(_ study: StudyFolder) throws(StudyError) {
    let settings = try study.readProtocol()
    try study.requireImages(for: "ROIs are cut out of slices")
    let (file, isCurrent, entries) = try study.read { database in
      (
        try Setting.fetchOne(database, key: Self.fileKey)?.value,
        try Setting.fetchOne(database, key: Self.planKey).map { try ROIPlan(settings, database).isThat(of: $0.value) }
          ?? false,
        try Self.entries(database)
      )
    }
    guard let file, !entries.isEmpty else {
      throw StudyError(
        .file,
        "\(study.url.path) has no ROIs. Import slices, pathology and contours, then run `renalgrade rois build`; "
          + "`renalgrade status` shows what was set aside.")
    }
    guard isCurrent else {
      throw StudyError(
        .file,
        "the study's contours, lesions, set-aside patients or protocol have changed since the ROIs were made; make them "
          + "again with `renalgrade rois build`")
    }
    let (boxSize, neighbours) = (settings.roi.boxSize, settings.inputs.neighbours ?? 0)
    let size = Self.size(boxSize, neighbours)
    let url = study.roiFolder.appendingPathComponent(file)
    guard let crops = try? Data(contentsOf: url, options: .alwaysMapped),
      crops.count == entries.count * size, CropFile.name(of: crops, size: size) == file
    else {
      throw StudyError(.file, "rois/\(file) is missing or damaged; make the ROIs again with `renalgrade rois build`")
    }
    self.entries = entries
    self.boxSize = boxSize
    self.neighbours = neighbours
    self.fileName = file
    self.crops = crops
    // Read for its hash alone so far; stored features may never need it again.
    crops.withUnsafeBytes(MappedPages.release)
  }

  /// The entries with other crops, such as a negative control's; `fileName` holds their hash as a file's name would.
  init(_ entries: [Entry], boxSize: Int, neighbours: Int, crops: Data) {
    self.entries = entries
    self.boxSize = boxSize
    self.neighbours = neighbours
    self.fileName = CropFile.name(of: crops, size: Self.size(boxSize, neighbours))
    self.crops = crops
  }

  /// The bytes of an entry's crops: of its slice, with those before it in front and those after it behind.
  private static func size(_ boxSize: Int, _ neighbours: Int) -> Int {
    (2 * neighbours + 1) * boxSize * boxSize * MemoryLayout<Float>.size
  }

  /// Gives `body` the crop of entry `index`: boxSize x boxSize values in 0...1, row by row.
  public func withCrop<Result>(_ index: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    let count = boxSize * boxSize
    return try withStack(index) { stack in
      try body(UnsafeBufferPointer(rebasing: stack[neighbours * count..<(neighbours + 1) * count]))
    }
  }

  /// Gives `body` the crops of entry `index` and of its neighbours, slice by slice.
  func withStack<Result>(_ index: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    let count = (2 * neighbours + 1) * boxSize * boxSize
    return try crops.withUnsafeBytes { bytes in
      try body(UnsafeBufferPointer(rebasing: bytes.bindMemory(to: Float.self)[index * count..<(index + 1) * count]))
    }
  }

  /// Gives `body` the crops of several entries, each as the bytes of boxSize x boxSize floats.
  ///
  /// With `beside` slices on each side, at most `neighbours`, each is as many floats as 2 x `beside` + 1 slices have, in their order.
  public func withCrops<Result>(
    _ indices: [Int], beside: Int = 0, _ body: ([UnsafeRawBufferPointer]) throws -> Result
  ) rethrows -> Result {
    precondition((0...neighbours).contains(beside), "at most as many neighbours as were cut")
    let (entry, slice) = (Self.size(boxSize, neighbours), Self.size(boxSize, 0))
    return try crops.withUnsafeBytes { bytes in
      try body(
        indices.map { index in
          let start = index * entry + (neighbours - beside) * slice
          return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Self.size(boxSize, beside)])
        })
    }
  }

  /// What the ROIs in the tables are of, in the order of their crops.
  static func entries(_ database: Database) throws -> [Entry] {
    let places = Dictionary(
      uniqueKeysWithValues: try SlicePlace.all(database, namedBy: "roi").map { ($0.sliceId, $0) })
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT roi.sliceId, roi.pixelHash, roi.contour, lesion.name, lesion.grade, roi.reader, seriesPhase.phase, roi.lesionId,
          roi.height
        FROM roi JOIN lesion ON lesion.id = roi.lesionId JOIN slice ON slice.id = roi.sliceId
          LEFT JOIN seriesPhase ON seriesPhase.seriesId = slice.seriesId
        ORDER BY roi.ordinal
        """)
    let carried = Dictionary(
      try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT contour.sliceId, contour.lesionId, contour.reader, carriedOutline.sourceSeriesId,
            carriedOutline.superior
          FROM contour JOIN carriedOutline ON carriedOutline.id = contour.carriedId
          """
      ).map {
        (
          "\($0[0] as Int64) \($0[1] as Int64) \($0[2] as String)",
          Carrying(series: $0[3], superior: $0[4] as Double? ?? 0)
        )
      }
    ) { first, _ in first }
    return try rows.map { row in
      guard let place = places[row[0]], let grade = Grade(rawValue: row[4]) else {
        throw StudyError(.file, "study.sqlite contains an ROI without a slice or a grade; make the ROIs again")
      }
      return Entry(
        patient: place.patientCode, exam: place.studyInstanceUID, series: place.seriesId, lesion: row[3], grade: grade,
        slice: place.name,
        sliceOrdinal: place.ordinal, height: row[8], pixelHash: row[1], reader: row[5],
        phase: (row[6] as String?).flatMap(Phase.init(rawValue:)),
        carrying: carried["\(place.sliceId) \(row[7] as Int64) \(row[5] as String)"], outline: row[2])
    }
  }
}
