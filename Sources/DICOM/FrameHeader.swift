import Foundation

/// The attributes of one frame, wherever the file keeps them.
///
/// Enhanced CT has functional groups: a frame's own item wins over the item that all frames share, and that over the top
/// level, where single-frame CT has everything (PS3.3 section C.7.6.16).
struct FrameHeader {
  let dataSet: DataSet
  let frame: Int
  let frameCount: Int
  let hasGroups: Bool
  /// The frame's own functional groups, then those that all frames share.
  private let groups: [[DataElement]]

  /// No scanner's slope or intercept is larger.
  private static let largestRescaling = 1e6
  private static let groupSequences: [DICOMTag] = [.sharedFunctionalGroupsSequence, .perFrameFunctionalGroupsSequence]

  init(_ dataSet: DataSet, frame: Int, frameCount: Int) {
    self.dataSet = dataSet
    self.frame = frame
    self.frameCount = frameCount
    let own = dataSet.items(.perFrameFunctionalGroupsSequence)
    let shared = dataSet.items(.sharedFunctionalGroupsSequence)
    hasGroups = !own.isEmpty || !shared.isEmpty
    groups = (own.indices.contains(frame) ? [own[frame]] : []) + shared.prefix(1)
  }

  func text(_ tag: DICOMTag, group: DICOMTag) -> String? { dataSet.text(tag, in: item(with: tag, of: group)) }

  func numbers(_ tag: DICOMTag, group: DICOMTag) -> [Double]? { dataSet.numbers(tag, in: item(with: tag, of: group)) }

  /// The item of a group that has a value for the tag; nil where only the top level may have one.
  func item(with tag: DICOMTag, of group: DICOMTag) -> [DataElement]? {
    groups.lazy.map { dataSet.item(0, of: group, in: $0) }.first { dataSet.text(tag, in: $0) != nil }
  }

  /// - Throws: `DICOMError` where one of the sequences, or a functional group, is there but damaged: what it says of the
  ///   pixels must not be taken from elsewhere.
  private func requireItems(of sequences: [DICOMTag]) throws(DICOMError) {
    let stated = sequences.compactMap { dataSet.element($0) } + groups.joined()
    for element in stated where element.vr == .un && DICOMDictionary.vr(of: element.tag) == .sq {
      throw DICOMError(
        .invalid, file: dataSet.name, tag: element.tag, "the items of the sequence cannot be read",
        advice: "The file is damaged; fetch it from its source again")
    }
  }

  /// Slope and intercept: stored value x slope + intercept is HU.
  ///
  /// - Throws: `DICOMError` where they are absent or are no numbers: stored values are not to be taken for HU by mistake.
  func rescale() throws(DICOMError) -> (slope: Double, intercept: Double) {
    let group = DICOMTag.pixelValueTransformationSequence
    try requireItems(of: Self.groupSequences + [.modalityLUTSequence])
    guard dataSet.items(.modalityLUTSequence).isEmpty else {
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .modalityLUTSequence, "the values are not linear in HU",
        expected: "a rescale slope and intercept", found: "a look-up table")
    }
    func required(_ tag: DICOMTag) throws(DICOMError) -> Double {
      guard let numbers = numbers(tag, group: group), numbers.count == 1, let number = numbers.first,
        number != 0 || tag == .rescaleIntercept, abs(number) <= Self.largestRescaling
      else {
        throw DICOMError(
          .invalid, file: dataSet.name, tag: tag, "the values cannot be turned into HU",
          expected: tag == .rescaleSlope ? "a number other than 0, up to 1000000" : "a number up to 1000000",
          found: text(tag, group: group) ?? "nothing")
      }
      return number
    }
    if let type = text(.rescaleType, group: group), !RescaleUnit.isHounsfield(type) {
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .rescaleType, "the values are not in HU", expected: "HU", found: type)
    }
    return (try required(.rescaleSlope), try required(.rescaleIntercept))
  }

  /// - Throws: `DICOMError` where nothing tells the image or its series from others.
  func attributes(_ format: PixelFormat) throws(DICOMError) -> CTAttributes {
    try requireItems(of: Self.groupSequences)
    guard let sopInstanceUID = dataSet.text(.sopInstanceUID) ?? dataSet.text(.mediaStorageSOPInstanceUID) else {
      throw blank(.sopInstanceUID)
    }
    guard let seriesInstanceUID = dataSet.text(.seriesInstanceUID) ?? inventedSeriesUID() else {
      throw blank(.seriesInstanceUID)
    }
    var attributes = CTAttributes(
      seriesInstanceUID: seriesInstanceUID, sopInstanceUID: sopInstanceUID, columns: format.columns, rows: format.rows)
    attributes.patientID = dataSet.text(.patientID) ?? ""
    attributes.issuerOfPatientID = dataSet.text(.issuerOfPatientID)
    attributes.studyInstanceUID = dataSet.text(.studyInstanceUID) ?? ""
    attributes.frameOfReferenceUID = dataSet.text(.frameOfReferenceUID)
    attributes.imageType =
      dataSet.text(.imageType)?.split(separator: "\\").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    attributes.manufacturer = dataSet.text(.manufacturer)
    attributes.manufacturerModelName = dataSet.text(.manufacturerModelName)
    attributes.seriesDescription = dataSet.text(.seriesDescription)
    attributes.protocolName = dataSet.text(.protocolName)
    attributes.seriesNumber = dataSet.integer(.seriesNumber)
    attributes.acquisitionNumber = dataSet.integer(.acquisitionNumber)
    attributes.instanceNumber = dataSet.integer(.instanceNumber)
    attributes.kernel = text(.convolutionKernel, group: .ctReconstructionSequence)
    attributes.acquisitionDate = dataSet.text(.acquisitionDate)
    attributes.acquisitionTime = dataSet.text(.acquisitionTime)
    attributes.contrastAgent = dataSet.text(.contrastBolusAgent)
    attributes.contrastStartTime = dataSet.text(.contrastBolusStartTime)
    attributes.patientIdentityRemoved = dataSet.text(.patientIdentityRemoved)?.uppercased() == "YES"
    attributes.isSynthetic = dataSet.text(.syntheticData)?.uppercased() == "YES"
    attributes.lossyCompression = LossyCompression.evidence(in: dataSet)
    readGeometry(&attributes)
    attributes.flaws += [PixelPadding.flaw(of: dataSet, isSigned: format.isSigned)].compactMap { $0 }
    return attributes
  }

  /// Some de-identifiers blank the series' UID but not the frame of reference's: what the slices of a series share stands in.
  private func inventedSeriesUID() -> String? {
    guard let frameOfReference = dataSet.text(.frameOfReferenceUID) else { return nil }
    let shared: [DICOMTag] = [.seriesNumber, .seriesDate, .seriesTime, .seriesDescription, .convolutionKernel]
    let name = shared.map { dataSet.text($0) ?? "" }.joined(separator: "\\")
    return DICOMUID.make(from: "series in \(frameOfReference): \(name)")
  }

  private func blank(_ tag: DICOMTag) -> DICOMError {
    DICOMError(
      .invalid, file: dataSet.name, tag: tag, "the image cannot be distinguished from others", found: "nothing")
  }
}
