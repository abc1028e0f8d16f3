import Annotation
import Foundation
import Imaging
import Support

extension ContourFormat {
  /// Label maps in NIfTI-1 or NIfTI-2, plain or gzipped.
  static let nifti = ContourFormat(name: "NIfTI") { _, start in
    isGzipped(start)
      || start.count == startCount
        && [[0x6E, 0x2B, 0x31], [0x6E, 0x2B, 0x32]].contains { magic in
          start[344..<347].elementsEqual(magic) || start[4..<7].elementsEqual(magic)
        }
  } read: { request, study in
    let name = request.file.lastPathComponent
    let start = try FileHandle(forReadingFrom: request.file).read(upToCount: 2) ?? Data()
    // libnifti goes by the name, which need not be true.
    let scratch = try ScratchFolder()
    defer { scratch.remove() }
    let link = scratch.url.appendingPathComponent(isGzipped([UInt8](start)) ? "mask.nii.gz" : "mask.nii")
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: request.file.standardizedFileURL.resolvingSymlinksInPath())
    let map: NamedLabelMap
    do throws(PublicCohortError) {
      map = try NIfTIFile.labelMap(at: link)
    } catch {
      throw AnnotationError("\(name): \(error.description)")
    }
    return try LabelMapContours([map], request).export(&study)
  }

  private static func isGzipped(_ start: [UInt8]) -> Bool { start.starts(with: [0x1F, 0x8B]) }
}
