/// What a CT pull can take over DIMSE: kinds of objects, and the encodings of each.
enum StorageSyntaxes {
  /// CT, Enhanced CT, Legacy Converted Enhanced CT, and the Secondary Captures that scanners put into a CT series.
  static let sopClasses = [
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2",
    "1.2.840.10008.5.1.4.1.1.7",
  ]

  /// Explicit and implicit VR little endian.
  static let uncompressed = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]

  /// Every encoding that the DICOM room reads.
  ///
  /// A PACS that lets us choose is to send what it has, but never to compress for us: uncompressed comes first, lossy last.
  static let transferSyntaxes =
    uncompressed + [
      "1.2.840.10008.1.2.2",  // explicit VR big endian
      "1.2.840.10008.1.2.1.99",  // deflated
      "1.2.840.10008.1.2.5",  // RLE
      "1.2.840.10008.1.2.4.70",  // JPEG lossless, first-order prediction
      "1.2.840.10008.1.2.4.57",  // JPEG lossless
      "1.2.840.10008.1.2.4.80",  // JPEG-LS lossless
      "1.2.840.10008.1.2.4.90",  // JPEG 2000 lossless
      "1.2.840.10008.1.2.4.201",  // HTJ2K lossless
      "1.2.840.10008.1.2.4.202",  // HTJ2K lossless, RPCL
      "1.2.840.10008.1.2.4.203",  // HTJ2K
      "1.2.840.10008.1.2.4.91",  // JPEG 2000
      "1.2.840.10008.1.2.4.81",  // JPEG-LS near-lossless
      "1.2.840.10008.1.2.4.51",  // JPEG extended
      "1.2.840.10008.1.2.4.50",  // JPEG baseline
    ]

  static let verification = "1.2.840.10008.1.1"
  static let studyRootFind = "1.2.840.10008.5.1.4.1.2.2.1"
  static let studyRootMove = "1.2.840.10008.5.1.4.1.2.2.2"
  static let studyRootGet = "1.2.840.10008.5.1.4.1.2.2.3"
}
