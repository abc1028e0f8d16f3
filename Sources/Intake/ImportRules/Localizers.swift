/// Scouts often share the series of the slices that were planned on them.
enum Localizers {
  static func removed(from frames: [DICOMScan.Frame], _ findings: inout ImportFindings) -> [DICOMScan.Frame] {
    frames.filter { frame in
      guard frame.attributes.imageType.contains("LOCALIZER") else { return true }
      findings.remark(
        on: frame.identity.patientID, subject: frame.relativePath,
        reason: "a localizer (scout) image, not an axial slice")
      return false
    }
  }
}
