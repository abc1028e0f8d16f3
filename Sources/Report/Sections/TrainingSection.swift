import Foundation
import Study
import Support

/// The loss by epoch, and what the network saw.
struct TrainingSection: RunSection {
  let id = "training"
  let title = "Training"

  func html(_ content: RunContent, figures: URL) throws(StudyError) -> [HTML] {
    let roi = content.settings.roi
    let curves =
      try Figure.training(content.epochs)?.draw(in: figures).besideCaption
      ?? .p("No training curves: the run's log holds no epoch.")
    guard let montage = content.montage else { return [curves] }
    return [
      curves, .element("h3", [:], "What the network sees"),
      .element(
        "figure", [:],
        montage.image(
          alternative: "A grid of the regions of interest as they enter the network: windowed crops around each tumour."
        ),
        .element(
          "figcaption", [:],
          "Regions of interest as they enter the network: a window of \(Format.number(roi.windowWidth, decimals: 0)) HU around \(Format.number(roi.windowCentre, decimals: 0)) HU, a box of \(roi.boxSize) pixels centred on the contour."
        )),
    ]
  }
}
