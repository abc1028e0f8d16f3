import DICOM
import Foundation

/// The files of a folder.
enum FolderContents {
  /// The paths below `folder` of all files and links, hidden ones too, sorted.
  static func files(below folder: URL) throws(DICOMError) -> [String] {
    let subpaths: [String]
    do {
      subpaths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    } catch {
      throw DICOMError(
        .unreadable, file: folder.lastPathComponent, "the folder cannot be listed: \(error.localizedDescription)",
        advice: "Check its name and permissions")
    }
    return subpaths.filter { path in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(path).path)
      return attributes?[.type] as? FileAttributeType != .typeDirectory
    }.sorted()
  }
}
