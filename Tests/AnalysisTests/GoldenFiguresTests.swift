import Foundation
import ReaderFixtures
import Study
import Testing

@testable import Analysis

/// Every figure of agreement is one that a trusted implementation gives alike on at least 100 random and degenerate cases.
///
/// The comparisons themselves are the tests of the rooms that compute the figures; this one fails for a figure that has none.
@Suite struct GoldenFiguresTests {
  /// By the figure's name in `ReadingAgreement`: the fixture with its golden values, its list in the fixture, and its key there.
  private static let golden: [String: (file: String, list: String?, key: String)] = {
    let (agreement, surfaces) = ("EvaluationTests/Fixtures/agreement.json", "ImagingTests/Fixtures/surfaces.json")
    return [
      "medianDice": (agreement, "masks", "dice"), "medianHausdorff95": (surfaces, nil, "pooled"),
      "dice": (agreement, "masks", "dice"), "jaccard": (agreement, "masks", "jaccard"),
      "diceWithMajority": (agreement, "masks", "dice"), "diceWithSTAPLE": (agreement, "masks", "probability"),
      "sensitivity": (agreement, "masks", "sensitivity"), "specificity": (agreement, "masks", "specificity"),
      "hausdorff95": (surfaces, nil, "pooled"), "hausdorff95Greater": (surfaces, nil, "greater"),
      "hausdorff95ByArea": (surfaces, nil, "byArea"), "mean": (surfaces, nil, "mean"),
      "meansByArea": (surfaces, nil, "meansByArea"), "meanSurfaceDistance": (surfaces, nil, "mean"),
      "bias": (agreement, "measurements", "bias"), "lowerLimit": (agreement, "measurements", "lower"),
      "upperLimit": (agreement, "measurements", "upper"), "icc21": (agreement, "measurements", "psych"),
      "icc31": (agreement, "measurements", "psych"),
    ]
  }()
  /// Kappa is Cohen's of two readings, and Fleiss' of more.
  private static let kappas: [String: (file: String, list: String?, key: String)] = [
    "kappa": ("EvaluationTests/Fixtures/agreement.json", "categories", "plain"),
    "fleiss": ("EvaluationTests/Fixtures/agreement.json", "categories", "fleiss"),
    "alpha": ("EvaluationTests/Fixtures/agreement.json", "categories", "nominal"),
  ]

  @Test func everyFigureHasGoldenValues() throws {
    let fixture = try TwoReaderStudy()
    let found = try ReadingAgreement(fixture.study)
    let pair = try #require(found.pairs.first)
    let measure = try #require(pair.measures.first)
    let consensus = try #require(found.consensus.first)
    let surfaces = try #require(found.lesions.first?.surfaces)
    let categories = ReadingAgreement.Categories(name: "", lesions: 0, alike: 0, kappa: Stated(0), shares: [])
    let overall = ReadingAgreement.Overall(
      name: "", readers: 3, lesions: 0, alpha: Stated(0), complete: 0, kappa: Stated(0))
    var figures: Set<String> = []
    let values: [Any] = [pair, measure, consensus, surfaces, categories, overall]
    for value in values {
      for child in Mirror(reflecting: value).children
      where child.value is Stated || child.value is Double || (child.value as? [Double])?.isEmpty == false {
        figures.insert(try #require(child.label))
      }
    }
    #expect(figures.count == 21)
    let sources = Self.golden.merging(Self.kappas) { first, _ in first }
    for figure in figures {
      let source = try #require(sources[figure], "\(figure) has no golden values")
      #expect(try count(source) >= 100, "\(figure)")
    }
    let fleiss = try #require(sources["fleiss"])
    #expect(try count(fleiss) >= 100)
  }

  /// How many cases of a fixture have a value.
  private func count(_ source: (file: String, list: String?, key: String)) throws -> Int {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let content = try JSONSerialization.jsonObject(
      with: Data(contentsOf: tests.appendingPathComponent(source.file)))
    let list = source.list.map { (content as? [String: Any])?[$0] } ?? content
    let cases = try #require(list as? [[String: Any]])
    return cases.count { !(($0[source.key] ?? NSNull()) is NSNull) }
  }
}
