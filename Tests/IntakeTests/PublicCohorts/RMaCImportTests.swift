import DICOM
import Foundation
import GRDB
import ROI
import Study
import Support
import Testing

@testable import Intake

/// UCSF RMaC, from files that h5py wrote in its layout.
struct RMaCImportTests {
  private let golden: Golden
  private let folder: CohortFolder
  private let source: URL

  init() throws {
    golden = try Golden()
    folder = try CohortFolder(protocolName: "ucsf-rmac")
    source = try Golden.folder("rmac")
  }

  @Test func `volumes, contours and grades are those that were written`() throws {
    let summary = try CohortImport.rmac(source, into: folder.study)
    #expect(summary.patients == golden.rmac.taken.count + golden.rmac.aside.count)
    #expect(summary.lesions == golden.rmac.taken.count)
    let lesions = try folder.lesions()
    #expect(Set(lesions.keys) == Set(golden.rmac.taken.keys))
    for (code, expected) in golden.rmac.taken {
      let lesion = try #require(lesions[code])
      #expect(lesion.grade.rawValue == expected.grade, "\(code)")
      #expect(lesion.attributes["grade_basis"] == expected.basis ?? "grade", "\(code)")
      #expect(lesion.attributes["mask"] == (expected.box == true ? "box" : "outline"), "\(code)")
      #expect(lesion.attributes["mask_phase"] == expected.carrier, "\(code)")
      #expect(try folder.excluding(code).isEmpty, "\(code)")
      let slices = try folder.slices(of: code)
      #expect(slices.count == expected.volumes.count, "\(code)")
      for (phase, checks) in expected.volumes {
        let name = try #require(RMaCSettings.Phase(rawValue: phase)).description
        let found = try #require(slices[name], "\(code) \(phase)")
        #expect(found.map(\.check) == checks, "\(code) \(phase)")
        let masks: [[Int]?] =
          phase == expected.carrier ? expected.mask.map { $0[0] == 0 ? nil : $0 } : found.map { _ in nil }
        #expect(found.map(\.mask) == masks, "\(code) \(phase)")
      }
      let carried = try #require(slices[RMaCSettings.Phase(rawValue: expected.carrier)?.description ?? ""]?.first)
      #expect(
        carried.record.columnSpacing == expected.spacing[0] && carried.record.rowSpacing == expected.spacing[1]
          && carried.header.sliceThickness == expected.spacing[2], "\(code)")
    }
  }

  @Test func `who cannot be taken is listed with the reason, and nothing of them is in the study`() throws {
    _ = try CohortImport.rmac(source, into: folder.study)
    for (code, reason) in golden.rmac.aside {
      let entries = try folder.excluding(code)
      #expect(entries.count == 1, "\(code): \(entries)")
      #expect(entries.first?.reason.contains(reason) == true, "\(code): \(entries.first?.reason ?? "")")
      #expect(entries.first?.reason.contains(code) == false, "\(code)")
      #expect(entries.first?.subject == "\(code).hdf5")
      #expect(try folder.slices(of: code).isEmpty, "\(code)")
    }
    let others = try folder.study.setAside().filter { !$0.excludes }
    func remarks(_ code: String) -> [String] { others.filter { $0.patientCode == code }.map(\.reason).sorted() }
    #expect(remarks("Unreg00001").map { $0.contains("arterial is not registered") } == [true])
    #expect(remarks("Holes00001").map { $0.hasPrefix("2 voxels of the volume arterial are not numbers") } == [true])
    #expect(remarks("KeyFile001").count == 2)
    #expect(remarks("FlatDelay1").map { $0.contains("delay is not imported") } == [true])
    #expect(remarks("OtherGrid1").map { $0.contains("its voxels differ from the mask") } == [true])
    #expect(others.count == 6, "\(others.map { "\($0.subject): \($0.reason)" })")
  }

  @Test func `a second import changes nothing, and a cohort that was cut short is completed`() throws {
    let first = try CohortImport.rmac(source, into: folder.study)
    let aside = try folder.study.setAside()
    let lesions = try folder.lesions()
    let again = try CohortImport.rmac(source, into: folder.study)
    #expect(again.slices == 0 && again.contours == first.contours && again.lesions == first.lesions)
    #expect(try Set(folder.study.setAside().map(\.reason)) == Set(aside.map(\.reason)))
    #expect(try folder.study.setAside().count == aside.count)
    #expect(try folder.lesions() == lesions)
    // Half a series, as a full disk may leave it, is not the whole one.
    let lost = try #require(try folder.slices(of: "Quirky0001")["portal venous"]?.last)
    _ = try folder.study.write { try SliceRecord.deleteOne($0, key: lost.record.id) }
    #expect(try CohortImport.rmac(source, into: folder.study).slices == 1)
    #expect(FileManager.default.fileExists(atPath: folder.study.url.appendingPathComponent(".cohort").path) == false)
  }

  @Test func `boxes, other phases and other subtypes are settings`() throws {
    var settings = RMaCSettings(subtypes: ["Clear Cell", "papillary"], contouredPhases: [.portven, .delay])
    settings.takesBoxes = false
    settings.onlyContouredPhase = true
    _ = try CohortImport.rmac(source, settings: settings, into: folder.study)
    let lesions = try folder.lesions()
    #expect(lesions["Plain00001"]?.attributes["mask_phase"] == "portven")
    #expect(lesions["OnlyDelay1"]?.attributes["mask_phase"] == "delay")
    #expect(lesions["Papillary1"] == nil)
    #expect(try folder.excluding("Papillary1").first?.reason.contains("(portven, delay) is present") == true)
    #expect(try folder.slices(of: "Plain00001").keys.sorted() == ["portal venous"])
    settings.contouredPhases = [.noncon]
    _ = try CohortImport.rmac(source, settings: settings, into: folder.study)
    #expect(try folder.excluding("ClassLow01").first?.reason.contains("bounding box") == true)
    #expect(try folder.lesions()["Papillary1"]?.attributes["pathology"] == "papillary")
  }

  @Test func `the study goes on to ROIs`() throws {
    _ = try CohortImport.rmac(source, into: folder.study)
    let summary = try ROIBuild.run(folder.study)
    let excluded = try folder.study.setAside().filter(\.excludes)
    #expect(summary.patients == golden.rmac.taken.count && summary.lesions == golden.rmac.taken.count, "\(excluded)")
    #expect(
      summary.rois == golden.rmac.taken.values.reduce(0) { $0 + $1.mask.count { $0[0] > 0 } })
    let rois = try ROISet(folder.study)
    #expect(rois.entries.first { $0.patient == "ClassHigh1" }?.grade.gradeClass == .high)
    #expect(rois.entries.first { $0.patient == "ClassLow01" }?.grade.gradeClass == .low)
  }

  @Test func `rules that nobody applied make no ROIs`() throws {
    let text = try String(contentsOf: folder.study.protocolFile, encoding: .utf8)
    _ = try CohortImport.rmac(source, into: folder.study)
    let rules = """

      cohort:
        gradeSystem: WHO/ISUP
        columns: {subtype: pathology, stage: null, procedure: null, laterality: null, size: null, sizeUnit: cm, scanDate: null}
        series: {preferredSpacing: 2.5, maximumSpacing: 10, minimumExtent: 50, minimumCoverage: 0.5}
        rules: [{name: grade known, missing: exclude, gradeKnown: true}]

      """
    try AtomicFile.write(text + rules, to: folder.study.protocolFile)
    let error = #expect(throws: StudyError.self) { try ROIBuild.run(folder.study) }
    #expect(error?.description.contains("no selection was made: run `renalgrade cohort select`") == true)
  }

  @Test func `where IDs are not to be shown, no code of an absent patient is`() throws {
    let folder = try CohortFolder(protocolName: "ucsf-rmac", ("patientIDs: codes", "patientIDs: identifiers"))
    _ = try CohortImport.rmac(source, into: folder.study)
    let codes = Set(try folder.study.setAside().compactMap(\.patientCode))
    #expect(codes.allSatisfy { $0.hasPrefix("case-") })
    #expect(try folder.lesions().count == golden.rmac.taken.count)
  }

  @Test func `outlines mean the same where the protocol counts from pixels' corners`() throws {
    let folder = try CohortFolder(
      protocolName: "ucsf-rmac", ("integerCoordinate: pixelCentre", "integerCoordinate: pixelCorner"))
    _ = try CohortImport.rmac(source, into: folder.study)
    let expected = try #require(golden.rmac.taken["Holes00001"])
    let found = try #require(try folder.slices(of: "Holes00001")["late arterial"])
    #expect(found.map { $0.mask ?? [0, 0] } == expected.mask)
  }

  @Test(arguments: [
    ("pid,noncon,arterial,portven\n", "there is no column \"delay\""),
    ("pid,noncon,arterial,portven,delay\nPlain00001,2,3,0,0\n", "phase_reg_key.csv:2: arterial is \"3\""),
    ("pid,noncon,arterial,portven,delay\nPlain00001,2,,0,0\n", "expected 0, 1 or 2"),
  ])
  func `a key of another layout stops the import`(text: String, reason: String) throws {
    let other = folder.temporary.url.appendingPathComponent("other")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("Plain00001.hdf5"), to: other.appendingPathComponent("Plain00001.hdf5"))
    let without = #expect(throws: StudyError.self) { try CohortImport.rmac(other, into: folder.study) }
    #expect(without?.description.contains("found 1 such files and no key") == true)
    try AtomicFile.write(text, to: other.appendingPathComponent("phase_reg_key.csv"))
    let error = #expect(throws: StudyError.self) { try CohortImport.rmac(other, into: folder.study) }
    #expect(error?.description.contains(reason) == true)
  }

  @Test func `damaged files never end the program`() throws {
    let original = try Data(contentsOf: source.appendingPathComponent("Plain00001.hdf5"))
    let url = folder.temporary.url.appendingPathComponent("damaged.hdf5")
    var generator = DeterministicGenerator(seed: 3)
    var readable = 0
    for round in 0..<60 {
      var data = original
      for _ in 0...round % 8 {
        data[Int.random(in: 0..<data.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if round % 10 == 9 { data = data.prefix(Int.random(in: 0..<data.count, using: &generator)) }
      try data.write(to: url)
      do {
        let file = try RMaCFile(url)
        _ = try RMaCRecord(file)
        _ = try file.volume("arterial", isRegistered: true)
        readable += 1
      } catch {}
    }
    // Most bytes are voxels, which may have any value.
    #expect((1..<60).contains(readable))
  }

  @Test func `a file whose name is not UTF-8 is a patient who is listed`() throws {
    let copy = folder.temporary.url.appendingPathComponent("copy")
    try FileManager.default.copyItem(at: source, to: copy)
    let any = try #require(golden.rmac.taken.keys.sorted().first)
    var odd = Array("\(copy.path)/M".utf8) + [0xFC] + Array(".hdf5".utf8)
    odd.append(0)
    let status = odd.map(CChar.init(bitPattern:)).withUnsafeBufferPointer { name -> Int32 in
      guard let start = name.baseAddress else { return -1 }
      return rename("\(copy.path)/\(any).hdf5", start)
    }
    try #require(status == 0)
    let summary = try CohortImport.rmac(copy, into: folder.study)
    #expect(summary.patients == golden.rmac.taken.count + golden.rmac.aside.count)
    #expect(summary.lesions == golden.rmac.taken.count - 1)
    let listed = try folder.study.setAside().filter { $0.subject == #"M\xFC.hdf5"# }
    #expect(listed.count == 1 && listed[0].reason.contains("not UTF-8"), "\(listed)")
  }

  @Test func `sex and age in whatever form`() {
    #expect(RMaCRecord.header(sex: "F", age: "063Y") == [.patientSex: "F", .patientAge: "063Y"])
    #expect(RMaCRecord.header(sex: "male", age: "58") == [.patientSex: "M", .patientAge: "058Y"])
    #expect(RMaCRecord.header(sex: "?", age: "6 months 3") == [:])
    #expect(RMaCRecord.header(sex: nil, age: "999") == [:])
    #expect(RMaCRecord.ageAttribute("063Y") == ["age": "63"] && RMaCRecord.ageAttribute("90+") == ["age": "90"])
    #expect(RMaCRecord.ageAttribute("6 months 3") == ["age_not_understood": "6 months 3"])
    #expect(RMaCRecord.ageAttribute(nil).isEmpty)
  }
}
