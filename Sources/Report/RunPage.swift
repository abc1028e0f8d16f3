import Analysis
import Evaluation
import Foundation
import Experiment
import Study
import Support

/// One section of a run's report: it tells a part of the run, and draws the figures of that part.
protocol RunSection: Sendable {
  /// What links within the page call it; unique in the page.
  var id: String { get }
  /// Its heading.
  var title: String { get }
  /// What it says, with its figures drawn into the folder `figures`; where there is nothing to tell, a sentence that says so.
  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML]
  /// Whether the run holds what the section tells of, so that checklists may point to it; true unless a section says otherwise.
  func answers(_ content: RunContent) -> Bool
}

extension RunSection {
  func answers(_ content: RunContent) -> Bool { true }
}

/// A run's report as a page.
enum RunPage {
  /// The sections in their order.
  static let sections: [any RunSection] = [
    ResultSection(), CurvesSection(), DiscriminationSection(), FoldsSection(), ThresholdsSection(),
    CalibrationSection(), UsefulnessSection(), BaselinesSection(), ControlsSection(), AgreementSection(),
    SubgroupsSection(),
    NestedSection(), PrecisionSection(), TrainingSection(), AttentionSection(), ExplanationsSection(),
    FeaturesSection(), SelectionSection(), CharacteristicsSection(), CohortSection(), MethodsSection(),
    MethodsTextSection(), ChecklistsSection(),
    ModelCardSection(), ProtocolSection(),
    ReproductionSection(), ProvenanceSection(),
  ]

  /// The page of a run, its figures drawn into the folder `figures`.
  static func page(_ content: RunContent, figures: URL) throws(StudyError) -> HTMLPage {
    var parts: [HTMLPage.Section] = []
    for section in sections {
      parts.append(
        .init(id: section.id, title: section.title, content: try section.html(content, figures: figures)))
    }
    return HTMLPage(
      title: content.settings.title, kicker: "RenalGrade run report",
      subtitle:
        "Protocol \(content.settings.name), run \(content.run.id). Clear cell renal cell carcinoma on contrast-enhanced CT: "
        + "low grade (1 or 2) or high grade (3 or 4), high grade being the positive class.",
      banners: changes(content) + banners(content.manifest), sections: parts)
  }

  /// That the protocol has been changed, if it has.
  private static func changes(_ content: RunContent) -> [String] {
    guard content.protocolIsUnchanged == false else { return [] }
    return [
      "The run's protocol.yaml has been changed since the run was made: its SHA-256 differs from the recorded one. "
        + "What this report says about the protocol may not apply to the run."
    ]
  }

  /// What must not be overlooked in several runs, each sentence once.
  static func banners(_ manifests: [Run.Manifest]) -> [String] {
    manifests.flatMap(banners).reduce(into: []) { kept, banner in
      if !kept.contains(banner) { kept.append(banner) }
    }
  }

  static func banners(_ manifest: Run.Manifest) -> [String] {
    let synthetic =
      manifest.synthetic
      ? ["Virtual patients: the images are synthetic. They test the software and say nothing about real patients."] : []
    return synthetic + manifest.notes + [HTMLPage.researchUse]
  }
}
