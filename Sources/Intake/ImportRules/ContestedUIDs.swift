/// A UID with two owners means that one of them is wrong; only the user can know which.
enum ContestedUIDs {
  private typealias Part = KeyPath<SliceIdentity, String>

  static func refuse(in identities: Set<SliceIdentity>, _ findings: inout ImportFindings) {
    let kinds: [(name: String, uid: Part, owners: String, owner: Part)] = [
      ("study", \.studyInstanceUID, "PatientIDs", \.patientID),
      ("series", \.seriesInstanceUID, "studies", \.studyInstanceUID),
      ("SOP instance", \.sopInstanceUID, "series", \.seriesInstanceUID),
    ]
    for kind in kinds {
      var latest: [String: SliceIdentity] = [:]
      var contested: Set<String> = []
      for identity in identities {
        guard let other = latest.updateValue(identity, forKey: identity[keyPath: kind.uid]) else { continue }
        guard other.patientID != identity.patientID || other[keyPath: kind.owner] != identity[keyPath: kind.owner]
        else { continue }
        contested.insert(identity[keyPath: kind.uid])
      }
      for uid in contested.sorted() {
        let members = identities.filter { $0[keyPath: kind.uid] == uid }
        let owners = Set(members.map { [$0.patientID, $0[keyPath: kind.owner]] })
        let patients = Set(members.map(\.patientID))
        guard !patients.isSubset(of: findings.refused) else { continue }
        let found = patients.count > 1 ? "\(patients.count) PatientIDs" : "\(owners.count) \(kind.owners)"
        for patient in patients.sorted() {
          findings.exclude(
            patient, subject: "\(kind.name) \(uid)",
            reason: "this \(kind.name) belongs to \(found); correct the wrong one and import all of them again (into "
              + "a new study if this study contains the wrong one)")
        }
      }
    }
  }
}
