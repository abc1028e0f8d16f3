import Archives
import Foundation
import Intake

extension FuzzTarget {
  /// NIfTI-1 and -2 volumes.
  static let nifti = FuzzTarget(
    name: "nifti", isText: false,
    sources: { try files("Tests/IntakeTests/Fixtures/kits") { $0.hasSuffix(".nii") || $0.hasSuffix(".nii.gz") } }
  ) { file in
    _ = try? NIfTIFile.volume(at: file)
    _ = try? NIfTIFile.labelMap(at: file)
  }

  /// Masks in NRRD.
  static let nrrd = FuzzTarget(
    name: "nrrd", isText: false,
    sources: { try files("Tests/IntakeTests/Fixtures/contours") { $0.hasSuffix(".nrrd") || $0.hasSuffix(".nhdr") } }
  ) { file in
    try? NRRDFile.read(file)
  }

  /// A patient of UCSF RMaC.
  static let hdf5 = FuzzTarget(
    name: "hdf5", isText: false,
    sources: { try files("Tests/IntakeTests/Fixtures/rmac") { $0.hasSuffix(".hdf5") } }
  ) { file in
    guard let file = try? RMaCFile(file) else { return }
    _ = try? RMaCRecord(file)
    _ = try? file.mask()
    for phase in RMaCSettings.Phase.allCases { _ = try? file.volume(phase.rawValue, isRegistered: true) }
  }

  /// Zip and tar archives.
  static let archive = FuzzTarget(
    name: "archive", isText: false,
    sources: {
      try files("Tests/IntakeTests/Fixtures/archives", "Tests/TorchTests/Fixtures/checkpoints") {
        $0.hasSuffix(".zip") || $0.hasSuffix("tar.pth") || $0.hasSuffix("zip.pth")
      }
    }
  ) { file in
    let target = file.deletingLastPathComponent().appendingPathComponent("member")
    for format in [ArchiveReader.Format.zip, .tar] {
      guard let archive = try? ArchiveReader(file, format) else { continue }
      while let member = try? archive.next() {
        guard member.isFile else { continue }
        let isUnpacked = (try? archive.unpack(to: target, permissions: 0o600)) != nil
        try? FileManager.default.removeItem(at: target)
        guard isUnpacked else { break }
      }
    }
    if let data = try? Data(contentsOf: file) { _ = try? ArchiveReader.filesOfTar(in: data) }
  }
}
