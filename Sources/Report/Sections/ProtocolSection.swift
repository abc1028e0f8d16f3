import Analysis
import Foundation
import Experiment
import Study

/// The resolved protocol, in full.
struct ProtocolSection: RunSection {
  let id = "protocol"
  let title = "Protocol"

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    [
      .p("The resolved protocol of this run, in full. It is protocol.yaml in the run's folder."),
      .element("pre", ["tabindex": "0", "aria-label": "The protocol as YAML"], HTML(text: content.protocolText)),
    ]
  }
}
