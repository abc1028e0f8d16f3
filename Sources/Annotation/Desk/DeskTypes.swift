/// Whether a case can be worked on.
public enum CaseState: String, Codable, Sendable {
  /// The reader works on it.
  case open
  /// The reader has finished it, and may open it again.
  case done
  /// Only the owner of the study can open it again.
  case locked
}

/// One line of a reader's worklist.
public struct Case: Codable, Equatable, Sendable {
  /// The case's name, such as `case-0001`.
  public var `case`: String
  /// Whether it can be worked on.
  public var state: CaseState
  /// How many lesions are named: those of pathology, and those that the reader added.
  public var lesions: Int
  /// How many slices carry an outline of the reader.
  public var outlinedSlices: Int
}

/// Everything that a reader sees of a case, but the pixels.
public struct CaseDetail: Codable, Equatable, Sendable {
  /// The case's name.
  public var `case`: String
  /// Whether it can be worked on.
  public var state: CaseState
  /// How many edits it has had; saving names the last one that the page knows.
  public var revision: Int
  /// Stands for the numbers of series and slices; what the page sends back tells whether it still has the right ones.
  public var numbering: String
  /// The box that the protocol cuts around a tumour.
  public var roi: Box
  /// The protocol's window in HU.
  public var window: Window
  /// The lesions, without their grades.
  public var lesions: [NamedLesion]
  /// The exam's series.
  public var series: [SeriesDetail]
  /// What the reader must know of the images, in sentences: slices without a position, for instance.
  public var remarks: [String]
  /// What the reader has made so far.
  public var objects: [AnnotationObject]

  /// The box that the protocol cuts around a tumour.
  public struct Box: Codable, Equatable, Sendable {
    /// The side in pixels.
    public var box: Int
    /// The pixel size in mm that slices are resampled to; nil leaves them as they are.
    public var pixelSpacing: Double?
  }

  /// A window of grey values in HU.
  public struct Window: Codable, Equatable, Sendable {
    /// The middle.
    public var center: Double
    /// The width.
    public var width: Double
  }

  /// A lesion by its name.
  public struct NamedLesion: Codable, Equatable, Sendable {
    /// The name, unique within the patient.
    public var lesion: String
    /// Whether the pathology table lists it; if not, the reader added it.
    public var isFromPathology: Bool
  }

  /// A series of the exam.
  public struct SeriesDetail: Codable, Equatable, Sendable {
    /// Its number in the case, from 0.
    public var series: Int
    /// The contrast phase's name; nil where it is not known.
    public var phase: String?
    /// Pixels per row.
    public var columns: Int
    /// Pixels per column.
    public var rows: Int
    /// The distance of two rows in mm; nil where it is not known.
    public var rowSpacing: Double?
    /// The distance of two columns in mm; nil where it is not known.
    public var columnSpacing: Double?
    /// The direction in which the column index grows, in the patient (LPS); nil where it is not known.
    public var across: SIMD3<Double>?
    /// The direction in which the row index grows, in the patient (LPS); nil where it is not known.
    public var down: SIMD3<Double>?
    /// The slices by ascending height.
    public var slices: [SliceDetail]
  }

  /// A slice of a series.
  public struct SliceDetail: Codable, Equatable, Sendable {
    /// Its number in the series, from 0.
    public var slice: Int
    /// The centre of its first pixel in the patient in mm (LPS); nil where it is not known.
    public var position: SIMD3<Double>?
    /// Its place along the normal in mm; nil where it is not known.
    public var height: Double?
  }
}

/// An object as it is to be from now on, under an id by which a repeated request is known.
public struct Edit: Codable, Equatable, Sendable {
  /// The edit's id, a UUID that the page made.
  public var id: String
  /// The object.
  public var object: AnnotationObject

  /// Makes an edit from its parts.
  public init(id: String, object: AnnotationObject) { (self.id, self.object) = (id, object) }
}

/// What was saved.
public struct Revision: Codable, Equatable, Sendable {
  /// How many edits the case has had.
  public var revision: Int
  /// The ids of the edits that are in the journal now.
  public var acknowledged: [String]
}

/// A case's state after a change of it.
public struct CaseStatus: Codable, Equatable, Sendable {
  /// Whether it can be worked on.
  public var state: CaseState
  /// How many edits the case has had.
  public var revision: Int
}

/// Where a slice's pixels are.
public struct SliceFile: Equatable, Sendable {
  /// The series' key.
  public var seriesId: Int64
  /// The file, as `SliceRecord.path`.
  public var path: String
  /// The frame within it, from 0.
  public var frame: Int
}

/// Why the desk refuses something.
public enum DeskError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The reader has no case of that name.
  case noSuchCase
  /// Another window of the reader has saved since the page's revision: what it saved.
  case conflict(revision: Int, objects: [AnnotationObject])
  /// Something in the request cannot be right; `edit` is the edit concerned.
  case refused(String, edit: String?)
  /// The case is done or locked.
  case locked(String)
  /// The case cannot be done yet: the warnings that are not confirmed.
  case unconfirmed(String, warnings: [ProfileWarning])
  /// The study cannot be read or written.
  case failed(String)

  /// What is wrong, and what to do.
  public var description: String { message }

  /// What is wrong, and what to do.
  public var message: String {
    switch self {
    case .noSuchCase: "there is no such case"
    case .conflict: "another window has changed this case; the changes are shown now: check them, then save again"
    case .refused(let message, _), .locked(let message), .unconfirmed(let message, _), .failed(let message): message
    }
  }
}

/// Something in a reading that may be a slip, which the reader must confirm before the case is done.
public struct ProfileWarning: Codable, Equatable, Sendable {
  /// What may be wrong.
  public enum Kind: String, Codable, Sendable {
    /// The area or the centre changes abruptly.
    case jump
    /// A slice between outlined ones is not outlined.
    case gap
    /// The outline holds fat or air.
    case fatOrAir = "fat or air"
    /// The outline lies far from the lesion's other outlines.
    case farFromLesion = "far from the lesion"
  }

  /// An id that stays the same while what is warned of does.
  public var warning: String
  /// What may be wrong.
  public var kind: Kind
  /// The slice's number in its series.
  public var slice: Int
  /// A sentence for the reader.
  public var text: String
}

extension CaseDetail.Box {
  /// Writes the box; what is not known is `null`.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(box, forKey: .box)
    try values.encode(pixelSpacing, forKey: .pixelSpacing)
  }
}

extension CaseDetail.SeriesDetail {
  /// Writes the series; what is not known is `null`.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(series, forKey: .series)
    try values.encode(phase, forKey: .phase)
    try values.encode(columns, forKey: .columns)
    try values.encode(rows, forKey: .rows)
    try values.encode(rowSpacing, forKey: .rowSpacing)
    try values.encode(columnSpacing, forKey: .columnSpacing)
    try values.encode(across, forKey: .across)
    try values.encode(down, forKey: .down)
    try values.encode(slices, forKey: .slices)
  }
}

extension CaseDetail.SliceDetail {
  /// Writes the slice; what is not known is `null`.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(slice, forKey: .slice)
    try values.encode(position, forKey: .position)
    try values.encode(height, forKey: .height)
  }
}
