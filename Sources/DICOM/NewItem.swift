/// The elements of a data set or item that is being made, from numbers and texts; written in the order of their tags.
struct NewItem {
  private var byTag: [DICOMTag: DataElement] = [:]

  /// The elements, ascending.
  var elements: [DataElement] { byTag.values.sorted { $0.tag < $1.tag } }

  /// Text or numbers as text, backslashes between several values; a VR that cannot hold it leaves the element empty.
  mutating func set(_ tag: UInt32, _ vr: ValueRepresentation, _ text: String = "") {
    let tag = DICOMTag(rawValue: tag)
    byTag[tag] = DataElement(tag, vr, parsing: text) ?? DataElement(tag, vr, "")
  }

  /// Bytes.
  mutating func set(_ tag: UInt32, _ vr: ValueRepresentation, bytes: [UInt8]) {
    let tag = DICOMTag(rawValue: tag)
    byTag[tag] = DataElement(tag, vr, .bytes(bytes))
  }

  /// A sequence.
  mutating func set(_ tag: UInt32, items: [NewItem]) {
    let tag = DICOMTag(rawValue: tag)
    byTag[tag] = DataElement(tag, .sq, .items(items.map(\.elements)))
  }

  /// The attribute that a value of VR AT names.
  mutating func set(_ tag: UInt32, attribute: UInt32) {
    let (group, element) = (attribute >> 16, attribute & 0xFFFF)
    set(tag, .at, bytes: [group, group >> 8, element, element >> 8].map { UInt8($0 & 0xFF) })
  }

  /// Makes an item.
  init(_ fill: (inout NewItem) -> Void = { _ in }) { fill(&self) }

  /// A coded concept (PS3.3 section 8.8).
  static func code(_ value: String, _ scheme: String, _ meaning: String) -> NewItem {
    NewItem {
      $0.set(0x0008_0100, .sh, value)
      $0.set(0x0008_0102, .sh, scheme)
      $0.set(0x0008_0104, .lo, meaning)
    }
  }
}

/// What files that are derived from a series' slices say of patient, exam and series: codes and UIDs, no dates and no names.
public struct DerivedSeries: Sendable {
  /// PatientID: what the study calls the patient.
  public var patientCode: String
  /// StudyInstanceUID of the slices.
  public var studyInstanceUID: String
  /// SeriesInstanceUID of the slices.
  public var sourceSeriesUID: String
  /// FrameOfReferenceUID of the slices.
  public var frameOfReferenceUID: String
  /// The series' slices that are referred to.
  public var slices: [Slice]
  /// What tells this file from others of the same slices; its UIDs follow from it.
  public var seed: String

  /// A slice that is referred to.
  public struct Slice: Sendable {
    /// SOPClassUID.
    public var sopClassUID: String
    /// SOPInstanceUID.
    public var sopInstanceUID: String
    /// The frame from 0; nil in a file of one frame.
    public var frame: Int?
    /// The centre of the first pixel (LPS, mm).
    public var position: SIMD3<Double>

    /// Names a slice.
    public init(sopClassUID: String, sopInstanceUID: String, frame: Int?, position: SIMD3<Double>) {
      (self.sopClassUID, self.sopInstanceUID, self.frame, self.position) = (
        sopClassUID, sopInstanceUID, frame, position
      )
    }

    func reference(withFrame: Bool = true) -> NewItem {
      NewItem {
        $0.set(0x0008_1150, .ui, sopClassUID)
        $0.set(0x0008_1155, .ui, sopInstanceUID)
        if withFrame, let frame { $0.set(0x0008_1160, .is, "\(frame + 1)") }
      }
    }
  }

  /// States what the files are derived from.
  public init(
    patientCode: String, studyInstanceUID: String, sourceSeriesUID: String, frameOfReferenceUID: String,
    slices: [Slice], seed: String
  ) {
    (self.patientCode, self.studyInstanceUID) = (patientCode, studyInstanceUID)
    (self.sourceSeriesUID, self.frameOfReferenceUID) = (sourceSeriesUID, frameOfReferenceUID)
    (self.slices, self.seed) = (slices, seed)
  }

  /// The files of the slices, each once.
  var instances: [Slice] {
    var seen: Set<String> = []
    return slices.filter { seen.insert($0.sopInstanceUID).inserted }
  }

  /// The UID of something in the file.
  func uid(_ part: String) -> String { DICOMUID.make(from: "\(part) of \(seed), \(sourceSeriesUID)") }

  /// The modules Patient, General Study, General Series, General Equipment and SOP Common.
  func item(sopClassUID: String, modality: String) -> NewItem {
    NewItem {
      $0.set(0x0008_0005, .cs, "ISO_IR 192")
      $0.set(0x0008_0016, .ui, sopClassUID)
      $0.set(0x0008_0018, .ui, uid("instance"))
      for tag in [0x0008_0020, 0x0010_0030] as [UInt32] { $0.set(tag, .da) }
      $0.set(0x0008_0030, .tm)
      for tag in [0x0008_0050, 0x0020_0010] as [UInt32] { $0.set(tag, .sh) }
      $0.set(0x0008_0060, .cs, modality)
      $0.set(0x0008_0070, .lo, "RenalGrade")
      for tag in [0x0008_0090, 0x0010_0010] as [UInt32] { $0.set(tag, .pn) }
      $0.set(0x0008_1090, .lo, "RenalGrade")
      $0.set(0x0010_0020, .lo, patientCode)
      $0.set(0x0010_0040, .cs)
      $0.set(0x0018_1000, .lo, "0")
      $0.set(0x0018_1020, .lo, "RenalGrade")
      $0.set(0x0020_000D, .ui, studyInstanceUID)
      $0.set(0x0020_000E, .ui, uid("series"))
      $0.set(0x0020_0011, .is, "1")
      $0.set(0x0020_0013, .is, "1")
      $0.set(0x0020_0052, .ui, frameOfReferenceUID)
      $0.set(0x0020_1040, .lo)
    }
  }

  /// The file's bytes.
  func encoded(_ item: NewItem, sopClassUID: String, encoding: ElementEncoding) -> [UInt8] {
    let elements = item.elements
    return DICOMFileWriter(
      elements, of: DataSet(elements, name: "derived", encoding: encoding), sopClassUID: sopClassUID,
      sopInstanceUID: uid("instance")
    ).bytes
  }

  /// - Throws: `DICOMError` where a name cannot be a value of VR LO (PS3.5 section 6.2).
  func requireText(_ name: String, _ tag: UInt32) throws(DICOMError) {
    guard !name.isEmpty, name.count <= 64, !name.contains("\\"), name.unicodeScalars.allSatisfy({ $0.value >= 0x20 })
    else {
      throw DICOMError(
        .cannotWrite, file: "the file", tag: DICOMTag(rawValue: tag), "a lesion's name cannot be written",
        expected: "1 to 64 characters without a backslash", found: "\(name.count) characters",
        advice: "Name the lesion otherwise in the pathology table")
    }
  }
}
