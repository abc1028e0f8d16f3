import Annotation
import Foundation
import Imaging
import Support
import Testing

@testable import Intake
@testable import Study

/// Exported files are those that pynrrd, nibabel, SimpleITK, highdicom and pydicom read as the same masks
/// (Tests/Reference/contour_exports.py).
struct ContourExportTests {
  private struct Golden: Decodable {
    let sha256: String
    /// By lesion and slice: how many pixels are inside, and a check of where.
    let masks: [String: [String: [Int]]]
  }

  private func golden() throws -> [String: Golden] {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/contour-exports", withExtension: "json"))
    return try JSONDecoder().decode([String: Golden].self, from: Data(contentsOf: url))
  }

  private func digest(_ mask: PixelMask) -> [Int] {
    let inside = mask.values.indices.filter { mask.values[$0] }
    return [
      inside.count,
      inside.reduce(0) { $0 + (31 * ($1 / mask.columns) + 17 * ($1 % mask.columns)) % 101 },
    ]
  }

  /// The bytes of a file; of a compressed one before it is compressed.
  private func plainBytes(
    _ format: ContourExport.Format, _ series: OutlinedSeries, _ planes: inout StudyPlanes, _ file: URL
  ) throws -> Data {
    guard [.nrrd, .nifti, .masks].contains(format) else { return try Data(contentsOf: file) }
    let map = try OutlineStack(series, &planes).labelMap { format == .masks ? 2 : Int16($0 + 1) }
    guard format == .nrrd else { return try Data(NIfTIFile.plainBytes(map)) }
    let names = series.lesions.enumerated().map { ($0 + 1, $1.label) }
    return try Data(NRRDFile.header(map, names: names) + NRRDFile.octets(map))
  }

  @Test func `the field's tools read what was drawn`() throws {
    let study = try ContourStudy()
    let masks = try study.masks(of: "anna")
    if let keep = ProcessInfo.processInfo.environment["RENALGRADE_KEEP_EXPORTS"] {
      for format in ContourExport.Format.allCases { _ = try study.export(format) }
      try? FileManager.default.removeItem(atPath: keep)
      try FileManager.default.copyItem(at: study.test.folder.url, to: URL(fileURLWithPath: keep))
    }
    let golden = try golden()
    #expect(golden.count == 10)
    var planes = try StudyPlanes(study.test.study)
    let all = try study.test.study.read {
      try OutlinedSeries.all($0, readers: ["anna"], phases: [], labels: LesionLabels(["Lesion", "Tumor"]))
    }
    for format in ContourExport.Format.allCases where format != .mdai {
      let (folder, summary) = try study.export(format)
      for (series, path) in zip(all, summary.files) {
        let expected = try #require(golden["\(format.rawValue) \(series.patientCode)"])
        let bytes = try plainBytes(format, series, &planes, folder.appendingPathComponent(path))
        #expect(
          SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined() == expected.sha256,
          "\(format.rawValue) \(series.patientCode): run Tests/Reference/contour_exports.py again")
        guard format != .masks else { continue }
        var found: [String: [String: [Int]]] = [:]
        for (place, mask) in masks {
          let parts = place.split(separator: " ").map(String.init)
          if parts[0] == series.patientCode { found[parts[1], default: [:]][parts[2]] = digest(mask) }
        }
        #expect(found == expected.masks, "\(format.rawValue) \(series.patientCode)")
      }
    }
  }
}
