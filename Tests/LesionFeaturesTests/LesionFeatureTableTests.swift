import Experiment
import Foundation
import GRDB
import ROI
import Radiomics
import Study
import Support
import Synchronization
import TestSupport
import Testing

@testable import LesionFeatures

/// From outlines in several phases to a table of features.
struct LesionFeatureTableTests {
  /// The section `radiomics` with some lines replaced.
  static func section(_ changes: [String: String] = [:]) -> String {
    let lines = [
      ("extent", "volume"), ("phases", "[nonContrast, portalVenous]"), ("enhancement", "true"), ("erosion", "null"),
      ("reading", "pyradiomics"), ("binWidth", "25"), ("aggregation", "volume"), ("margin", "5"),
      ("images", "[original]"), ("families", "[shape, firstorder]"),
    ]
    return "radiomics:\n" + lines.map { "  \($0.0): \(changes[$0.0] ?? $0.1)\n" }.joined()
  }

  /// Mean HU and number of voxels; counts how often it is asked, fails for lesions of `refused` voxels, and has no mean of
  /// those of `undefined`.
  final class Means: LesionFeatureExtractor {
    let identity: String
    let refused: Int?
    let undefined: Int?
    let calls = Atomic<Int>(0)

    init(identity: String = "means", refused: Int? = nil, undefined: Int? = nil) {
      self.undefined = undefined
      self.identity = identity
      self.refused = refused
    }

    func features(of image: LesionImage) throws(RadiomicsError) -> [LesionFeature] {
      calls.add(1, ordering: .relaxed)
      let values = zip(image.values, image.mask).compactMap { $1 ? $0 : nil }
      if values.count == refused { throw RadiomicsError("refused") }
      func described(_ family: String, _ name: String, _ unit: String) -> FeatureDescription {
        FeatureDescription(
          key: "original_\(family)_\(name)", family: family, name: name, image: "original", unit: unit, settings: "",
          definition: "")
      }
      let mean = values.reduce(0, +) / Double(values.count)
      return [
        values.count == undefined
          ? LesionFeature(described("firstorder", "Mean", "HU"), value: nil, reason: "too many voxels")
          : LesionFeature(described("firstorder", "Mean", "HU"), value: mean),
        // Negative, so that no relative change of it is defined.
        LesionFeature(described("firstorder", "Negative", "HU"), value: -mean - 1000),
        LesionFeature(described("shape", "Voxels", ""), value: Double(values.count)),
      ]
    }
  }

  /// The mean of the pixels in the box over some slices.
  private static func mean(_ phase: Phase, _ slices: [Int]) -> Double {
    let pixels = (18...27).flatMap { row in (18...29).map { row * 48 + $0 } }
    let values = slices.flatMap { slice in
      pixels.map { Double(TwoPhaseStudy.hounsfield(phase, slice: slice, place: $0)) }
    }
    return values.reduce(0, +) / Double(values.count)
  }

  private func table(
    _ made: TwoPhaseStudy, by extractor: Means = Means(), store: StoredFeatures? = nil
  ) throws -> LesionFeatureTable {
    let settings = try made.study.readProtocol()
    let radiomics = try #require(settings.radiomics)
    return LesionFeatureTable(
      try OutlinedLesion.all(in: made.study, settings), radiomics, by: extractor, store: store)
  }

  @Test func `volumes hold HU, mask and places of the largest part without a gap`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section())
    let lesions = try OutlinedLesion.all(in: made.study, made.study.readProtocol())
    #expect(lesions.count == 5)
    let first = try #require(
      lesions.first { $0.patient == "P1" && $0.lesion == "1" && $0.phase == .portalVenous })
    #expect(first.sliceCount == 4)
    let found = try first.volumes(.volume)
    let volume = try #require(found.volumes.first)
    #expect(found.volumes.count == 1)
    #expect(volume.grid.slices == 3 && volume.voxelCount == 3 * 120)
    #expect(abs(found.outlinedVolume - 4 * 120 * 0.4 * 2.5) < 1e-9)
    #expect(volume.spacing == SIMD3(0.8, 0.5, 2.5))
    // 30 mm around are more than the slice.
    #expect(volume.grid.columns == 48 && volume.grid.rows == 48)
    #expect(volume.grid.origin == SIMD3(0, 0, 2.5))
    for (index, value) in volume.values.enumerated() {
      let (slice, place) = (index / (48 * 48), index % (48 * 48))
      #expect(value == Float(TwoPhaseStudy.hounsfield(.portalVenous, slice: slice + 1, place: place)))
      let isInside = (18...29).contains(place % 48) && (18...27).contains(place / 48)
      #expect(volume.mask[index] == isInside)
    }
    #expect(found.remarks.count == 1 && found.remarks[0].contains("of 4 outlined slices in 2 parts"))
    let slices = try first.volumes(.eachSlice)
    #expect(slices.volumes.map(\.grid.slices) == [1, 1, 1, 1] && slices.remarks.isEmpty)
    #expect(slices.volumes.allSatisfy { $0.spacing.z == 2.5 })
    #expect(try first.volumes(.largestSlice).volumes.count == 1)
  }

  @Test func `columns name phase and comparison, and values are those of the phases`() throws {
    let table = try table(TwoPhaseStudy(radiomics: Self.section()))
    #expect(
      table.columns.map(\.key) == [
        "nonContrast_original_firstorder_Mean", "nonContrast_original_firstorder_Negative",
        "nonContrast_original_shape_Voxels",
        "portalVenous_original_firstorder_Mean", "portalVenous_original_firstorder_Negative",
        "portalVenous_original_shape_Voxels",
        "portalVenous_minus_nonContrast_original_firstorder_Mean",
        "portalVenous_minus_nonContrast_original_firstorder_Negative",
        "portalVenous_relative_to_nonContrast_original_firstorder_Mean",
        "portalVenous_relative_to_nonContrast_original_firstorder_Negative",
      ])
    #expect(table.rows.map { [$0.patient, $0.lesion] } == [["P1", "1"], ["P1", "2"], ["P2", "1"]])
    let (before, after) = (Self.mean(.nonContrast, [1, 2, 3]), Self.mean(.portalVenous, [1, 2, 3]))
    let row = table.rows[0].values
    #expect(abs(row[0] - before) < 1e-9 && abs(row[3] - after) < 1e-9 && row[2] == 360)
    #expect(abs(row[6] - 70) < 1e-9 && abs(row[8] - 70 / before) < 1e-9)
    #expect(row[9].isNaN)
    #expect(table.rows[0].phases == [.nonContrast, .portalVenous])
    // P2 is outlined in one phase: the others' features and all comparisons are missing.
    let other = table.rows[2].values
    #expect(other[0...2].allSatisfy { $0.isNaN } && other[3...5].allSatisfy { !$0.isNaN })
    #expect(other[6...].allSatisfy { $0.isNaN })
    #expect(
      table.remarks.contains { $0.patient == "P2" && $0.phase == .nonContrast && $0.reason.contains("not outlined") })
    #expect(
      table.remarks.contains { $0.patient == "P1" && $0.reason.hasPrefix("1 relative changes are not defined") })
    #expect(!table.remarks.contains { $0.isFailure })
  }

  @Test func `each slice by itself gives the mean over the slices, the gap included`() throws {
    let table = try table(
      TwoPhaseStudy(
        radiomics: Self.section([
          "extent": "eachSlice", "aggregation": "slices", "phases": "[]", "enhancement": "false",
          "families": "[firstorder]",
        ])))
    #expect(table.columns.map(\.key).first == "original_firstorder_Mean")
    let found = try #require(table.rows.first?.values[0])
    let possible = [Phase.nonContrast, .portalVenous].map { Self.mean($0, [1, 2, 3, 5]) }
    #expect(possible.contains { abs($0 - found) < 1e-9 })
    // Two series are outlined, and a remark says which is taken.
    #expect(table.remarks.contains { $0.patient == "P1" && $0.reason.contains("outlined on 2 series") })
  }

  @Test func `a lesion that fails is listed and costs no other`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section())
    let refused = try table(made, by: Means(refused: 2 * 25))
    #expect(refused.rows.map { [$0.patient, $0.lesion] } == [["P1", "1"], ["P2", "1"]])
    #expect(refused.remarks.count { $0.isFailure } == 2)
    // An outlined slice that is damaged after the import.
    let path = try made.study.read { database in
      try SlicePlace.all(database).first { $0.name == TwoPhaseStudy.uid("P2 portalVenous 2") }?.path
    }
    let file = made.study.url.appendingPathComponent(try #require(path))
    try Data(Data(contentsOf: file).prefix(900)).write(to: file)
    let damaged = try table(made)
    #expect(damaged.rows.map { [$0.patient, $0.lesion] } == [["P1", "1"], ["P1", "2"]])
    let failure = try #require(damaged.remarks.first { $0.isFailure })
    #expect(failure.patient == "P2" && failure.reason.contains("slice 3 of its series"))
    #expect(!failure.reason.contains(".dcm"))
  }

  @Test func `features are stored by content, and computed again where anything differs`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section())
    let folder = made.folder.url.appendingPathComponent("features")
    let store = StoredFeatures(in: folder)
    let first = Means()
    let values = try table(made, by: first, store: store).rows.map(\.values.description)
    #expect(first.calls.load(ordering: .relaxed) == 5)
    let again = Means()
    #expect(try table(made, by: again, store: store).rows.map(\.values.description) == values)
    #expect(again.calls.load(ordering: .relaxed) == 0)
    let other = Means(identity: "other settings")
    _ = try table(made, by: other, store: store)
    #expect(other.calls.load(ordering: .relaxed) == 5)
    // A damaged file is as good as none.
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count == 10)
    for file in files {
      var bytes = try Data(contentsOf: file)
      bytes[bytes.count - 9] ^= 1
      try bytes.write(to: file)
    }
    let repaired = Means()
    #expect(try table(made, by: repaired, store: store).rows.map(\.values.description) == values)
    #expect(repaired.calls.load(ordering: .relaxed) == 5)
  }

  @Test func `stored features that were not used lately make room, those in use stay`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section())
    let folder = made.folder.url.appendingPathComponent("features")
    let store = StoredFeatures(in: folder)
    func files() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }
    _ = try table(made, by: Means(identity: "older settings"), store: store)
    let old = try files()
    for name in old {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -1000)],
        ofItemAtPath: folder.appendingPathComponent(name).path)
    }
    _ = try table(made, store: store)
    let both = try files()
    #expect(old.count == 5 && both.count == 10)
    let start = Date(timeIntervalSinceNow: -500)
    store.removeUnused(since: start, budget: 1_000_000)
    #expect(try files() == both)
    store.removeUnused(since: start, budget: 1)
    #expect(try files() == both.subtracting(old))
  }

  @Test func `every value that is missing has its reason, column by column`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section())
    let table = try table(made, by: Means(undefined: 360))
    let reasons = Dictionary(
      table.undefined.filter { $0.patient == "P1" && $0.lesion == "1" }.map { ($0.column.key, $0.reason) }
    ) { first, _ in first }
    #expect(
      reasons == [
        "nonContrast_original_firstorder_Mean": "too many voxels",
        "portalVenous_original_firstorder_Mean": "too many voxels",
        "portalVenous_minus_nonContrast_original_firstorder_Mean":
          "the feature is not defined in the phase portal venous: too many voxels",
        "portalVenous_relative_to_nonContrast_original_firstorder_Mean":
          "the feature is not defined in the phase portal venous: too many voxels",
        "portalVenous_relative_to_nonContrast_original_firstorder_Negative": reasons[
          "portalVenous_relative_to_nonContrast_original_firstorder_Negative"] ?? "",
      ])
    #expect(
      reasons["portalVenous_relative_to_nonContrast_original_firstorder_Negative"]?
        .hasPrefix("the earlier value must be above 0, found -") == true)
    // A missing phase is one remark, and no line for each of its columns.
    #expect(
      table.undefined.allSatisfy {
        $0.patient != "P2" || $0.column.phase == .portalVenous && $0.column.kind == .value
      })
    for row in table.rows where row.patient == "P1" {
      let missing = zip(table.columns, row.values).filter { $1.isNaN }.map(\.0)
      #expect(table.undefined.filter { $0.lesion == row.lesion && $0.patient == "P1" }.map(\.column) == missing)
    }
    let output = made.folder.url.appendingPathComponent("table")
    try table.write(to: output)
    let written = try DelimitedTable(contentsOf: output.appendingPathComponent("remarks.csv"))
    let line = written.rows.first { $0.cells["column"] == "nonContrast_original_firstorder_Mean" }
    #expect(line?.cells["kind"] == "undefined" && line?.cells["reason"] == "too many voxels")
  }

  @Test func `the protocol's features are those of the room Radiomics, and the files describe every column`() throws {
    let made = try TwoPhaseStudy(
      radiomics: Self.section(["images": "[original, wavelet]", "families": "[shape, firstorder, glcm]"]))
    let settings = try made.study.readProtocol()
    let table = try LesionFeatureTable(made.study, settings)
    #expect(table.rows.count == 3)
    let named = Dictionary(uniqueKeysWithValues: zip(table.columns.map(\.key), table.rows[0].values))
    let mean = try #require(named["portalVenous_original_firstorder_Mean"])
    #expect(abs(mean - Self.mean(.portalVenous, [1, 2, 3])) < 1e-9)
    let volume = try #require(named["portalVenous_original_shape_VoxelVolume"])
    #expect(abs(volume - 3 * 120 * 0.4 * 2.5) < 1e-9)
    #expect(named["portalVenous_wavelet-LLH_glcm_Contrast"]?.isFinite == true)
    let output = made.folder.url.appendingPathComponent("table")
    try table.write(to: output)
    func lines(_ name: String) throws -> [String] {
      try String(contentsOf: output.appendingPathComponent(name), encoding: .utf8).split(separator: "\n").map(
        String.init)
    }
    let features = try lines("features.csv")
    let header = features[0].split(separator: ",").map(String.init)
    #expect(features.count == 4 && header.count == 5 + table.columns.count)
    #expect(features.dropFirst().allSatisfy { $0.filter { $0 == "," }.count == header.count - 1 })
    let columns = try lines("columns.csv").dropFirst().map { String($0.prefix { $0 != "," }) }
    #expect(columns == Array(header.dropFirst(5)))
    #expect(try lines("remarks.csv").count == table.remarks.count + table.undefined.count + 1)
  }

  @Test func `examples carry the features, a patient those of the largest lesion`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section())
    _ = try ROIBuild.run(made.study)
    var settings = try made.study.readProtocol()
    let table = try LesionFeatureTable(made.study, settings)
    let patients = try ExampleSet(made.study, settings)
    let features = try #require(patients.features)
    // Their progress is told to the end.
    let told = Mutex<[[Int]]>([])
    _ = try ExampleSet(made.study, settings) { event in
      if case .extracting(let done, let count) = event { told.withLock { $0.append([done, count]) } }
    }
    #expect(told.withLock { $0.map { $0[0] }.max() } == 5 && told.withLock { $0.allSatisfy { $0[1] == 5 } })
    #expect(patients.examples.map(\.patient) == ["P1", "P2"] && features.names == table.columns.map(\.key))
    #expect(features.row(0).description == table.rows[0].values[...].description)
    #expect(patients.notes.contains { $0.contains("1 patient has several lesions") })
    settings.inputs.examples = .lesionFeatures
    let lesions = try ExampleSet(made.study, settings)
    #expect(lesions.features?.row(1).description == table.rows[1].values[...].description)
    settings.radiomics = nil
    #expect(try ExampleSet(made.study, settings).features == nil)
  }

  @Test func `the protocol's words are those of the room Radiomics`() throws {
    #expect(Set(StudyProtocol.Radiomics.aggregationNames) == Set(TextureAggregation.allCases.map(\.rawValue)))
    let filters = Set(ImageFilters.all.map { $0.key })
    #expect(StudyProtocol.Radiomics.imageNames.allSatisfy(filters.contains))
    let settings = try StudyProtocol(contentsOf: protocolsFolder.appendingPathComponent("radiomics.yaml"))
    let radiomics = try #require(settings.radiomics)
    // What the field computes most: 1,316 features.
    #expect(try RadiomicsSettings(radiomics) == .usual)
    #expect(try StudyProtocol(yaml: settings.yaml, name: "again") == settings)
    for name in StudyProtocol.Radiomics.imageNames {
      var one = radiomics
      one.images = [name]
      _ = try RadiomicsExtraction(one)
    }
  }

  @Test(arguments: [
    (["enhancement": "false", "erosion": "{carried: 1, drawn: 1}"], "radiomics.erosion must be"),
    (["erosion": "{carried: -1, drawn: 0}"], "radiomics.erosion must be"),
    (["extent": "cube"], "extent"), (["images": "[original, sharpened]"], "radiomics.images must be"),
    (["enhancement": "true", "phases": "[]"], "radiomics.enhancement must be"),
    (["images": "[log]"], "radiomics.logSigmas must be"), (["binWidth": "0"], "radiomics.binWidth must be"),
    (["extent": "eachSlice"], "radiomics.aggregation must be"),
    (["aggregation": "cube"], "radiomics.aggregation must be"),
    (["margin": "-1"], "radiomics.margin must be"), (["phases": "[delayed, delayed]"], "radiomics.phases must be"),
    (["binWidth": "null"], "radiomics.binWidth must be stated"),
  ])
  func `a setting that is not possible is refused by its key`(_ changes: [String: String], _ words: String) throws {
    let error = #expect(throws: StudyError.self) { try TwoPhaseStudy(radiomics: Self.section(changes)) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func `a family that does not exist is refused in words`() throws {
    let made = try TwoPhaseStudy(radiomics: Self.section(["families": "[texture]"]))
    let error = #expect(throws: StudyError.self) {
      try LesionFeatureTable(made.study, made.study.readProtocol())
    }
    #expect(error?.description.contains("glcm") == true, "\(error?.description ?? "")")
  }
}
