import Annotation
import DICOM
import Foundation
import Imaging
import Study
import Support

/// A format in which one reader's outlines of one series are a file.
struct ContourWriter: Sendable {
  /// The end of the file's name.
  let ending: String
  /// The file's bytes.
  ///
  /// It throws where the format cannot express the outlines.
  let bytes: @Sendable (_ stack: OutlineStack, _ study: inout StudyPlanes, _ folder: URL) throws -> [UInt8]

  /// The writers of the formats that have a file for each series.
  static let all: [ContourExport.Format: ContourWriter] = [
    .nrrd: ContourWriter(ending: ".seg.nrrd") { stack, _, _ in
      let map = try stack.labelMap { Int16($0 + 1) }
      return try NRRDFile.bytes(map, names: stack.series.lesions.enumerated().map { ($0 + 1, $1.label) })
    },
    .nifti: ContourWriter(ending: ".nii.gz") { stack, _, _ in
      try NIfTIFile.bytes(stack.labelMap { Int16($0 + 1) })
    },
    .masks: ContourWriter(ending: ".nii.gz") { stack, _, _ in
      // KiTS: 1 kidney, 2 tumour, 3 cyst.
      try NIfTIFile.bytes(stack.labelMap { _ in 2 })
    },
    .seg: ContourWriter(ending: ".dcm", bytes: segmentation),
    .rtstruct: ContourWriter(ending: ".dcm", bytes: structureSet),
  ]

  private static func segmentation(
    _ stack: OutlineStack, _ study: inout StudyPlanes, _ folder: URL
  ) throws -> [UInt8] {
    let segments = stack.series.lesions.compactMap { lesion -> SegmentationInstance.Segment? in
      guard let first = lesion.outlines.keys.min(), let last = lesion.outlines.keys.max() else { return nil }
      // Viewers shift what leaves out empty frames between others.
      return .init(label: lesion.label, frames: (first...last).map { ($0, stack.mask(lesion, $0)) })
    }
    let heights = stack.planes.map { $0.origin.dot(stack.planes[0].normal) }
    let gaps = zip(heights.dropFirst(), heights).map { abs($0 - $1) }.sorted()
    let thickness = try study.header(stack.series.slices[0])?.sliceThickness
    return try SegmentationInstance(
      series: derived(stack, "SEG", &study, folder), plane: stack.planes[0],
      sliceSpacing: gaps.isEmpty ? thickness ?? 1 : gaps[gaps.count / 2], segments: segments
    ).encoded()
  }

  private static func structureSet(
    _ stack: OutlineStack, _ study: inout StudyPlanes, _ folder: URL
  ) throws -> [UInt8] {
    let regions = stack.series.lesions.map { lesion in
      StructureSetInstance.Region(
        name: lesion.label,
        contours: lesion.outlines.keys.sorted().flatMap { slice in
          lesion.region(slice).keyholed().map { (slice, $0.vertices.map(stack.planes[slice].position)) }
        })
    }
    return try StructureSetInstance(series: derived(stack, "RTSTRUCT", &study, folder), regions: regions).encoded()
  }

  private static func derived(
    _ stack: OutlineStack, _ kind: String, _ study: inout StudyPlanes, _ folder: URL
  ) throws -> DerivedSeries {
    guard let frameOfReference = stack.frameOfReferenceUID else {
      throw AnnotationError("its slices state no common Frame of Reference UID (0020,0052), which the format requires")
    }
    var slices: [DerivedSeries.Slice] = []
    var classes: [String: String] = [:]
    for (slice, plane) in zip(stack.series.slices, stack.planes) {
      if classes[slice.path] == nil {
        classes[slice.path] = try DataSet(StudyFolder.file(slice.path, in: folder)).text(.sopClassUID)
      }
      let isOneOfSeveral = try study.frameCount(of: slice) > 1
      slices.append(
        DerivedSeries.Slice(
          sopClassUID: classes[slice.path] ?? DICOMUID.ctImageStorage, sopInstanceUID: slice.sopInstanceUID,
          frame: isOneOfSeveral ? slice.frame : nil, position: plane.origin))
    }
    // Another content is another instance.
    var encoding = CanonicalEncoding(of: kind, version: 1)
    encoding.field("reader", stack.series.reader)
    for lesion in stack.series.lesions {
      encoding.field("label", lesion.label)
      for (slice, outlines) in lesion.outlines.sorted(by: { $0.key < $1.key }) {
        encoding.field("slice", slice)
        for vertex in outlines.flatMap(\.polygon.vertices) { encoding.field("vertex", "\(vertex.x) \(vertex.y)") }
      }
    }
    return DerivedSeries(
      patientCode: stack.series.patientCode, studyInstanceUID: stack.series.studyInstanceUID,
      sourceSeriesUID: stack.series.seriesInstanceUID, frameOfReferenceUID: frameOfReference, slices: slices,
      seed: "\(kind) \(encoding.digest)")
  }
}
