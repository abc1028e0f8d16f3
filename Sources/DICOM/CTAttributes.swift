public import Imaging

/// The header of one CT frame, as far as a study needs it.
///
/// Texts are empty or nil where the file is silent; positions and directions are in the patient's coordinates (LPS, mm).
public struct CTAttributes: Equatable, Sendable {
  /// PatientID.
  public var patientID = ""
  /// IssuerOfPatientID: a PatientID is unique only within what its issuer gave out.
  public var issuerOfPatientID: String?
  /// StudyInstanceUID.
  public var studyInstanceUID = ""
  /// SeriesInstanceUID; where it is blank, a UID made from the frame of reference and what else the series' slices share.
  public var seriesInstanceUID: String
  /// SOPInstanceUID, which the frames of one file share; the file meta information's where the data set's is blank.
  public var sopInstanceUID: String
  /// FrameOfReferenceUID: positions compare only within it.
  public var frameOfReferenceUID: String?
  /// Modality: `CT`.
  public var modality = "CT"
  /// ImageType, such as ORIGINAL, PRIMARY, AXIAL.
  public var imageType: [String] = []
  /// Manufacturer.
  public var manufacturer: String?
  /// ManufacturerModelName.
  public var manufacturerModelName: String?
  /// SeriesDescription.
  public var seriesDescription: String?
  /// ProtocolName.
  public var protocolName: String?
  /// SeriesNumber.
  public var seriesNumber: Int?
  /// AcquisitionNumber.
  public var acquisitionNumber: Int?
  /// InstanceNumber.
  public var instanceNumber: Int?
  /// The number of columns.
  public var columns: Int
  /// The number of rows.
  public var rows: Int
  /// PixelSpacing in mm, above 0 and up to 100.
  public var pixelSpacing: PixelSpacing?
  /// ImagePositionPatient: the centre of the first pixel, within 10 m of the origin.
  public var imagePosition: SIMD3<Double>?
  /// The direction in which the column index grows, a unit vector.
  public var rowDirection: SIMD3<Double>?
  /// The direction in which the row index grows, a unit vector.
  public var columnDirection: SIMD3<Double>?
  /// SliceThickness in mm, above 0 and up to 1000.
  public var sliceThickness: Double?
  /// GantryDetectorTilt in degrees, -90 to 90.
  public var gantryTilt: Double?
  /// ConvolutionKernel.
  public var kernel: String?
  /// AcquisitionDate as it stands in the file, YYYYMMDD.
  public var acquisitionDate: String?
  /// AcquisitionTime as it stands in the file, HHMMSS.FFFFFF.
  public var acquisitionTime: String?
  /// ContrastBolusAgent.
  public var contrastAgent: String?
  /// ContrastBolusStartTime as it stands in the file, HHMMSS.FFFFFF.
  public var contrastStartTime: String?
  /// Whether PatientIdentityRemoved is YES.
  public var patientIdentityRemoved = false
  /// Whether SyntheticData is YES: the image is not from a patient.
  public var isSynthetic = false
  /// What says that the pixels lost information when they were compressed, in a few words; nil where nothing does.
  public var lossyCompression: String?
  /// Header values that could not be used as stated.
  public var flaws: [HeaderFlaw] = []

  /// Makes attributes of which only the identifiers and the size are known.
  public init(seriesInstanceUID: String, sopInstanceUID: String, columns: Int, rows: Int) {
    self.seriesInstanceUID = seriesInstanceUID
    self.sopInstanceUID = sopInstanceUID
    self.columns = columns
    self.rows = rows
  }
}
