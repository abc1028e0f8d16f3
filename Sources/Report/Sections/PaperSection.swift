import Foundation
import Experiment
import Study

/// What the paper's printed numbers imply.
struct PaperSection: RunSection {
  let id = "paper"
  let title = "What the paper's numbers imply"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    func list(_ sentences: [String]) -> HTML {
      .element("ul", [:], sentences.map { .element("li", [:], HTML(text: $0)) })
    }
    return [
      .p(
        "Results stand beside the paper's only as far as those can be. Its printed numbers were checked as whole numbers of cases, allowing for their rounding:"
      ),
      list(PaperNumbers.aboutResults), .p("Its tables against its text:"), list(PaperNumbers.aboutTables),
    ]
  }
}
