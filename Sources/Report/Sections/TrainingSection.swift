import Analysis
import Foundation
import Experiment
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
      ?? .p("No training curves: the run's log contains no epochs.")
    // Older runs have a PNG.
    let files = [content.run.montageFile, content.run.url.appendingPathComponent("montage.png")]
    guard let montage = files.lazy.compactMap(EmbeddedPicture.init(contentsOf:)).first else { return [curves] }
    let words = "A grid of the regions of interest as they enter the network: windowed crops around each tumour."
    return [
      curves, .element("h3", [:], "What the network sees"),
      .element(
        "figure", [:], montage.image(alternative: montage.words ?? words),
        .element(
          "figcaption", [:],
          "Regions of interest as they enter the network: a window of \(Format.number(roi.windowWidth, decimals: 0)) HU around \(Format.number(roi.windowCentre, decimals: 0)) HU, a box of \(roi.boxSize) pixels centred on the contour."
        )),
    ]
  }
}
