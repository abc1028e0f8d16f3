import Foundation
import Testing

@testable import Classifiers

/// What holds for every entry of the registry.
@Suite("Every classifier")
struct ClassifierKindTests {
  static let names = ClassifierKind.all.map(\.name)

  private func fitted(_ name: String, _ matrix: FeatureMatrix, _ labels: [Bool]) throws -> FittedClassifier {
    // Fewer trees and steps than in use: what is tested here needs no more.
    let fewer: [String: [String: Double]] = [
      "randomForest": ["trees": 20], "gradientBoosting": ["rounds": 10],
      "multilayerPerceptron": ["steps": 60, "units": 8],
    ]
    return try FittedClassifier(
      try .named(name), hyperparameters: fewer[name] ?? [:], matrix: matrix, labels: labels, seed: 11)
  }

  @Test("A model that was written and read again gives the same scores", arguments: names)
  func roundTrip(name: String) throws {
    let set = try ReferenceSet(0)
    let fitted = try fitted(name, set.train, set.labels)
    let read = try JSONDecoder().decode(FittedClassifier.self, from: try JSONEncoder().encode(fitted))
    #expect(read.kind == name)
    #expect(try read.model.scores(set.heldOut) == fitted.model.scores(set.heldOut))
    #expect(read.model.weights == fitted.model.weights)
  }

  @Test("A model states its size in the unit of its kind", arguments: names)
  func size(name: String) throws {
    let set = try ReferenceSet(0)
    let size = try fitted(name, set.train, set.labels).model.size
    let (rows, columns) = (set.train.rowCount, set.train.columnCount)
    switch name {
    case "ridge": #expect(size == ModelSize(columns, .coefficients))
    case "lasso", "elasticNet", "linearSVM":
      #expect(size.unit == .coefficients && (1...columns).contains(size.count))
    case "radialSVM": #expect(size.unit == .supportVectors && (2...rows).contains(size.count))
    // A tree has one leaf more than it has splits.
    case "randomForest": #expect(size.unit == .treeNodes && size.count % 2 == 0 && size.count > 3 * 20 - 1)
    case "gradientBoosting": #expect(size.unit == .treeNodes && (10...10 * 15).contains(size.count))
    case "nearestNeighbours": #expect(size == ModelSize(rows, .trainingRows))
    case "naiveBayes": #expect(size == ModelSize(4 * columns + 1, .parameters))
    case "multilayerPerceptron": #expect(size == ModelSize(columns * 8 + 8 + 8 + 1, .parameters))
    default: Issue.record("\(name) has no expected size")
    }
  }

  @Test("Fits and scores from many threads at once have the same bits", arguments: names)
  func threads(name: String) throws {
    let set = try ReferenceSet(4)
    let expected = try fitted(name, set.train, set.labels).model.scores(set.heldOut)
    let agreed = UnsafeMutableBufferPointer<Bool>.allocate(capacity: 8)
    defer { agreed.deallocate() }
    agreed.initialize(repeating: false)
    nonisolated(unsafe) let shared = agreed
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      let scores = try? fitted(name, set.train, set.labels).model.scores(set.heldOut)
      shared[index] = scores == expected
    }
    #expect(agreed.allSatisfy { $0 })
  }

  @Test("Scores are finite, probabilities lie from 0 to 1, and signal is found in 14 of 40", arguments: names)
  func fourteenOfForty(name: String) throws {
    let set = try ReferenceSet(0)
    let model = try fitted(name, set.train, set.labels).model
    let scores = try model.scores(set.train)
    #expect(scores.allSatisfy { $0.isFinite })
    if type(of: model).givesProbabilities { #expect(scores.allSatisfy { (0...1).contains($0) }) }
    let means = [true, false].map { wanted in
      let members = zip(scores, set.labels).filter { $0.1 == wanted }.map(\.0)
      return members.reduce(0, +) / Double(members.count)
    }
    #expect(means[0] > means[1])
  }

  @Test("More columns than rows, constant columns, equal rows and huge values give finite scores", arguments: names)
  func degenerate(name: String) throws {
    for index in [2, 5] {
      let set = try ReferenceSet(index)
      let scores = try fitted(name, set.train, set.labels).model.scores(set.heldOut)
      #expect(scores.allSatisfy { $0.isFinite })
    }
    let labels = (0..<12).map { $0 % 3 == 0 }
    for value in [0.0, 1e-300, 7, 1e15] {
      let constant = try FeatureMatrix(names: ["a", "b"], rows: labels.map { _ in [value, -value] })
      let scores = try fitted(name, constant, labels).model.scores(constant)
      #expect(scores.allSatisfy { $0.isFinite && $0 == scores[0] }, "constant \(value)")
    }
    let huge = [
      labels.map { _ in [1e38, -1e38] }, labels.enumerated().map { [$1 ? 1e38 : -1e38, Double($0) * 1e-30] },
    ]
    for rows in huge {
      let matrix = try FeatureMatrix(names: ["a", "b"], rows: rows)
      do {
        #expect(try fitted(name, matrix, labels).model.scores(matrix).allSatisfy { $0.isFinite })
      } catch let error as ClassifierError {
        // Only what multiplies the values may refuse them.
        #expect(name == "linearSVM" && error.description.contains("scale the features"))
      }
    }
  }

  @Test("One class, missing and infinite values, no columns and other columns are refused", arguments: names)
  func refusals(name: String) throws {
    let set = try ReferenceSet(0)
    for label in [true, false] {
      #expect(throws: ClassifierError.self) { try fitted(name, set.train, set.labels.map { _ in label }) }
    }
    #expect(throws: ClassifierError.self) { try fitted(name, set.train, [true, false]) }
    let labels = [true, false, true, false, false, true, false, true, false, true]
    let none = try FeatureMatrix(names: [], rows: labels.map { _ in [] })
    #expect(throws: ClassifierError.self) { try fitted(name, none, labels) }
    for bad in [Double.nan, .infinity, -.infinity, 1e39] {
      let matrix = try FeatureMatrix(names: ["a"], rows: labels.indices.map { [$0 == 4 ? bad : Double($0)] })
      let error = #expect(throws: ClassifierError.self) { try fitted(name, matrix, labels) }
      #expect(error?.description.contains("in row 5") == true)
      let sound = try FeatureMatrix(names: ["a"], rows: labels.indices.map { [Double($0)] })
      #expect(throws: ClassifierError.self) { try fitted(name, sound, labels).model.scores(matrix) }
    }
    let model = try fitted(name, set.train, set.labels).model
    let renamed = try FeatureMatrix(
      names: set.train.names.map { "other \($0)" }, rows: (0..<40).map { Array(set.train.row($0)) })
    #expect(throws: ClassifierError.self) { try model.scores(renamed) }
    #expect(try model.scores(try FeatureMatrix(names: set.train.names, rows: [])).isEmpty)
  }

  /// A file may be damaged and still be JSON: every list of a model is shortened in turn.
  @Test(
    "A model with a list that is too short is refused, or gives finite scores, but does not crash", arguments: names)
  func damaged(name: String) throws {
    let set = try ReferenceSet(0)
    let data = try JSONEncoder().encode(try fitted(name, set.train, set.labels))
    let whole = try JSONSerialization.jsonObject(with: data)
    let lists = paths(whole).prefix(60)
    #expect(!lists.isEmpty)
    for path in lists {
      let damaged = try JSONSerialization.data(withJSONObject: shortened(whole, at: path[...]))
      do {
        let model = try JSONDecoder().decode(FittedClassifier.self, from: damaged).model
        #expect(try model.scores(set.heldOut).allSatisfy { $0.isFinite }, "\(path)")
      } catch is ClassifierError {
      } catch is DecodingError {
      }
    }
  }

  /// The way to each list in a JSON value.
  private func paths(_ value: Any) -> [[String]] {
    if let members = value as? [String: Any] {
      return members.sorted { $0.key < $1.key }.flatMap { member in paths(member.value).map { [member.key] + $0 } }
    }
    guard let elements = value as? [Any] else { return [] }
    return [[]] + elements.enumerated().flatMap { element in paths(element.element).map { ["\(element.offset)"] + $0 } }
  }

  /// The value without the last element of a list.
  private func shortened(_ value: Any, at path: ArraySlice<String>) -> Any {
    if var members = value as? [String: Any], let key = path.first, let member = members[key] {
      members[key] = shortened(member, at: path.dropFirst())
      return members
    }
    guard var elements = value as? [Any] else { return value }
    if let key = path.first, let index = Int(key) {
      elements[index] = shortened(elements[index], at: path.dropFirst())
      return elements
    }
    return Array(elements.dropLast())
  }

  @Test("Hyperparameters: grids and standards are accepted, others are refused by name", arguments: names)
  func hyperparameters(name: String) throws {
    let kind = try ClassifierKind.named(name)
    for hyperparameter in kind.hyperparameters {
      #expect(([hyperparameter.standard] + hyperparameter.grid).allSatisfy(hyperparameter.accepts))
      let error = #expect(throws: ClassifierError.self) {
        try kind.classifier([hyperparameter.name: hyperparameter.range.upperBound + 1])
      }
      #expect(error?.description.hasPrefix("\(hyperparameter.name) must be") == true)
      #expect(throws: ClassifierError.self) { try kind.classifier([hyperparameter.name: .nan]) }
    }
    #expect(kind.grid.count == kind.hyperparameters.reduce(1) { $0 * $1.grid.count })
    for candidate in kind.grid { _ = try kind.classifier(candidate) }
    #expect(throws: ClassifierError.self) { try kind.classifier(["nothing": 1]) }
  }

  @Test("Names are unique, and an unknown one is refused with those there are")
  func registry() throws {
    #expect(Set(Self.names).count == Self.names.count)
    let error = #expect(throws: ClassifierError.self) { try ClassifierKind.named("oracle") }
    #expect(error?.description.contains("naiveBayes") == true)
  }
}
