import DICOM
import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Intake

/// Headers of NIfTI and HDF5 files that state what cannot be: the file is refused, and the other patients are taken.
struct HostileVolumeTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  // MARK: NIfTI

  /// A NIfTI-2 header with these fields, and a few voxels.
  private func nifti2(dimensions: [Int64], offset: Int64 = 544, type: Int16 = 4) -> Data {
    var bytes = [UInt8](repeating: 0, count: 544)
    func put<Value>(_ value: Value, at place: Int) {
      withUnsafeBytes(of: value) { bytes.replaceSubrange(place..<place + $0.count, with: $0) }
    }
    put(Int32(540), at: 0)
    bytes.replaceSubrange(4..<12, with: [0x6E, 0x2B, 0x32, 0, 0x0D, 0x0A, 0x1A, 0x0A])
    put(type, at: 12)
    put(Int16(16), at: 14)
    for (index, size) in dimensions.enumerated() { put(size, at: 16 + 8 * index) }
    for index in 0..<8 { put(1.0, at: 104 + 8 * index) }
    put(offset, at: 168)
    put(Int32(1), at: 348)
    for row in 0..<3 { put(1.0, at: 400 + 40 * row) }
    return Data(bytes + [UInt8](repeating: 0, count: 2 * 4 * 4 * 2))
  }

  private func volume(_ data: Data, _ name: String = "imaging.nii") throws -> Int {
    let url = scratch.url.appendingPathComponent(name)
    try data.write(to: url)
    return try NIfTIFile.volume(at: url).grid.slices
  }

  @Test func `the whole file is read`() throws {
    #expect(try volume(nifti2(dimensions: [3, 4, 4, 2, 1, 1, 1, 1])) == 2)
  }

  @Test(arguments: [
    Array(repeating: Int64(8), count: 8), [255, 4, 4, 2, 1, 1, 1, 1], [-1, 4, 4, 2, 1, 1, 1, 1],
    [1 << 40, 4, 4, 2, 1, 1, 1, 1], [.max, 4, 4, 2, 1, 1, 1, 1], [.min, 4, 4, 2, 1, 1, 1, 1], [0, 4, 4, 2, 1, 1, 1, 1],
    [3, 4096, 4096, 4096, 1, 1, 1, 1], [3, 4, 4, .max, 1, 1, 1, 1], [3, 1 << 32, 1 << 32, 1, 1, 1, 1, 1],
    [3, -4, 4, 2, 1, 1, 1, 1], [7, 4, 4, 2, .max, .max, .max, .max], [3, 4, 4, 3, 1, 1, 1, 1],
    [3, 0, 4, 2, 1, 1, 1, 1],
  ])
  func `sizes that cannot be are refused before anything is taken for them`(_ dimensions: [Int64]) {
    for name in ["imaging.nii", "plain-under-a-packed-name.nii.gz"] {
      #expect(throws: PublicCohortError.self) { try volume(nifti2(dimensions: dimensions), name) }
    }
  }

  @Test(arguments: [Int64.max, .min, -1, 1 << 40, 700]) func `voxels that begin nowhere are refused`(_ offset: Int64) {
    #expect(throws: PublicCohortError.self) {
      try volume(nifti2(dimensions: [3, 4, 4, 2, 1, 1, 1, 1], offset: offset))
    }
  }

  @Test(arguments: [1e5, -1e9, 1e300, .infinity, .nan]) func `voxels beyond 10 m are refused`(_ place: Double) {
    for index in [424, 400] {
      var data = nifti2(dimensions: [3, 4, 4, 2, 1, 1, 1, 1])
      withUnsafeBytes(of: place) { data.replaceSubrange(index..<index + 8, with: $0) }
      #expect(throws: PublicCohortError.self) { try volume(data) }
    }
  }

  // MARK: HDF5

  @Test(arguments: [
    [4096, 4096, 4096], [4096, 4096, 1], [.max, 1, 1], [1 << 40, 1 << 40, 1], [0, 5, 5], [4000, 50, 50],
  ])
  func `data sets larger than their file are refused`(_ sizes: [Int]) throws {
    let source = try Golden.folder("rmac").appendingPathComponent("Plain00001.hdf5")
    let shape = try #require(try HDF5File(source, dataSets: ["mask"], attributes: []).shape(of: "mask"))
    func bytes(_ numbers: [Int]) -> [UInt8] { numbers.flatMap { withUnsafeBytes(of: UInt64($0)) { Array($0) } } }
    var data = [UInt8](try Data(contentsOf: source))
    let places = data.indices.filter { data[$0...].starts(with: bytes(shape)) }
    #expect(!places.isEmpty)
    for place in places { data.replaceSubrange(place..<place + 24, with: bytes(sizes)) }
    let url = scratch.url.appendingPathComponent("PAT0000001.hdf5")
    try Data(data).write(to: url)
    #expect(throws: PublicCohortError.self) { try RMaCFile(url).mask() }
  }

  // MARK: Ages

  @Test(arguments: [
    ("61", "061Y"), ("61.9", "061Y"), ("61 years", "061Y"), ("061Y", "061Y"), ("0", "000Y"), ("120", "120Y"),
    ("90+", "090Y"), (">=90", "090Y"), ("1e300", nil), ("1e19", nil), ("inf", nil), ("-inf", nil), ("nan", nil),
    ("-5", nil), ("121", nil), ("18 months", nil), ("018M", nil), ("9223372036854775808", nil), ("0x1p4", nil),
    ("", nil),
    ("61-65", nil), (String(repeating: "9", count: 400), nil),
  ])
  func `an age is whole years, or unknown`(_ text: String, _ expected: String?) {
    #expect(RMaCRecord.header(sex: nil, age: text)[.patientAge] == expected)
  }

  // MARK: The shared cases

  private static let cases = SharedData.root?.deletingLastPathComponent().appendingPathComponent("cases")

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func `the cases of the issue are set aside`() throws {
    let cases = try #require(Self.cases)
    guard FileManager.default.fileExists(atPath: cases.path) else { return }
    for (name, format) in [("h03-nifti2-dim0-segv", "kits"), ("h05-nifti-hdf5-huge-dims-abort", "kits")] {
      let folder = try CohortFolder(protocolName: "kits")
      let summary = try CohortImport.kits(cases.appendingPathComponent("\(name)/\(format)"), into: folder.study)
      #expect(summary.patients == 1 && summary.slices == 0, "\(name)")
      #expect(try folder.study.setAside().contains { $0.excludes }, "\(name)")
    }
    for name in ["h04-rmac-age-trap", "h05-nifti-hdf5-huge-dims-abort"] {
      let folder = try CohortFolder(protocolName: "ucsf-rmac")
      let summary = try CohortImport.rmac(cases.appendingPathComponent("\(name)/rmac"), into: folder.study)
      #expect(summary.patients == 1, "\(name)")
      #expect((summary.slices == 0) == name.hasPrefix("h05"), "\(name)")
    }
  }
}
