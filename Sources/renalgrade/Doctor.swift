import AnnotationServer
import ArgumentParser
import Backbones
import DICOM
import Foundation
import Study
import Torch

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Check that this machine has what RenalGrade needs.")

  func run() throws {
    let findings = Self.findings()
    for finding in findings { print("\(finding.mark) \(finding.subject): \(finding.text)") }
    if findings.contains(where: { !$0.isFine && $0.isNeeded }) { throw ExitCode(1) }
  }

  struct Finding {
    let subject: String
    let text: String
    var isFine = true
    var isNeeded = true

    var mark: String { isFine ? "ok     " : isNeeded ? "MISSING" : "absent " }
  }

  static func findings() -> [Finding] {
    let dictionary = DICOMLibrary.hasDictionary
    let gnuplot = onPath("gnuplot")
    let memory = ProcessInfo.processInfo.physicalMemory
    let disk = (try? FileManager.default.attributesOfFileSystem(forPath: "."))?[.systemFreeSize] as? Int ?? 0
    return [
      Finding(subject: "RenalGrade", text: renalGradeVersion),
      Finding(
        subject: "libtorch", text: "\(LibTorch.version), \(LibTorch.cpuCapability), \(LibTorch.threadCount) threads"),
      Finding(subject: "GPU", text: LibTorch.cudaStatus, isFine: LibTorch.isCUDAAvailable, isNeeded: false),
      Finding(
        subject: "DCMTK", text: DICOMLibrary.version + (dictionary ? "" : ", without its dictionary: set DCMDICTPATH"),
        isFine: dictionary),
      Finding(
        subject: "libmicrohttpd",
        text: AnnotationServer.library.version
          + (AnnotationServer.library.hasTLS ? "" : ", without TLS: `renalgrade annotate` serves this machine alone"),
        isFine: AnnotationServer.library.hasTLS, isNeeded: false),
      Finding(
        subject: "gnuplot", text: gnuplot ?? "not on the PATH: apt-get install gnuplot-nox", isFine: gnuplot != nil),
    ] + weights() + [
      Finding(subject: "memory", text: "\(memory >> 30) GiB", isFine: memory >= 6 << 30, isNeeded: false),
      Finding(
        subject: "disk", text: "\(disk >> 30) GiB free in the working folder", isFine: disk >= 10 << 30, isNeeded: false
      ),
    ]
  }

  private static func onPath(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func weights() -> [Finding] {
    let list = WeightsStore.standard.list()
    return Backbone.names.map { name in
      let present = list.first { $0.entry.backbone == name && $0.isVerified }
      return Finding(
        subject: "weights of \(name)",
        text: present?.url?.path ?? "not here: renalgrade weights get \(name)", isFine: present != nil, isNeeded: false)
    }
  }
}
