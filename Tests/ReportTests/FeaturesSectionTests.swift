import Analysis
import Experiment
import Foundation
import RunFixtures
import Support
import TestSupport
import Testing

@testable import Report

@Suite struct FeaturesSectionTests {
  private func content(_ fold: ((Int) -> Run.FoldFeatures)?) throws -> (content: RunContent, folder: FixtureStudy) {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 20), epochs: 0)
    for number in 0..<5 {
      guard let features = fold?(number) else { continue }
      try FileManager.default.createDirectory(at: run.foldFolder(number), withIntermediateDirectories: true)
      try features.write(to: run.foldFolder(number))
    }
    return (try RunContent(run), fixture)
  }

  private func text(_ content: RunContent) throws -> String {
    let html = try FeaturesSection().html(content, figures: content.run.url)
    return try Markup("<html>\(html.map(\.markup).joined())</html>").all("html").first?.text ?? ""
  }

  @Test func featuresAreCountedOverTheFolds() throws {
    let (content, fixture) = try content { fold in
      Run.FoldFeatures(
        candidates: 100, weights: .coefficients,
        features: [
          .init(name: "glcm, contrast", weight: fold == 0 ? -0.5 : 1, importance: fold < 2 ? 0.25 : nil),
          .init(name: "size \(fold % 2)", weight: 0.25, importance: nil),
        ], hyperparameters: ["penalty": 0.1], combinations: 6, innerAUC: 0.71)
    }
    let features = try #require(content.analysis.features)
    #expect(features.rows.map(\.name) == ["glcm, contrast", "size 0", "size 1"])
    #expect(features.rows[0].folds == 5 && features.rows[0].positive == 4 && features.rows[0].importance == 0.25)
    #expect(abs((features.rows[0].weight ?? 0) - 0.7) < 1e-12 && features.rows[1].importance == nil)
    #expect(features.meanCount == 2 && features.events > 0)
    // By the definition: shares 1, 3/5 and 2/5 of 100 candidates.
    let expected = 1 - 1.25 * (0.24 + 0.24) / 100 / (0.02 * 0.98)
    #expect(abs((features.stability.value ?? 0) - expected) < 1e-12)
    let text = try text(content)
    for phrase in [
      "use 3 features in all, 1 of them in every fold", "5 of 5", "4 of 5", "penalty 0.1", "0.71",
      "training patients of the rarer class", "stability index", "its coverage was not simulated",
    ] {
      #expect(text.contains(phrase), "\(phrase): \(text)")
    }
    #expect(FileManager.default.fileExists(atPath: content.run.url.appendingPathComponent("features.svg").path))
    _ = fixture
  }

  @Test func aRunWithoutFeaturesSaysSo() throws {
    let (content, fixture) = try content(nil)
    #expect(content.analysis.features == nil && !FeaturesSection().answers(content))
    #expect(try text(content).contains("no named features"))
    _ = fixture
  }

  @Test func aModelWithoutCoefficientsIsASentence() throws {
    let (content, fixture) = try content { _ in Run.FoldFeatures(candidates: 4, weights: .coefficients, features: []) }
    #expect(try text(content).contains("every coefficient is 0"))
    _ = fixture
  }

  @Test func oneFoldWithoutFeaturesIsADamagedRun() throws {
    let (content, fixture) = try content { _ in
      Run.FoldFeatures(candidates: 4, weights: .none, features: [.init(name: "a", weight: nil, importance: nil)])
    }
    #expect(try content.run.foldFeatures(foldCount: 5).count == 5)
    #expect(throws: StudyError.self) { try content.run.foldFeatures(foldCount: 6) }
    _ = fixture
  }
}
