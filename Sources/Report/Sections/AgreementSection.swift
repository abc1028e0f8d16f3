import Analysis
import Foundation
import Experiment
import Support

/// How far the study's readers agree on outlines, and what the run says by others than those that it learnt from.
struct AgreementSection: RunSection {
  let id = "readers"
  let title = "Agreement of readers"

  func answers(_ content: RunContent) -> Bool { content.agreement != nil }

  func html(_ content: RunContent, figures: URL) -> [HTML] {
    guard let agreement = content.agreement else {
      return [
        .p(
          "This run has no second reading of its lesions. After importing one, `renalgrade agreement STUDY` states how far the readers agree and whether it matters to the run."
        )
      ]
    }
    let readings = agreement.readings
    let effect =
      agreement.effect.map(AgreementTables.effect) ?? [
        .p("The run's models were not asked by other outlines: `renalgrade agreement STUDY` does so without training.")
      ]
    return AgreementTables.outlines(readings) + AgreementTables.categories(readings) + effect
      + AgreementTables.remarks(readings).map { .p(HTML(text: "\($0).")) }
      + [
        .remark(
          "\(Format.count(readings.single.count + readings.failed.count, "lesion")) with one reading, or with readings that cannot be "
            + "compared. The definitions are in the page of `renalgrade agreement`.")
      ]
  }
}
