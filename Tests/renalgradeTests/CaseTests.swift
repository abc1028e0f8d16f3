import Foundation
import GRDB
import Study
import TestSupport
import Testing

/// Small made-up inputs beside the checkout, each of a kind that real data are of.
@Suite(.serialized, .enabled(if: Cases.root != nil, "\(SharedData.missing)")) struct CaseTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func file(_ name: String) throws -> String { try #require(Cases.root).appendingPathComponent(name).path }

  /// The study of a case, and what `status` says of it.
  private func study(_ name: String, dicom: String? = nil) throws -> (study: StudyFolder, status: String) {
    let study = folder.url.appendingPathComponent("study")
    try CommandLineTool.succeed("init", study.path, "--protocol", try file("protocol.yaml"))
    try CommandLineTool.succeed(
      "import", study.path, "--dicom", try dicom ?? file("\(name)/dicom"), "--pathology",
      try file("\(name)/pathology.csv"),
      "--contours", try file("\(name)/contours.json"))
    try CommandLineTool.succeed("rois", "build", study.path)
    return (try StudyFolder(at: study), try CommandLineTool.succeed("status", study.path, "--all"))
  }

  /// Slices with an ROI, by patient.
  private func rois(_ study: StudyFolder) throws -> [String: Int] {
    let patients = try study.read { try SlicePlace.all($0, namedBy: "roi") }.map(\.patientID)
    return Dictionary(grouping: patients) { $0 }.mapValues(\.count)
  }

  @Test func aFreehandKinkIsRepaired() throws {
    let (study, status) = try study("07-freehand-kink")
    #expect(try rois(study) == ["KINK": 3, "PLAIN": 3])
    #expect(status.contains("crosses itself in a small loop"))
  }

  @Test func aMasksForegroundIsTheOutline() throws {
    let (study, _) = try study("08-mdai-mask-mode")
    #expect(try rois(study) == ["MASKED": 3, "PLAIN": 3])
  }

  @Test func aSegmentationIsFoundByItsFrameOfReference() throws {
    let study = folder.url.appendingPathComponent("study")
    try CommandLineTool.succeed("init", study.path, "--protocol", try file("protocol.yaml"))
    try CommandLineTool.succeed(
      "cohort", "import", study.path, try file("14-seg-by-frame-of-reference/data"), "--format", "tcia", "--clinical",
      try file("14-seg-by-frame-of-reference/clinical.csv"))
    try CommandLineTool.succeed("rois", "build", study.path)
    #expect(try rois(StudyFolder(at: study)) == ["NOSERIES": 3, "SHAREDSEG": 3, "ODDNUMBER": 3])
  }

  @Test func linksAreFollowed() throws {
    let name = "26-symlinked-files"
    let linked = folder.url.appendingPathComponent("linked").path
    let made = try CommandLineTool.shell("bash '\(try file("\(name)/make-links.sh"))' '\(linked)'")
    try #require(made.status == 0, "\(made.error)")
    let study = folder.url.appendingPathComponent("study")
    try CommandLineTool.succeed("init", study.path, "--protocol", try file("protocol.yaml"))
    try CommandLineTool.succeed("import", study.path, "--dicom", linked + "/dicom")
    let slices = try StudyFolder(at: study).read { try SlicePlace.all($0) }
    #expect(Dictionary(grouping: slices.map(\.patientID)) { $0 }.mapValues(\.count).values.sorted() == [2, 5])
  }

  @Test func readersThatShareALesionAreRemarkedOn() throws {
    let (_, status) = try study("32-readers-share-a-lesion")
    #expect(status.contains("of 5 slices U_a 2, U_b 3, and 0 by all of them"))
  }
}

private enum Cases {
  /// The folder of the cases; nil where it is not there.
  static let root: URL? = {
    guard let cases = SharedData.root?.deletingLastPathComponent().appendingPathComponent("cases") else { return nil }
    return FileManager.default.fileExists(atPath: cases.path) ? cases : nil
  }()
}
