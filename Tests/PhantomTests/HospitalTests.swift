import DICOM
import Foundation
import TestSupport
import Testing

@testable import Phantom

@Suite struct PhantomHospitalTests {
  private func settings(seed: UInt64 = 1) -> HospitalSettings {
    var settings = HospitalSettings()
    settings.patients = 2
    settings.slices = 6
    settings.seed = seed
    return settings
  }

  @Test func theSameSeedGivesTheSameHospital() throws {
    let folder = try TemporaryFolder()
    let places = ["a", "b", "c"].map { folder.url.appendingPathComponent($0) }
    let truth = try PhantomHospital(settings()).write(to: places[0])
    #expect(try PhantomHospital(settings()).write(to: places[1]) == truth)
    #expect(try PhantomHospital(settings(seed: 2)).write(to: places[2]) != truth)
    #expect(
      FileManager.default.contentsEqual(atPath: places[0].path, andPath: places[1].path),
      "the two folders differ")
    #expect(throws: PhantomError.self) { try PhantomHospital(settings()).write(to: places[0]) }
  }

  @Test func everyImageSaysThatItIsSynthetic() throws {
    let folder = try TemporaryFolder()
    let place = folder.url.appendingPathComponent("hospital")
    let truth = try PhantomHospital(settings()).write(to: place)
    var seen: Set<String> = []
    let enumerator = FileManager.default.enumerator(
      at: place.appendingPathComponent("dicom"), includingPropertiesForKeys: nil)
    while let url = enumerator?.nextObject() as? URL {
      guard url.pathExtension == "dcm" else { continue }
      let header = try #require(try DICOMFile.attributes(of: url).first)
      #expect(header.isSynthetic && header.patientIdentityRemoved)
      seen.insert(header.seriesInstanceUID)
    }
    #expect(seen == Set(truth.series.map(\.uid)))
  }

  @Test func everyExclusionIsPlantedInAHundredAndTwenty() {
    let plans = HospitalPlan.all(HospitalSettings())
    #expect(plans.count == 120)
    #expect(Set(plans.compactMap(\.exclusion)) == Set(HospitalTruth.Exclusion.allCases))
    #expect(plans.count { $0.exclusion == nil } == 64)
    #expect(plans.contains { $0.exclusion == nil && $0.hasTwoLesions })
    #expect(Set(plans.map(\.timing)) == Set(HospitalPlan.Timing.allCases))
    #expect(Set(plans.flatMap(\.extras)) == Set(HospitalTruth.SeriesKind.allCases.filter { $0 != .phase }))
  }

  @Test func impossibleSettingsAreRefused() {
    var nobody = HospitalSettings()
    nobody.patients = 0
    #expect(throws: PhantomError.self) { try PhantomHospital(nobody) }
  }
}
