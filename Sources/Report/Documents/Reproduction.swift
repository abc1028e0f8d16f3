import Analysis
import Experiment
import Foundation
import Study
import Support

/// What is needed to repeat a run: commands, versions, seeds, hardware, and the hashes of inputs and outputs.
struct Reproduction {
  let content: RunContent

  init(_ content: RunContent) { self.content = content }

  private var manifest: Run.Manifest { content.manifest }

  var document: Document {
    Document(
      title: "How to repeat run \(content.run.id)",
      parts: [
        .init(
          "Commands",
          [
            .paragraph(
              "On the same files, with the protocol of this run, in an empty folder; further options that the files need "
                + "(`renalgrade help import`) are not recorded."), .code(commands),
          ] + ownWeights),
        .init("What must be the same", [.list(facts.isEmpty ? ["The run's manifest states no facts."] : facts)]),
        .init(
          "What may differ",
          [
            .paragraph(
              "The same program on the same processor, with these commands and therefore the same number of "
                + "threads, gives identical results bit by bit. With another processor, GPU or libtorch, the order "
                + "of summation differs: probabilities differ in their last digits, and after many steps the models "
                + "differ somewhat.")
          ]),
      ])
  }

  private var commands: [String] {
    var lines = [
      "renalgrade init study --protocol \(content.run.id)/protocol.yaml",
      "renalgrade import study --dicom DICOM --pathology TABLE --contours CONTOURS",
    ]
    if let network = content.settings.network, network.initialisation == .imagenet, !hasOwnWeights {
      lines.insert("renalgrade weights get \(manifest.learner.network?.backbone ?? network.backbone)", at: 0)
    }
    if content.settings.cohort != nil { lines.append("renalgrade cohort select study --clinical TABLE") }
    let command = content.nested == nil ? "crossvalidate study" : "nested study" + alternatives
    if content.hasSlices { lines.append("renalgrade rois build study") }
    return lines + ["renalgrade " + ([command] + options).joined(separator: " ")]
  }

  /// What the bits depend on besides files and protocol.
  private var options: [String] {
    (manifest.hardware.map { ["--threads \($0.threads)", "--side-by-side 1"] } ?? []) + (manifest.options ?? [])
      + (manifest.shuffledBy.map { ["--shuffle-labels \($0)"] } ?? [])
  }

  private var hasOwnWeights: Bool { manifest.options?.contains { $0.hasPrefix("--weights") } ?? false }

  /// Which file of weights is meant, if it is not one that can be downloaded.
  private var ownWeights: [Document.Block] {
    guard hasOwnWeights else { return [] }
    let hash = manifest.learner.network?.weights.map { " with the SHA-256 \($0)" } ?? ""
    return [.paragraph("WEIGHTS is the file\(hash) that the user supplied.")]
  }

  /// The other protocols that were open to choice, from where the run keeps them.
  private var alternatives: String {
    var seen = Set<String>()
    return (content.nested?.variants ?? []).compactMap { variant in
      variant.protocolName.flatMap { seen.insert($0).inserted ? $0 : nil }.map { name in
        " --protocol \(content.run.id)/inner/fold-1-\(name)-batch-\(variant.batchSize)/protocol.yaml"
      }
    }.joined()
  }

  private var facts: [String] {
    manifest.facts.filter { !["date", "duration"].contains($0.name) }.map { "\($0.name): \($0.value)" }
  }
}
