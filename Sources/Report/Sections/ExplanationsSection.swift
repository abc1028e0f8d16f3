import Analysis
import Foundation
import Experiment
import Study

/// What the networks looked at: heat maps of the most confident correct, the most confident wrong and the least
/// confident slices.
struct ExplanationsSection: RunSection {
  let id = "explanations"
  let title = "What the network looks at"

  func answers(_ content: RunContent) -> Bool { content.explanations != nil }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let explanations = content.explanations else {
      guard content.manifest.learner.network != nil else {
        return [.p("This run has no network, so there are no heat maps to show.")]
      }
      return [.p("This run's predictions have no explanations yet: `renalgrade explain STUDY` creates them.")]
    }
    let introduction =
      "\(explanations.method) heat maps at \(explanations.layer) show which parts of a region of interest raise the probability "
      + "of high grade. They are a plausibility check: they do not show why the network is right."
    let sentences = [
      introduction, energy(explanations.energyInside, contourShare: explanations.contourShare),
      randomisation(explanations.randomisation),
    ]
    let isWithheld = content.settings.pathology.patientIDs == .identifiers
    return sentences.map { .p(HTML(text: $0)) }
      + Run.Explanations.Example.Group.allCases.flatMap { group in
        [HTML.element("h3", [:], HTML(text: group.title))]
          + gallery(explanations.gallery.filter { $0.group == group }, group, content.run, isWithheld: isWithheld)
      }
  }

  private func energy(_ energy: Run.Explanations.EnergyInside, contourShare: Double?) -> String {
    guard let mean = energy.mean, mean.isFinite, energy.n > 0 else {
      return "How much of the heat maps' energy lies within the contours is not known."
    }
    let spread = energy.sd.map { " (SD \(Format.number($0)))" } ?? ""
    return
      "On average, \(Format.number(100 * mean, decimals: 0))% of a map's energy\(spread) lies within the contour, over "
      + "\(Format.count(energy.n, "slice")); "
      + (contourShare.map {
        "an uninformative map would have \(Format.number(100 * $0, decimals: 0))% there, the contour's share of the ROI."
      } ?? "the rest lies outside the tumour.")
  }

  private func randomisation(_ check: Run.Explanations.Randomisation) -> String {
    guard let correlation = check.correlation, correlation.isFinite, check.n > 0 else {
      return "Whether the maps depend on what was learnt was not checked."
    }
    let start =
      "Maps of the trained network and of one with random weights have a correlation of "
      + "\(Format.number(correlation)) (Spearman, \(Format.count(check.n, "slice"))): "
    if abs(correlation) < 0.5 { return start + "the maps depend on what was learnt." }
    return start + "the maps hardly depend on what was learnt and should not be used as explanations."
  }

  private func gallery(
    _ entries: [Run.Explanations.Example], _ group: Run.Explanations.Example.Group, _ run: Run, isWithheld: Bool
  ) -> [HTML] {
    guard !entries.isEmpty else { return [.p("There are no slices in this group.")] }
    let cells = entries.map { entry -> HTML in
      let truth = "\(entry.label.rawValue) grade, probability of high grade \(Format.number(entry.probability))"
      // A slice is named by a UID, which may lead to a person.
      let slice = isWithheld || entry.slice.contains(".") ? "" : ", slice \(entry.slice)"
      let name = "Patient \(entry.patient), lesion \(entry.lesion)\(slice)"
      let share =
        entry.energyInside.map { " \(Format.number(100 * $0, decimals: 0))% of the energy within the contour." }
        ?? " No part of it raises the probability of high grade."
      let caption = HTML.element("figcaption", [:], HTML(text: "\(name): \(truth).\(share)"))
      guard let picture = entry.picture(of: run) else {
        return .element("figure", [:], .p("The picture \(entry.image) is missing."), caption)
      }
      let alternative =
        "Heat map over the region of interest of \(name), of the \(group.title.lowercased()) slices: \(truth)."
      return .element("figure", [:], picture.image(alternative: alternative), caption)
    }
    return [.element("div", ["class": "figures"], cells)]
  }
}

extension Run.Explanations.Example {
  /// The picture; nil where there is none in the run's folder.
  func picture(of run: Run) -> EmbeddedPicture? {
    guard !image.hasPrefix("/"), !image.split(separator: "/").contains("..") else { return nil }
    return EmbeddedPicture(contentsOf: run.url.appendingPathComponent(image))
  }
}

extension Run.Explanations.Example.Group {
  /// The group as a heading.
  var title: String {
    switch self {
    case .surestRight: "Most confident and correct"
    case .surestWrong: "Most confident and wrong"
    case .leastSure: "Least confident"
    }
  }
}
