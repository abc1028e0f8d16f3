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

  @Test(arguments: ["-1", "9223372036854775807", "-9223372036854775808", "1000000", "9223372036854775808", "1.5", ""])
  func aFoldThatNoRunHasIsRefusedWithItsLine(_ fold: String) throws {
    let url = folder.url.appendingPathComponent("predictions.csv")
    try Data("patient,lesion,slice,fold,label,probability\nP1,1,1,\(fold),low,0.5\n".utf8).write(to: url)
    let error = #expect(throws: StudyError.self) { try PredictionTable.read(url) }
    #expect(error?.description.contains("predictions.csv:2:") == true)
    let log = folder.url.appendingPathComponent("log.jsonl")
    let line = #"{"fold":\#(fold),"epoch":1,"loss":1,"heldOutLoss":1,"imagesPerSecond":1,"seconds":1}"#
    try Data("\(line)\n\(line)\n".utf8).write(to: log)
    #expect(throws: StudyError.self) { try EpochLog(log).epochs() }
  }
}
