import Annotation
import DICOM
import Foundation
import Imaging
import ROI
import TestSupport
import Testing

/// Golden values by Tests/Reference/roi.py: pydicom, PyTorch and torchvision.
struct GoldenROITests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Values: Decodable, Sendable {
      let samples: [Double]
      let sum: Double
      let squares: Double
    }

    let name: String
    let file: String
    let polygons: [[SIMD2<Double>]]
    let resampleTo: Double?
    let flipped: Bool
    let origin: SIMD2<Double>
    let crop: Values
    let channels: [Values]
    let whole: String?

    var testDescription: String { name }
  }

  static func fixture(_ name: String) -> URL {
    Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil) ?? URL(fileURLWithPath: "/missing/\(name)")
  }

  static func cases(_ name: String) -> [Case] {
    (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture(name)))) ?? []
  }

  @Test func `there are golden values`() {
    #expect(Self.cases("synthetic.json").count == 10)
    #expect(Self.cases("real-ct.json").count == 4)
  }

  @Test(arguments: cases("synthetic.json"))
  func `ROIs of the synthetic slices are the reference's`(golden: Case) throws {
    try compare(golden, Self.fixture(golden.file))
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"), arguments: cases("real-ct.json"))
  func `ROIs of the real CT are the reference's`(golden: Case) throws {
    try compare(golden, #require(SharedData.root).appendingPathComponent("real-ct/\(golden.file)"))
  }

  private func compare(_ golden: Case, _ url: URL) throws {
    let attributes = try #require(try DICOMFile.attributes(of: url).first)
    let spacing = try #require(attributes.pixelSpacing)
    let polygons = golden.polygons.map { Polygon(vertices: $0) }
    let crop = try ROICutter(ROISettings(resampleTo: golden.resampleTo)).cut(
      DICOMFile.image(at: url), around: polygons, pixelSize: (row: spacing.row, column: spacing.column))
    compare(crop.values, golden.crop)
    if golden.resampleTo == nil, let vertex = polygons.first?.vertices.first {
      #expect(crop.polygons.first?.vertices.first == vertex - golden.origin)
    }
    let input = NetworkInput.values(crop.values, boxSize: 128, outputSize: 224, flipped: golden.flipped)
    try #require(input.count == 3 * 224 * 224)
    for (channel, expected) in golden.channels.enumerated() {
      compare(Array(input[channel * 224 * 224..<(channel + 1) * 224 * 224]), expected)
    }
    if let whole = golden.whole {
      let data = try Data(contentsOf: Self.fixture(whole))
      let expected = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      try #require(expected.count == 224 * 224)
      let largest = zip(input, expected).map { abs($0 - $1) }.max() ?? 1
      #expect(largest < 1e-5)
    }
  }

  private func compare(_ values: [Float], _ expected: Case.Values) {
    let picked = (0..<expected.samples.count).map { Double(values[$0 * 7919 % values.count]) }
    let largest = zip(picked, expected.samples).map { abs($0 - $1) }.max() ?? 1
    #expect(largest < 1e-5)
    // Over all pixels: a wrong one anywhere shows.
    #expect(abs(values.reduce(0) { $0 + Double($1) } - expected.sum) < 1e-6 * Double(values.count))
    #expect(abs(values.reduce(0) { $0 + Double($1) * Double($1) } - expected.squares) < 4e-6 * Double(values.count))
  }
}
