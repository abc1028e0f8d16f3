import Analysis
import Foundation
import Experiment
import Study
import Support

/// The Methods of a paper, ready to be copied.
struct MethodsTextSection: RunSection {
  let id = "methods-text"
  let title = "Methods, for a paper"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    [
      .p(
        "Generated from the protocol and the record of this run. One click selects the whole text; it is also in methods.md in the run's folder. Square brackets mark what only the authors can write."
      ),
      .element("div", ["class": "copy"], MethodsText(content).document.html),
    ]
  }
}

/// What the network is, and what it is not for.
struct ModelCardSection: RunSection {
  let id = "model-card"
  let title = "Model card"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    [.p("Also in model-card.md in the run's folder.")] + ModelCard(content).document.html
  }
}

/// Everything that is needed to repeat the run.
struct ReproductionSection: RunSection {
  let id = "reproduction"
  let title = "How to repeat this run"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    Reproduction(content).document.html + [
      HTMLTable(
        caption: "The run's files with their SHA-256", columns: ["File", "SHA-256"],
        rows: content.hashes.map { [HTML(text: $0.name), .element("code", [:], HTML(text: $0.sha256))] },
        isNumeric: false
      ).html
    ]
  }
}
