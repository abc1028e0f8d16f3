/// A checklist for papers: its items, and where a run's report answers them.
struct Checklist: Sendable {
  struct Item: Sendable {
    /// The item's number in the publication.
    let number: String
    /// The part of a paper that it belongs to.
    let part: String
    /// What it asks for, in our words.
    let topic: String
    /// The sections of the report that answer it; none where only the authors can.
    let sections: [String]
    /// Its weight or its points in the publication; nil where that has none.
    let weight: String?
  }

  let name: String
  let source: String
  let items: [Item]

  static let all = [
    Checklist(
      name: "CLAIM 2024", source: "Tejani et al., Radiology: Artificial Intelligence 2024;6(4):e240300",
      file: PackageResources.claim_2024_tsv),
    Checklist(
      name: "TRIPOD+AI", source: "Collins et al., BMJ 2024;385:e078378", file: PackageResources.tripod_ai_2024_tsv),
    Checklist(
      name: "STARD-AI", source: "Sounderajah et al., Nature Medicine 2025;31:3283-3289",
      file: PackageResources.stard_ai_2025_tsv),
    metrics,
  ]

  private static let metrics = Checklist(
    name: "METRICS", source: "Kocak et al., Insights into Imaging 2024;15:8", file: PackageResources.metrics_2024_tsv)

  /// Those for radiomics and imaging models that are compared; `comparison` in them is the comparison's own page.
  static let ofRivals = [
    metrics,
    Checklist(
      name: "CLEAR", source: "Kocak et al., Insights into Imaging 2023;14:75", file: PackageResources.clear_2023_tsv),
    Checklist(
      name: "Radiomics quality score (RQS)", source: "Lambin et al., Nature Reviews Clinical Oncology 2017;14:749-762",
      file: PackageResources.rqs_2017_tsv),
  ]

  /// What stands for the page of a comparison in a list of sections.
  static let comparison = "comparison"

  /// Whether the publication weighs its items.
  var isWeighted: Bool { items.contains { $0.weight != nil } }

  /// Reads a table of item, part, topic, sections and, in some, weight, separated by tabs, below its comments.
  private init(name: String, source: String, file: [UInt8]) {
    self.name = name
    self.source = source
    let lines = String(decoding: file, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
    items = lines.dropFirst().compactMap { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard (4...5).contains(cells.count) else { return nil }
      return Item(
        number: cells[0], part: cells[1], topic: cells[2], sections: cells[3].split(separator: " ").map(String.init),
        weight: cells.count == 5 ? cells[4] : nil)
    }
  }
}
