import DICOM
import Foundation
import Imaging
import Study
import Support
import TestSupport
import Testing

@testable import Phases

@Suite struct SeriesTriageTests {
  /// A stack of axial slices.
  private func profile(
    _ uid: String, number: Int = 1, count: Int = 40, spacing: Double = 2.5, thickness: Double = 2.5,
    kernel: String? = "B30f", hashes: [Int: String] = [:], _ change: (inout CTAttributes) -> Void = { _ in }
  ) throws -> SeriesProfile {
    let headers = (0..<count).map { index in
      var header = CTAttributes(seriesInstanceUID: uid, sopInstanceUID: "\(uid).\(index)", columns: 512, rows: 512)
      header.seriesNumber = number
      header.imageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
      header.rowDirection = SIMD3(1, 0, 0)
      header.columnDirection = SIMD3(0, 1, 0)
      header.imagePosition = SIMD3(0, 0, Double(index) * spacing)
      header.sliceThickness = thickness
      header.kernel = kernel
      header.pixelSpacing = PixelSpacing(row: 1, column: 1)
      change(&header)
      return header
    }
    return try #require(SeriesProfile(headers, pixelHashes: hashes))
  }

  private func flaw(_ series: SeriesProfile) -> SeriesFlaw? {
    SeriesTriage.flaws(of: [series], rules: .init())[0]?.flaw
  }

  @Test func eachKindIsToldApart() throws {
    #expect(flaw(try profile("1")) == nil)
    #expect(flaw(try profile("1") { $0.imageType[2] = "LOCALIZER" }) == .localizer)
    #expect(flaw(try profile("1") { $0.seriesDescription = "Topogram 0.6" }) == .localizer)
    #expect(flaw(try profile("1") { $0.seriesDescription = "Dose Report" }) == .screenSave)
    #expect(flaw(try profile("1") { $0.imagePosition = nil }) == .screenSave)
    #expect(flaw(try profile("1") { $0.seriesDescription = "VNC 120kV" }) == .materialMap)
    #expect(flaw(try profile("1") { $0.imageType.append("MIP") }) == .projection)
    #expect(flaw(try profile("1") { $0.columnDirection = SIMD3(0, 0, -1) }) == .reformat)
    #expect(flaw(try profile("1", kernel: "Bl57d")) == .sharpKernel)
    #expect(flaw(try profile("1", kernel: nil) { $0.seriesDescription = "THIN LUNG" }) == .sharpKernel)
    #expect(flaw(try profile("1", count: 3)) == .tooFewSlices)
    #expect(flaw(try profile("1", spacing: 12)) == .wideSpacing)
    #expect(flaw(try profile("1", count: 10)) == .partialCoverage)
  }

  @Test func aTiltedGantryIsStillAxial() throws {
    let angle = 20 * Double.pi / 180
    #expect(flaw(try profile("1") { $0.columnDirection = SIMD3(0, cos(angle), sin(angle)) }) == nil)
  }

  @Test func ofDuplicatesTheLowestNumberStays() throws {
    let hashes = [0: "a", 5000: "b"]
    let series = [
      try profile("3", number: 7, hashes: hashes), try profile("1", number: 4, hashes: hashes),
      try profile("2", number: 5, hashes: [0: "a", 5000: "c"]),
    ]
    #expect(SeriesTriage.flaws(of: series, rules: .init()).map { $0?.flaw } == [.duplicate, nil, nil])
  }

  @Test func muchShorterSeriesArePartial() throws {
    let series = [try profile("1", count: 200), try profile("2", count: 190), try profile("3", count: 60)]
    #expect(SeriesTriage.flaws(of: series, rules: .init()).map { $0?.flaw } == [nil, nil, .partialCoverage])
  }

  @Test func spacingAlongTheNormalDecidesNotTheThickness() throws {
    let series = [
      try profile("1", number: 1, count: 20, spacing: 5, thickness: 2.5),
      try profile("2", number: 2, count: 40, spacing: 2.5, thickness: 5),
      try profile("3", number: 3, count: 160, spacing: 0.625, thickness: 0.625),
    ]
    let fates = SeriesChoice.fates(of: series, preferredSpacing: 2.5)
    #expect(fates[1] == .used)
    #expect(fates[0].reason?.contains("2.5 mm apart, closer to 2.5 mm") == true)
    #expect(fates[2].reason?.contains("series 2 of this phase is used") == true)
    // The order in which series are found has no part in it.
    #expect(SeriesChoice.fates(of: series.reversed(), preferredSpacing: 2.5) == fates.reversed())
  }

  @Test func softKernelsAndOriginalsComeFirst() throws {
    let series = [
      try profile("1", number: 1, kernel: "SYNTHETIC"), try profile("2", number: 2) { $0.imageType[0] = "DERIVED" },
      try profile("3", number: 3),
    ]
    let fates = SeriesChoice.fates(of: series, preferredSpacing: 2.5)
    #expect(fates[2] == .used)
    #expect(fates[0].reason?.contains("soft-tissue kernel") == true)
    #expect(fates[1].reason?.contains("is not derived") == true)
  }

  @Test(arguments: [
    ("STANDARD", ReconstructionKernel.soft), ("B30f", .soft), ("Br40d\\3", .soft), ("I31f\\2", .soft), ("FC08", .soft),
    ("B", .soft), ("LUNG", .sharp), ("BONEPLUS", .sharp), ("B70f", .sharp), ("Bl57d", .sharp), ("FC52", .sharp),
    ("YD", .sharp), ("SYNTHETIC", .unknown), ("", .unknown),
  ])
  func kernels(_ name: String, _ kind: ReconstructionKernel) { #expect(ReconstructionKernel(name) == kind) }
}

@Suite struct PhaseOverridesTests {
  private func overrides(_ text: String) throws -> PhaseOverrides {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("phases.csv")
    try text.write(to: url, atomically: true, encoding: .utf8)
    return try PhaseOverrides(contentsOf: url)
  }

  @Test func seriesGoBeforeDescriptions() throws {
    let overrides = try overrides(
      "series,description,phase\n1.2,ART,excretory\n,Art ,corticomedullary\n,PV,Portal venous\n1.3,x,\n")
    #expect(overrides.phase(ofSeries: "1.2", description: "ART") == .delayed)
    #expect(overrides.phase(ofSeries: "1.9", description: " art") == .lateArterial)
    #expect(overrides.phase(ofSeries: "1.3", description: "x") == nil)
    #expect(overrides.phase(ofSeries: "1.9", description: nil) == nil)
  }

  @Test(arguments: [
    ("series,phase\n1.2,early\n", "phases.csv:2"), ("series\n1.2\n", "\"phase\""), ("phase,x\nPV,1\n", "\"series\""),
    ("series,phase\n1.2,PV\n1.2,delayed\n", "phases.csv:2"),
    ("series,phase\n1.2,delayed\n1.2,arterial\n", "phases.csv:3"),
    ("series,phase\n,delayed\n", "phases.csv:2"),
  ])
  func badTablesNameTheLine(_ text: String, _ place: String) throws {
    let error = #expect(throws: StudyError.self) { try overrides(text) }
    #expect(error?.description.contains(place) == true, "\(error?.description ?? "")")
  }
}
