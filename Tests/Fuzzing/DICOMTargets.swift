import DICOM
import Deidentification
import Foundation

extension FuzzTarget {
  /// CT and other images: headers, HU and stored values, of each compression.
  static let dicom = FuzzTarget(
    name: "dicom", isText: false,
    sources: {
      let small = [
        "SC_rgb_small_odd_jpeg", "JPGExtended", "MR_small_jpeg_ls_lossless", "JPEGLSNearLossless_16", "MR_small_RLE",
        "SC_rgb_rle_2frame", "MR_small_jp2klossless", "MR_small_bigendian", "SC_rgb_jls_lossy_sample",
      ]
      return try files("Tests/DICOMTests/Fixtures/made", ".deps/pydicom-files/pydicom/data/test_files") { path in
        path.hasSuffix(".dcm")
          && (!path.contains("/") && !path.contains("_") || small.contains(String(path.dropLast(4))))
      }
    }
  ) { file in
    if let frames = try? DICOMFile.attributes(of: file) { _ = SeriesGeometry(frames).defects.map(\.description) }
    if let image = try? DICOMFile.image(at: file) { _ = (image.values.count, image.pixelHash) }
    for frame in 0..<2 { _ = try? DICOMFile.storedPixels(at: file, frame: frame) }
  }

  /// Segmentations: what they are of, and their masks.
  static let segmentation = FuzzTarget(
    name: "segmentation", isText: false,
    sources: { try files("Tests/IntakeTests/Fixtures/tcia") { $0.contains("/seg/") } }
  ) { file in
    _ = SegmentationFile.isSegmentation(file)
    guard let segmentation = try? SegmentationFile(file) else { return }
    for index in segmentation.frames.indices.prefix(3) { _ = try? segmentation.mask(of: 1, frame: index) }
  }

  /// Structure sets.
  static let structureSet = FuzzTarget(
    name: "structure-set", isText: false,
    sources: { try files("Tests/IntakeTests/Fixtures/contours") { $0.hasPrefix("rt-utils.dcm") } }
  ) { file in
    _ = StructureSetFile.isStructureSet(file)
    _ = try? StructureSetFile(file).regions.map(\.contours.count)
  }

  /// De-identification, and its check.
  static let deidentification = FuzzTarget(
    name: "deidentification", isText: false,
    sources: {
      try files("Tests/DeidentificationTests/Fixtures", "Tests/DICOMTests/Fixtures/made") { $0.hasSuffix(".dcm") }
    }
  ) { file in
    _ = try? DeidentificationCheck().findings(in: file.deletingLastPathComponent())
    guard let data = try? Data(contentsOf: file) else { return }
    _ = try? Deidentifier(key: PseudonymKey()).deidentify(data)
  }
}
