public import DICOM
public import Foundation
import Support

/// A de-identified file, and what its caller may need of the original before that is gone.
public struct DeidentifiedFile: Sendable {
  /// The whole file, in the transfer syntax it came in; a deflated one becomes Explicit VR Little Endian.
  public let data: Data
  /// What became of its elements.
  public let audit: DeidentificationAudit
  /// The original headers of a CT image, one per frame, in memory alone; empty where the file is no CT image that this
  /// program reads.
  public let facts: [CTAttributes]
  /// The patient's name and ID in `data`.
  public let pseudonym: String
  /// StudyInstanceUID in `data`, empty where there was none.
  public let studyInstanceUID: String
  /// SeriesInstanceUID in `data`, empty where there was none.
  public let seriesInstanceUID: String
  /// SOPInstanceUID in `data`.
  public let sopInstanceUID: String
  /// Whether the file had no PatientID, so that its exam stands for a patient of its own.
  public let lacksPatientID: Bool
}

/// De-identifies DICOM files by PS3.15 Annex E, in memory, before anything is written.
///
/// The file is read into its elements and rebuilt from those that may stay, at every depth of its sequences, so that
/// nothing that was not understood comes through. Pixel data are copied as they are, but for what is no part of the image: bytes
/// beyond it, comments within compressed frames.
public struct Deidentifier: Sendable {
  /// What it keeps.
  public let options: DeidentificationOptions
  private let key: PseudonymKey
  private let profile: ConfidentialityProfile

  /// Makes a de-identifier for the patients of one study.
  public init(key: PseudonymKey, options: DeidentificationOptions = .basic) {
    self.key = key
    self.options = options
    profile = ConfidentialityProfile(options)
  }

  /// De-identifies a file in memory; `name` is what an error calls it.
  ///
  /// - Throws: `DICOMError` where it is no whole DICOM file, or has too few identifiers to be told from others;
  ///   `DeidentificationRefusal` where text may stand in its image.
  public func deidentify(_ data: Data, name: String = "DICOM file") throws -> DeidentifiedFile {
    let file = try DataSet(original: data, name: name)
    if !options.admitsImagesWithText, let refusal = ImageText.refusal(of: file) { throw refusal }
    try requirePixels(file)
    let identity = try Identity(file, key)
    let pixels = try EncapsulatedPixels(file)
    if let pixels, !pixels.isFollowed, !options.admitsImagesWithText {
      throw DeidentificationRefusal(file: name, tag: .pixelData, reason: "a video, which cannot be searched for text")
    }
    var pass = DeidentificationPass(file: file, key: key, profile: profile, identity: identity, pixels: pixels)
    var elements = pass.elements(file.elements)
    let cut = file.trailingByteCount + file.excessPixelByteCount + (pixels?.cutByteCount ?? 0)
    pass.audit.noteFile(hasPreamble: file.hasPreambleContent, trailingBytes: cut)
    // What is no UID is never one to keep: it may be text, or a path that leads elsewhere.
    let uid = { options.retainsUIDs && PseudonymKey.isUID($0) ? $0 : key.uid($0) }
    let sopClassUID = uid(identity.sopClassUID)
    let sopInstanceUID = uid(identity.sopInstanceUID)
    stamp(&elements, identity, sopClassUID, sopInstanceUID)
    let writer = DICOMFileWriter(elements, of: file, sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID)
    let isCT = file.characters(.modality) == "CT"
    return DeidentifiedFile(
      data: Data(writer.bytes), audit: pass.audit,
      facts: isCT ? (try? DICOMFile.attributes(of: file)) ?? [] : [], pseudonym: identity.pseudonym,
      studyInstanceUID: uid(identity.studyInstanceUID), seriesInstanceUID: uid(identity.seriesInstanceUID),
      sopInstanceUID: sopInstanceUID, lacksPatientID: identity.lacksPatientID)
  }

  /// De-identifies a file on disk into another, which appears whole or not at all.
  ///
  /// - Throws: as for a file in memory; `DICOMError` too where either file cannot be accessed.
  @discardableResult
  public func deidentify(file: URL, to destination: URL) throws -> DeidentifiedFile {
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw DICOMError(
        .unreadable, file: file.lastPathComponent, "the file cannot be read: \(error.localizedDescription)",
        advice: "Check its permissions")
    }
    let result = try deidentify(data, name: file.lastPathComponent)
    try Self.write(result.data, to: destination)
    return result
  }

  /// Writes a file whole or not at all; what a killed process leaves of it is hidden, and removed by the next run.
  static func write(_ data: Data, to url: URL) throws(DICOMError) {
    do throws(StudyError) {
      try AtomicFile.write(data, to: url, synchronize: false)
    } catch {
      throw DICOMError(
        .cannotWrite, file: url.lastPathComponent, "the file cannot be written: \(error)",
        advice: "Check the folder and the free disk space")
    }
  }

  /// An image without its pixels was cut off between two elements, or keeps them elsewhere; of pixels without a size nobody
  /// can tell where they end.
  private func requirePixels(_ file: DataSet) throws(DICOMError) {
    let sopClass = file.characters(.sopClassUID)
    let isCT = sopClass == DICOMUID.ctImageStorage || sopClass == DICOMUID.enhancedCTImageStorage
    let pixels: Set<DICOMTag> = [.pixelData, .floatPixelData, .doubleFloatPixelData]
    let isThere = file.elements.contains { pixels.contains($0.tag) }
    if isThere, file.statedPixelByteCount == nil {
      throw DICOMError(
        .invalid, file: file.name, tag: .rows, "the header does not say how large the image is",
        expected: "Rows, Columns and BitsAllocated", advice: "Fetch it from its source again")
    }
    guard isCT || file.integer(.rows) != nil, !isThere else { return }
    throw DICOMError(
      .truncated, file: file.name, tag: .pixelData, "the image has no pixel data",
      advice: "Fetch it from its source again")
  }

  /// States what was done (PS3.15 section E.1.1), and gives the patient the pseudonym.
  private func stamp(
    _ elements: inout [DataElement], _ identity: Identity, _ sopClassUID: String, _ sopInstanceUID: String
  ) {
    let state: String
    switch options.dates {
    case .removed: state = "REMOVED"
    case .modified: state = "MODIFIED"
    case .full: state = "UNMODIFIED"
    }
    let codes = options.methodCodes.map { code, meaning in
      [
        DataElement(.codeValue, .sh, code), DataElement(.codingSchemeDesignator, .sh, "DCM"),
        DataElement(.codeMeaning, .lo, meaning),
      ]
    }
    let stamped = [
      DataElement(.sopClassUID, .ui, sopClassUID), DataElement(.sopInstanceUID, .ui, sopInstanceUID),
      DataElement(.patientName, .pn, identity.pseudonym), DataElement(.patientID, .lo, identity.pseudonym),
      DataElement(.patientIdentityRemoved, .cs, "YES"),
      DataElement(.deidentificationMethod, .lo, #"RenalGrade\DICOM PS3.15 2026c Annex E"#),
      DataElement(.deidentificationMethodCodeSequence, .sq, .items(codes)),
      DataElement(.longitudinalTemporalInformationModified, .cs, state),
    ]
    let tags = Set(stamped.map(\.tag))
    elements = (elements.filter { !tags.contains($0.tag) } + stamped).sorted { $0.tag < $1.tag }
  }
}

/// Who and what a file is.
struct Identity {
  let pseudonym: String
  let dateShift: DateShift
  let lacksPatientID: Bool
  let sopClassUID: String
  let sopInstanceUID: String
  let studyInstanceUID: String
  let seriesInstanceUID: String

  init(_ file: DataSet, _ key: PseudonymKey) throws(DICOMError) {
    func uid(_ tag: DICOMTag, orMeta metaTag: DICOMTag? = nil) -> String {
      file.characters(tag) ?? metaTag.flatMap { file.characters($0) } ?? ""
    }
    func bytes(_ tag: DICOMTag) -> [UInt8] {
      file.elements.first { $0.tag == tag }.map { Array(file.value(of: $0).trimmingPadding()) } ?? []
    }
    sopClassUID = uid(.sopClassUID, orMeta: .mediaStorageSOPClassUID)
    sopInstanceUID = uid(.sopInstanceUID, orMeta: .mediaStorageSOPInstanceUID)
    studyInstanceUID = uid(.studyInstanceUID)
    seriesInstanceUID = uid(.seriesInstanceUID)
    var patient = PseudonymKey.Patient(id: bytes(.patientID), issuer: bytes(.issuerOfPatientID))
    lacksPatientID = patient.id.isEmpty
    if lacksPatientID {
      patient = PseudonymKey.Patient(id: Array(studyInstanceUID.utf8), issuer: Array("exam without PatientID".utf8))
    }
    for (value, tag) in [(sopClassUID, DICOMTag.sopClassUID), (sopInstanceUID, .sopInstanceUID)] where value.isEmpty {
      throw DICOMError(
        .invalid, file: file.name, tag: tag, "the file does not identify its image", found: "nothing",
        advice: "Fetch it from its source again")
    }
    guard !patient.id.isEmpty else {
      throw DICOMError(
        .invalid, file: file.name, tag: .patientID,
        "the file does not identify its patient, so no pseudonym can be assigned: neither PatientID nor StudyInstanceUID has a "
          + "value",
        advice: "Give each patient's files a PatientID of their own first (with DCMTK: dcmodify -nb -i "
          + "\"(0010,0020)=P01\" FILES); files without a person need no de-identification")
    }
    pseudonym = key.pseudonym(patient)
    dateShift = DateShift(days: key.dateOffset(patient))
  }
}

extension DICOMTag {
  static let deidentificationMethodCodeSequence = DICOMTag(rawValue: 0x0012_0064)
  static let longitudinalTemporalInformationModified = DICOMTag(rawValue: 0x0028_0303)
}
