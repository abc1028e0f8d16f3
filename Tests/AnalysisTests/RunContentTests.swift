import Analysis
import Experiment
import Foundation
import RunFixtures
import Study
import Testing

@Suite struct RunContentTests {
  @Test func hashesAreThoseOfTheFiles() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    // The SHA-256 of "abc" (FIPS 180-2, appendix B.1).
    _ = try run.part("folds/fold-1")
    try Data("abc".utf8).write(to: run.networkFile(fold: 0))
    let hashes = try RunContent(run).hashes
    #expect(hashes.map(\.name) == ["protocol.yaml", "folds.json", "predictions.csv", "fold-1/model.safetensors"])
    #expect(hashes.last?.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
