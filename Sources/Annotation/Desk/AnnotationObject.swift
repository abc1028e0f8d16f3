import Foundation

/// One thing that a reader made of a case: an outline, a lesion, an assessment, a note, a measurement or a setting.
///
/// In JSON it is one flat object with `object`, `kind`, the content's own keys and, where it is deleted, `"isDeleted": true`.
/// Series and slices are numbered from 0 in the order of the case's detail; coordinates are pixels of the slice, and an integer is a
/// pixel's centre.
public struct AnnotationObject: Equatable, Sendable {
  /// The object's id, a UUID that the page made.
  public var object: String
  /// Whether the object was deleted; its content is the last that it had.
  public var isDeleted: Bool
  /// What it is.
  public var content: Content

  /// Makes an object from its parts.
  public init(object: String, isDeleted: Bool = false, content: Content) {
    (self.object, self.isDeleted, self.content) = (object, isDeleted, content)
  }

  /// What an object can be.
  public enum Content: Equatable, Sendable {
    /// A closed outline on one slice.
    case outline(Outline)
    /// A lesion that the reader added, by its name.
    case lesion(String)
    /// What the reader says of a lesion, or of the exam where the lesion is nil.
    case assessment(lesion: String?, Assessment)
    /// A text about a lesion, or about the exam where the lesion is nil.
    case note(lesion: String?, String)
    /// The longest diameter of a lesion on a slice, with its perpendicular.
    case diameter(Diameter)
    /// How far, in mm along the normal, a series lies off the others because of breathing.
    case offset(series: Int, millimetres: Double)
    /// The reader's own keys, by the name of the action.
    case keys([String: [String]])
  }

  /// A closed outline on one slice.
  public struct Outline: Equatable, Sendable {
    /// The lesion's name.
    public var lesion: String
    /// The series' number in the case.
    public var series: Int
    /// The slice's number in the series.
    public var slice: Int
    /// The corners, none repeated at the end.
    public var vertices: [SIMD2<Double>]
    /// Where the outline comes from.
    public var provenance: Provenance
    /// The name of the tool that made it.
    public var tool: String

    /// Makes an outline from its parts.
    public init(
      lesion: String, series: Int, slice: Int, vertices: [SIMD2<Double>], provenance: Provenance = .drawn,
      tool: String = "polygon"
    ) {
      (self.lesion, self.series, self.slice) = (lesion, series, slice)
      (self.vertices, self.provenance, self.tool) = (vertices, provenance, tool)
    }
  }

  /// Where an outline comes from.
  public enum Provenance: String, Codable, Sendable, CaseIterable {
    /// A reader drew it.
    case drawn
    /// It was proposed between two drawn slices, and accepted as it was.
    case interpolated
    /// It was proposed and then changed.
    case corrected
    /// A consensus took it from the first of the two readers.
    case readerA = "A"
    /// A consensus took it from the second.
    case readerB = "B"
  }

  /// What a reader says of a lesion or an exam.
  public enum Assessment: String, Codable, Sendable, CaseIterable {
    /// There is a lesion.
    case present
    /// There is none.
    case noLesion = "no lesion"
    /// It cannot be told.
    case notAssessable = "not assessable"
  }

  /// The longest diameter of a lesion on a slice, with its perpendicular.
  public struct Diameter: Equatable, Sendable {
    /// The lesion's name.
    public var lesion: String
    /// The series' number in the case.
    public var series: Int
    /// The slice's number in the series.
    public var slice: Int
    /// The ends of the diameter.
    public var ends: [SIMD2<Double>]
    /// The ends of the longest distance at a right angle to it.
    public var perpendicular: [SIMD2<Double>]

    /// Makes a diameter from its parts.
    public init(lesion: String, series: Int, slice: Int, ends: [SIMD2<Double>], perpendicular: [SIMD2<Double>]) {
      (self.lesion, self.series, self.slice) = (lesion, series, slice)
      (self.ends, self.perpendicular) = (ends, perpendicular)
    }
  }

  /// The outline; nil where the object is something else.
  public var outline: Outline? { if case .outline(let outline) = content { outline } else { nil } }

  /// The lesion that the object concerns; nil where it concerns none.
  public var lesion: String? {
    switch content {
    case .outline(let outline): outline.lesion
    case .lesion(let name): name
    case .assessment(let lesion, _), .note(let lesion, _): lesion
    case .diameter(let diameter): diameter.lesion
    case .offset, .keys: nil
    }
  }
}

extension AnnotationObject: Codable {
  private enum Key: String, CodingKey {
    case object, kind, isDeleted, lesion, series, slice, vertices, provenance, tool, value, text, ends, perpendicular
    case millimetres, keys
  }

  private enum Kind: String, Codable {
    case outline, lesion, assessment, note, diameter, offset, keys
  }

  /// Reads an object.
  ///
  /// - Throws: `DecodingError` where a key is missing, or the kind is not known.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    object = try values.decode(String.self, forKey: .object)
    isDeleted = try values.decodeIfPresent(Bool.self, forKey: .isDeleted) ?? false
    let series = { try values.decode(Int.self, forKey: .series) }
    let slice = { try values.decode(Int.self, forKey: .slice) }
    let points = { key in try values.decode([SIMD2<Double>].self, forKey: key) }
    let lesion = { try values.decode(String.self, forKey: .lesion) }
    let lesionOrExam = { try values.decodeIfPresent(String.self, forKey: .lesion) }
    switch try values.decode(Kind.self, forKey: .kind) {
    case .outline:
      content = .outline(
        Outline(
          lesion: try lesion(), series: try series(), slice: try slice(), vertices: try points(.vertices),
          provenance: try values.decode(Provenance.self, forKey: .provenance),
          tool: try values.decode(String.self, forKey: .tool)))
    case .lesion: content = .lesion(try lesion())
    case .assessment:
      content = .assessment(lesion: try lesionOrExam(), try values.decode(Assessment.self, forKey: .value))
    case .note: content = .note(lesion: try lesionOrExam(), try values.decode(String.self, forKey: .text))
    case .diameter:
      content = .diameter(
        Diameter(
          lesion: try lesion(), series: try series(), slice: try slice(), ends: try points(.ends),
          perpendicular: try points(.perpendicular)))
    case .offset:
      content = .offset(series: try series(), millimetres: try values.decode(Double.self, forKey: .millimetres))
    case .keys: content = .keys(try values.decode([String: [String]].self, forKey: .keys))
    }
  }

  /// Writes the object.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(object, forKey: .object)
    if isDeleted { try values.encode(true, forKey: .isDeleted) }
    func place(_ kind: Kind, _ series: Int, _ slice: Int) throws {
      try values.encode(kind, forKey: .kind)
      try values.encode(series, forKey: .series)
      try values.encode(slice, forKey: .slice)
    }
    switch content {
    case .outline(let outline):
      try place(.outline, outline.series, outline.slice)
      try values.encode(outline.lesion, forKey: .lesion)
      try values.encode(outline.vertices, forKey: .vertices)
      try values.encode(outline.provenance, forKey: .provenance)
      try values.encode(outline.tool, forKey: .tool)
    case .lesion(let name):
      try values.encode(Kind.lesion, forKey: .kind)
      try values.encode(name, forKey: .lesion)
    case .assessment(let lesion, let value):
      try values.encode(Kind.assessment, forKey: .kind)
      try values.encode(lesion, forKey: .lesion)
      try values.encode(value, forKey: .value)
    case .note(let lesion, let text):
      try values.encode(Kind.note, forKey: .kind)
      try values.encode(lesion, forKey: .lesion)
      try values.encode(text, forKey: .text)
    case .diameter(let diameter):
      try place(.diameter, diameter.series, diameter.slice)
      try values.encode(diameter.lesion, forKey: .lesion)
      try values.encode(diameter.ends, forKey: .ends)
      try values.encode(diameter.perpendicular, forKey: .perpendicular)
    case .offset(let series, let millimetres):
      try values.encode(Kind.offset, forKey: .kind)
      try values.encode(series, forKey: .series)
      try values.encode(millimetres, forKey: .millimetres)
    case .keys(let keys):
      try values.encode(Kind.keys, forKey: .kind)
      try values.encode(keys, forKey: .keys)
    }
  }
}
