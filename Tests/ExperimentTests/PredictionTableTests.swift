import Experiment
import Foundation
import Study
import TestSupport
import Testing
import Support

@Suite struct PredictionTableTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func predictionsSurviveARoundTripToTheLastBit() throws {
    var generator = DeterministicGenerator(seed: 7)
    let predictions = (0..<200).map { index in
      Prediction(
        patient: "P,\"\(index)\"", lesion: "left\nupper", slice: "1.2.\(index)", fold: index % 5,
        label: index % 3 == 0 ? .high : .low, probability: Double.random(in: 0...1, using: &generator))
    }
    let url = folder.url.appendingPathComponent("predictions.csv")
    try PredictionTable.write(predictions, to: url)
    #expect(try PredictionTable.read(url) == predictions)
  }
}
