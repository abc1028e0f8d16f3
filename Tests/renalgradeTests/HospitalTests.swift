import Foundation
import TestSupport
import Testing

/// A virtual hospital in a real PACS, from the pull to the cohort.
@Suite(.timeLimit(.minutes(30)))
struct HospitalTests {
  /// `scripts/hospital` compares both ways with one another and with what was planted, and fails where anything differs.
  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/Orthanc"), "needs Orthanc: scripts/setup --tests"))
  func bothWaysGiveTheCohortThatWasPlanted() throws {
    let folder = try TemporaryFolder()
    let patients = ProcessInfo.processInfo.environment["RENALGRADE_HOSPITAL"] ?? "16"
    let hospital = folder.url.appendingPathComponent("hospital").path
    let result = try CommandLineTool.shell(
      "HOSPITAL=\(hospital) PATIENTS=\(patients) scripts/hospital \(CommandLineTool.executable.path)")
    #expect(result.status == 0, "\(result.output.suffix(3000))\n\(result.error.suffix(1000))")
    #expect(result.output.contains("files with an identifier of the hospital's in them: 0"))
  }
}
