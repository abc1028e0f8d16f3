/// Remarks where a PatientID does not identify the patient of a file with certainty.
enum PatientIDRemarks {
  static func add(on frames: [DICOMScan.Frame], _ findings: inout ImportFindings) {
    for id in Set(frames.map(\.identity).filter(\.hasFolderName).map(\.patientID)).sorted() {
      findings.remark(
        on: id, subject: "(0010,0020) PatientID",
        reason: "the PatientID is empty; the name of the patient's folder is used instead")
    }
    // An ID is unique only within what its issuer gave out.
    var issuers: [String: Set<String>] = [:]
    for frame in frames {
      guard let issuer = frame.attributes.issuerOfPatientID?.uppercased() else { continue }
      issuers[frame.identity.patientID, default: []].insert(issuer)
    }
    for (id, issuers) in issuers.sorted(by: { $0.key < $1.key }) where issuers.count > 1 {
      findings.remark(
        on: id, subject: "(0010,0021) IssuerOfPatientID",
        reason:
          "this PatientID comes from \(issuers.count) issuers and may be that of several persons; the files are read "
          + "as those of one patient")
    }
  }
}
