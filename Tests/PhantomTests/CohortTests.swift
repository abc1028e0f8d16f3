import Annotation
import DICOM
import Foundation
import Imaging
import Study
import Support
import TestSupport
import Testing

@testable import Phantom

@Suite struct CohortTests {
  /// Two patients, a handful of slices.
  private func small(seed: UInt64 = 3) -> PhantomSettings {
    var settings = PhantomSettings()
    settings.lowGradePatients = 1
    settings.highGradePatients = 1
    settings.seed = seed
    settings.coverage = .annotated(margin: 1)
    settings.maximumAnnotatedSlices = 2
    settings.secondLesionShare = 0
    return settings
  }

  private func contents(of folder: URL) throws -> [String: Data] {
    let root = folder.resolvingSymlinksInPath().path + "/"
    var result: [String: Data] = [:]
    let enumerator = FileManager.default.enumerator(
      at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)
    while let url = enumerator?.nextObject() as? URL {
      if url.hasDirectoryPath { continue }
      result[String(url.path.dropFirst(root.count))] = try Data(contentsOf: url)
    }
    return result
  }

  @Test func aSecondReaderChangesNeitherImagesNorTheFirstReadersOutlines() throws {
    let folder = try TemporaryFolder()
    let (one, two) = (folder.url.appendingPathComponent("one"), folder.url.appendingPathComponent("two"))
    var settings = small()
    (settings.highGradePatients, settings.phases) = (0, [.portalVenous])
    try PhantomCohort(settings).write(to: one)
    settings.secondReaderWobble = 1.5
    try PhantomCohort(settings).write(to: two)
    var (single, several) = (try contents(of: one), try contents(of: two))
    single["mdai.json"] = nil
    several["mdai.json"] = nil
    #expect(single == several && !single.isEmpty)
    func outlines(_ folder: URL) throws -> [String: [[SIMD2<Double>]]] {
      let found = try MDAI.read(folder.appendingPathComponent("mdai.json"), lesionLabels: []).contours
      return Dictionary(grouping: found, by: \.reader).mapValues { $0.map(\.vertices) }
    }
    let (first, both) = (try outlines(one), try outlines(two))
    #expect(first.keys.sorted() == ["U_virtual"] && both.keys.sorted() == ["U_virtual", "V_virtual"])
    #expect(first["U_virtual"] == both["U_virtual"] && both["V_virtual"]?.count == both["U_virtual"]?.count)
    #expect(both["V_virtual"] != both["U_virtual"])
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let places = ["a", "b", "c", "d"].map { folder.url.appendingPathComponent($0) }
    let summary = try PhantomCohort(small()).write(to: places[0])
    try PhantomCohort(small()).write(to: places[1])
    try PhantomCohort(small(seed: 4)).write(to: places[2])
    #expect(summary == .init(patients: 2, lesions: 2, images: 2 * 4 * 4, contours: 4))
    let (first, again, other) = (
      try contents(of: places[0]), try contents(of: places[1]), try contents(of: places[2])
    )
    #expect(first.count == 32 + 3)
    #expect(first == again)
    #expect(Set(first.filter { $0.key.hasSuffix(".dcm") }.values).isDisjoint(with: other.values))

    // One patient after the other on one thread: the number of threads has no part in it.
    let cohort = try PhantomCohort(small())
    let files = CohortFiles(folder: places[3], settings: cohort.settings)
    try files.prepare()
    let scanner = Scanner(seed: cohort.settings.seed)
    var written: [PatientFiles] = []
    for (number, isHigh) in cohort.isHighGrade.enumerated() {
      written.append(
        try files.write(VirtualPatient(number: number, isHigh: isHigh, cohort.settings), scanner))
    }
    try files.finish(written)
    #expect(try contents(of: places[3]) == first)
  }

  @Test func everyFileSaysThatItIsSynthetic() throws {
    let folder = try TemporaryFolder()
    let place = folder.url.appendingPathComponent("cohort")
    try PhantomCohort(small()).write(to: place)
    for (path, data) in try contents(of: place) {
      let text = String(decoding: data, as: UTF8.self).lowercased()
      #expect(text.contains("synthetic") && text.contains("not a person") || text.contains("not persons"), "\(path)")
    }
  }

  @Test func imagesReadBackAsWholeSeriesInThePapersGeometry() throws {
    let folder = try TemporaryFolder()
    let place = folder.url.appendingPathComponent("cohort")
    try PhantomCohort(small()).write(to: place)
    for phase in ContrastPhase.allCases {
      let series = place.appendingPathComponent("dicom/VIRTUAL-001/\(phase.rawValue)")
      let urls = try FileManager.default.contentsOfDirectory(at: series, includingPropertiesForKeys: nil)
        .sorted { $0.path < $1.path }
      let slices = try urls.flatMap { try DICOMFile.attributes(of: $0) }
      let geometry = SeriesGeometry(slices)
      #expect(geometry.defects.isEmpty)
      #expect(geometry.order == Array(slices.indices))
      #expect(geometry.sliceSpacing == 2.5)
      let first = try #require(slices.first)
      #expect((first.columns, first.rows) == (512, 512))
      #expect(first.pixelSpacing == PixelSpacing(row: 0.9765625, column: 0.9765625))
      #expect(first.sliceThickness == 2.5)
      #expect(first.patientID == "VIRTUAL-001")
      #expect(first.patientIdentityRemoved)
      #expect(first.contrastStartTime == (phase == .preContrast ? nil : "100000"))
      let time = [
        ContrastPhase.preContrast: "095700", .lateArterial: "100040", .portalVenous: "100120", .delayed: "100400",
      ]
      #expect(first.acquisitionTime == time[phase])
      let values = try DICOMFile.image(at: urls[0]).values
      #expect(values[0] < -950)
      #expect(values.max() ?? 0 > 300)
    }
    let uids = try contents(of: place).keys.filter { $0.hasSuffix(".dcm") }.map {
      try DICOMFile.attributes(of: place.appendingPathComponent($0))[0].sopInstanceUID
    }
    #expect(Set(uids).count == 32)
  }

  @Test func contoursLieOnSoftTissueOfTheAnnotatedSeries() throws {
    let folder = try TemporaryFolder()
    let place = folder.url.appendingPathComponent("cohort")
    try PhantomCohort(small()).write(to: place)
    let export = try MDAI.read(place.appendingPathComponent("mdai.json"), lesionLabels: ["Tumor"])
    #expect(export.skipped.isEmpty)
    #expect(export.contours.count == 4)
    let files = try contents(of: place).keys.filter { $0.hasSuffix(".dcm") }.map { place.appendingPathComponent($0) }
    let urls = Dictionary(
      uniqueKeysWithValues: try files.map { (try DICOMFile.attributes(of: $0)[0].sopInstanceUID, $0) })
    for contour in export.contours {
      let url = try #require(urls[contour.sopInstanceUID])
      #expect(
        url.path.contains(ContrastPhase.portalVenous.rawValue) || url.path.contains(ContrastPhase.lateArterial.rawValue)
      )
      let polygon = contour.scaled(columns: 512, rows: 512)
      try polygon.validate(columns: 512, rows: 512)
      let image = try DICOMFile.image(at: url)
      let values = image.values
      let inside = values.indices.filter { polygon.contains(SIMD2(Double($0 % 512), Double($0 / 512))) }
        .map { values[$0] }
      #expect(inside.count > 30)
      let mean = inside.reduce(0, +) / Float(inside.count)
      #expect((20...170).contains(mean))
    }
  }

  @Test func thePathologyTableHasTheClassesOfTheSettings() throws {
    let folder = try TemporaryFolder()
    let place = folder.url.appendingPathComponent("cohort")
    var settings = small()
    settings.lowGradePatients = 3
    settings.highGradePatients = 2
    settings.phases = [.portalVenous]
    settings.maximumAnnotatedSlices = 1
    settings.coverage = .annotated(margin: 0)
    settings.secondLesionShare = 1
    try PhantomCohort(settings).write(to: place)
    let table = try DelimitedTable(contentsOf: place.appendingPathComponent("pathology.csv"))
    #expect(table.rows.count == 10)
    let high = table.rows.filter { ["3", "4"].contains($0.cells["grade"]) }
    #expect(high.count == 4)
    #expect(Set(high.compactMap { $0.cells["patient"] }).count == 2)
    for row in table.rows {
      let size = try #require(Double(row.cells["size_mm"] ?? ""))
      #expect((12...70).contains(size))
      #expect(row.cells["stage"] == (size <= 40 ? "pT1a" : "pT1b"))
      #expect(row.cells["source"] == "synthetic virtual patient, not a person")
    }
    let bySide = Dictionary(grouping: table.rows) { "\($0.cells["patient"] ?? "")\($0.cells["laterality"] ?? "")" }
    #expect(bySide.count == 10, "two tumours of a patient grow in two kidneys")
    let export = try MDAI.read(place.appendingPathComponent("mdai.json"), lesionLabels: [])
    #expect(Set(export.contours.map(\.labelName)) == ["Tumor 1", "Tumor 2"])
    #expect(try PhantomCohort().isHighGrade.count { $0 } == 14)
    #expect(try PhantomCohort().isHighGrade.count == 40)
  }

  @Test func allOfTheKidneysAreCoveredByDefault() throws {
    let folder = try TemporaryFolder()
    var settings = small()
    settings.highGradePatients = 0
    settings.phases = [.portalVenous]
    settings.coverage = .kidneys
    settings.maximumAnnotatedSlices = nil
    let summary = try PhantomCohort(settings).write(to: folder.url)
    #expect((44...80).contains(summary.images))
    let tumour = VirtualPatient(number: 0, isHigh: false, settings).lesions[0].tumour
    #expect(Float(summary.contours) * 2.5 > 0.5 * tumour.traits.diameter)
  }

  @Test func impossibleSettingsAndFoldersAreRefused() throws {
    func refused(_ change: (inout PhantomSettings) -> Void) {
      var settings = PhantomSettings()
      change(&settings)
      #expect(throws: PhantomError.self) { try PhantomCohort(settings) }
    }
    refused { ($0.lowGradePatients, $0.highGradePatients) = (0, 0) }
    refused { $0.lowGradePatients = -1 }
    refused { $0.signal = -0.1 }
    refused { $0.signal = .infinity }
    refused { $0.phases = [.preContrast, .delayed] }
    refused { $0.phases = [.portalVenous, .portalVenous] }
    refused { $0.maximumAnnotatedSlices = 0 }
    refused { $0.coverage = .annotated(margin: -1) }
    refused { $0.secondLesionShare = 2 }

    let folder = try TemporaryFolder()
    try Data().write(to: folder.url.appendingPathComponent("something"))
    let cohort = try PhantomCohort(small())
    #expect(throws: PhantomError.self) { try cohort.write(to: folder.url) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["something"])
    #expect(throws: PhantomError.self) {
      try cohort.write(to: folder.url.appendingPathComponent("something/within-a-file"))
    }
  }
}
