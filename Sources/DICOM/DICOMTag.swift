internal import CDICOM
import Support

/// A DICOM attribute's tag, group and element; PS3.6 lists them.
public struct DICOMTag: Hashable, Comparable, RawRepresentable, CustomStringConvertible, Sendable {
  /// The group in the upper, the element in the lower 16 bits.
  public let rawValue: UInt32

  /// Makes a tag from group and element in one number, such as `0x0020_000E`.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  private init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// The tag and its keyword, such as `(0020,000E) SeriesInstanceUID`.
  public var description: String {
    func hexadecimal(_ value: UInt32) -> String {
      let digits = String(value, radix: 16, uppercase: true)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return
      "(\(hexadecimal(rawValue >> 16)),\(hexadecimal(rawValue & 0xFFFF))) \(String(cString: cd_tag_name(rawValue)))"
  }

  /// Orders by group, then by element, as in a file.
  public static func < (left: DICOMTag, right: DICOMTag) -> Bool { left.rawValue < right.rawValue }
}

// The names are the keywords of PS3.6, so that each can be looked up there.
extension DICOMTag {
  /// `MediaStorageSOPClassUID`, in the file meta information.
  public static let mediaStorageSOPClassUID = DICOMTag(0x0002_0002)
  /// `MediaStorageSOPInstanceUID`, in the file meta information.
  public static let mediaStorageSOPInstanceUID = DICOMTag(0x0002_0003)
  /// `TransferSyntaxUID`, in the file meta information.
  public static let transferSyntaxUID = DICOMTag(0x0002_0010)
  /// `SpecificCharacterSet`.
  public static let specificCharacterSet = DICOMTag(0x0008_0005)
  /// `ImageType`.
  public static let imageType = DICOMTag(0x0008_0008)
  /// `SOPClassUID`.
  public static let sopClassUID = DICOMTag(0x0008_0016)
  /// `SOPInstanceUID`.
  public static let sopInstanceUID = DICOMTag(0x0008_0018)
  /// `StudyDate`.
  public static let studyDate = DICOMTag(0x0008_0020)
  /// `SeriesDate`.
  public static let seriesDate = DICOMTag(0x0008_0021)
  /// `AcquisitionDate`.
  public static let acquisitionDate = DICOMTag(0x0008_0022)
  /// `ContentDate`.
  public static let contentDate = DICOMTag(0x0008_0023)
  /// `StudyTime`.
  public static let studyTime = DICOMTag(0x0008_0030)
  /// `SeriesTime`.
  public static let seriesTime = DICOMTag(0x0008_0031)
  /// `AcquisitionTime`.
  public static let acquisitionTime = DICOMTag(0x0008_0032)
  /// `ContentTime`.
  public static let contentTime = DICOMTag(0x0008_0033)
  /// `AccessionNumber`.
  public static let accessionNumber = DICOMTag(0x0008_0050)
  /// `Modality`.
  public static let modality = DICOMTag(0x0008_0060)
  /// `Manufacturer`.
  public static let manufacturer = DICOMTag(0x0008_0070)
  /// `ReferringPhysicianName`.
  public static let referringPhysicianName = DICOMTag(0x0008_0090)
  /// `StudyDescription`.
  public static let studyDescription = DICOMTag(0x0008_1030)
  /// `SeriesDescription`.
  public static let seriesDescription = DICOMTag(0x0008_103E)
  /// `ManufacturerModelName`.
  public static let manufacturerModelName = DICOMTag(0x0008_1090)
  /// `FrameType`.
  public static let frameType = DICOMTag(0x0008_9007)
  /// `PatientName`.
  public static let patientName = DICOMTag(0x0010_0010)
  /// `PatientID`.
  public static let patientID = DICOMTag(0x0010_0020)
  /// `IssuerOfPatientID`.
  public static let issuerOfPatientID = DICOMTag(0x0010_0021)
  /// `PatientBirthDate`.
  public static let patientBirthDate = DICOMTag(0x0010_0030)
  /// `PatientSex`.
  public static let patientSex = DICOMTag(0x0010_0040)
  /// `PatientAge`.
  public static let patientAge = DICOMTag(0x0010_1010)
  /// `PatientComments`.
  public static let patientComments = DICOMTag(0x0010_4000)
  /// `SyntheticData`: whether the content is synthetic.
  public static let syntheticData = DICOMTag(0x0008_001C)
  /// `PatientIdentityRemoved`.
  public static let patientIdentityRemoved = DICOMTag(0x0012_0062)
  /// `DeidentificationMethod`.
  public static let deidentificationMethod = DICOMTag(0x0012_0063)
  /// `ContrastBolusAgent`.
  public static let contrastBolusAgent = DICOMTag(0x0018_0010)
  /// `BodyPartExamined`.
  public static let bodyPartExamined = DICOMTag(0x0018_0015)
  /// `SliceThickness`.
  public static let sliceThickness = DICOMTag(0x0018_0050)
  /// `KVP`.
  public static let kvp = DICOMTag(0x0018_0060)
  /// `SpacingBetweenSlices`.
  public static let spacingBetweenSlices = DICOMTag(0x0018_0088)
  /// `SoftwareVersions`.
  public static let softwareVersions = DICOMTag(0x0018_1020)
  /// `ProtocolName`.
  public static let protocolName = DICOMTag(0x0018_1030)
  /// `ContrastBolusRoute`.
  public static let contrastBolusRoute = DICOMTag(0x0018_1040)
  /// `ContrastBolusVolume`.
  public static let contrastBolusVolume = DICOMTag(0x0018_1041)
  /// `ContrastBolusStartTime`.
  public static let contrastBolusStartTime = DICOMTag(0x0018_1042)
  /// `ContrastBolusStopTime`.
  public static let contrastBolusStopTime = DICOMTag(0x0018_1043)
  /// `ContrastFlowRate`.
  public static let contrastFlowRate = DICOMTag(0x0018_1046)
  /// `ContrastBolusIngredientConcentration`.
  public static let contrastBolusIngredientConcentration = DICOMTag(0x0018_1049)
  /// `ReconstructionDiameter`.
  public static let reconstructionDiameter = DICOMTag(0x0018_1100)
  /// `GantryDetectorTilt`.
  public static let gantryDetectorTilt = DICOMTag(0x0018_1120)
  /// `XRayTubeCurrent`.
  public static let xRayTubeCurrent = DICOMTag(0x0018_1151)
  /// `Exposure`.
  public static let exposure = DICOMTag(0x0018_1152)
  /// `ConvolutionKernel`.
  public static let convolutionKernel = DICOMTag(0x0018_1210)
  /// `PatientPosition`.
  public static let patientPosition = DICOMTag(0x0018_5100)
  /// `CTReconstructionSequence`.
  public static let ctReconstructionSequence = DICOMTag(0x0018_9314)
  /// `CTImageFrameTypeSequence`.
  public static let ctImageFrameTypeSequence = DICOMTag(0x0018_9329)
  /// `StudyInstanceUID`.
  public static let studyInstanceUID = DICOMTag(0x0020_000D)
  /// `SeriesInstanceUID`.
  public static let seriesInstanceUID = DICOMTag(0x0020_000E)
  /// `StudyID`.
  public static let studyID = DICOMTag(0x0020_0010)
  /// `SeriesNumber`.
  public static let seriesNumber = DICOMTag(0x0020_0011)
  /// `AcquisitionNumber`.
  public static let acquisitionNumber = DICOMTag(0x0020_0012)
  /// `InstanceNumber`.
  public static let instanceNumber = DICOMTag(0x0020_0013)
  /// `ImagePositionPatient`.
  public static let imagePositionPatient = DICOMTag(0x0020_0032)
  /// `ImageOrientationPatient`.
  public static let imageOrientationPatient = DICOMTag(0x0020_0037)
  /// `FrameOfReferenceUID`.
  public static let frameOfReferenceUID = DICOMTag(0x0020_0052)
  /// `PositionReferenceIndicator`.
  public static let positionReferenceIndicator = DICOMTag(0x0020_1040)
  /// `SliceLocation`.
  public static let sliceLocation = DICOMTag(0x0020_1041)
  /// `ImageComments`.
  public static let imageComments = DICOMTag(0x0020_4000)
  /// `FrameContentSequence`.
  public static let frameContentSequence = DICOMTag(0x0020_9111)
  /// `PlanePositionSequence`.
  public static let planePositionSequence = DICOMTag(0x0020_9113)
  /// `PlaneOrientationSequence`.
  public static let planeOrientationSequence = DICOMTag(0x0020_9116)
  /// `SamplesPerPixel`.
  public static let samplesPerPixel = DICOMTag(0x0028_0002)
  /// `PhotometricInterpretation`.
  public static let photometricInterpretation = DICOMTag(0x0028_0004)
  /// `PlanarConfiguration`.
  public static let planarConfiguration = DICOMTag(0x0028_0006)
  /// `NumberOfFrames`.
  public static let numberOfFrames = DICOMTag(0x0028_0008)
  /// `Rows`.
  public static let rows = DICOMTag(0x0028_0010)
  /// `Columns`.
  public static let columns = DICOMTag(0x0028_0011)
  /// `PixelSpacing`.
  public static let pixelSpacing = DICOMTag(0x0028_0030)
  /// `BitsAllocated`.
  public static let bitsAllocated = DICOMTag(0x0028_0100)
  /// `BitsStored`.
  public static let bitsStored = DICOMTag(0x0028_0101)
  /// `HighBit`.
  public static let highBit = DICOMTag(0x0028_0102)
  /// `PixelRepresentation`.
  public static let pixelRepresentation = DICOMTag(0x0028_0103)
  /// `PixelPaddingValue`.
  public static let pixelPaddingValue = DICOMTag(0x0028_0120)
  /// `PixelPaddingRangeLimit`.
  public static let pixelPaddingRangeLimit = DICOMTag(0x0028_0121)
  /// `BurnedInAnnotation`.
  public static let burnedInAnnotation = DICOMTag(0x0028_0301)
  /// `WindowCenter`.
  public static let windowCenter = DICOMTag(0x0028_1050)
  /// `WindowWidth`.
  public static let windowWidth = DICOMTag(0x0028_1051)
  /// `RescaleIntercept`.
  public static let rescaleIntercept = DICOMTag(0x0028_1052)
  /// `RescaleSlope`.
  public static let rescaleSlope = DICOMTag(0x0028_1053)
  /// `RescaleType`.
  public static let rescaleType = DICOMTag(0x0028_1054)
  /// `LossyImageCompression`.
  public static let lossyImageCompression = DICOMTag(0x0028_2110)
  /// `LossyImageCompressionRatio`.
  public static let lossyImageCompressionRatio = DICOMTag(0x0028_2112)
  /// `ModalityLUTSequence`.
  public static let modalityLUTSequence = DICOMTag(0x0028_3000)
  /// `PixelMeasuresSequence`.
  public static let pixelMeasuresSequence = DICOMTag(0x0028_9110)
  /// `PixelValueTransformationSequence`.
  public static let pixelValueTransformationSequence = DICOMTag(0x0028_9145)
  /// `SharedFunctionalGroupsSequence`.
  public static let sharedFunctionalGroupsSequence = DICOMTag(0x5200_9229)
  /// `PerFrameFunctionalGroupsSequence`.
  public static let perFrameFunctionalGroupsSequence = DICOMTag(0x5200_9230)
  /// `FloatPixelData`.
  public static let floatPixelData = DICOMTag(0x7FE0_0008)
  /// `DoubleFloatPixelData`.
  public static let doubleFloatPixelData = DICOMTag(0x7FE0_0009)
  /// `PixelData`.
  public static let pixelData = DICOMTag(0x7FE0_0010)
}
