/// Which labels of a file of contours mean "lesion": one rule for every format.
public struct LesionLabels: Sendable {
  private let labels: [String]

  /// By the protocol's `annotation.lesionLabels`; an empty list takes every label.
  public init(_ labels: [String]) { self.labels = labels }

  /// Whether the label means "lesion": by id, by name, or by a name that goes on after a blank, as "Tumor 2" does.
  public func contains(_ name: String, id: String? = nil) -> Bool {
    let name = name.lowercased()
    return labels.isEmpty || id.map(labels.contains) == true
      || labels.map { $0.lowercased() }.contains { name == $0 || name.hasPrefix($0 + " ") }
  }

  /// The label by which an import finds `lesion` among all lesions of its patient: its name, or its name after a label of the list.
  public func label(of lesion: String, among lesions: [String]) -> String {
    ([lesion] + labels.map { "\($0) \(lesion)" }).first { label in
      contains(label) && !lesions.contains { $0 != lesion && $0.lowercased() == label.lowercased() }
    } ?? lesion
  }
}
