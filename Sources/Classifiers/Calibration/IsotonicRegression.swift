/// Turns scores into probabilities by the best curve that never falls, with pool adjacent violators (Ayer & others 1955).
struct IsotonicRegression: Codable, Equatable {
  /// A corner of the curve.
  struct Corner: Codable, Equatable {
    let score: Double
    let probability: Double
  }

  /// The corners by rising score, at least one.
  let corners: [Corner]

  /// A run of scores with one probability.
  private struct Block {
    var first: Double
    var last: Double
    var sum: Double
    var count: Double
    var mean: Double { sum / count }
  }

  /// Fits the curve; equal scores are one point.
  ///
  /// - Throws: `ClassifierError` where a class has no score, or a score is not finite.
  init(scores: [Double], labels: [Bool]) throws(ClassifierError) {
    try checkCalibration(scores, labels)
    var points: [Block] = []
    for index in scores.indices.sorted(by: { scores[$0] < scores[$1] }) {
      let (score, target) = (scores[index], labels[index] ? 1.0 : 0)
      if let last = points.indices.last, points[last].last == score {
        points[last].sum += target
        points[last].count += 1
      } else {
        points.append(Block(first: score, last: score, sum: target, count: 1))
      }
    }
    var blocks: [Block] = []
    for point in points {
      var block = point
      while let before = blocks.last, before.mean >= block.mean {
        blocks.removeLast()
        block = Block(
          first: before.first, last: block.last, sum: before.sum + block.sum, count: before.count + block.count)
      }
      blocks.append(block)
    }
    corners = blocks.flatMap { block in
      (block.first == block.last ? [block.first] : [block.first, block.last])
        .map { Corner(score: $0, probability: block.mean) }
    }
  }

  /// The probability of high grade at a score: linear between corners, constant beyond them.
  func probability(_ score: Double) -> Double {
    guard let after = corners.firstIndex(where: { $0.score >= score }) else {
      return corners.last?.probability ?? .nan
    }
    let upper = corners[after]
    guard after > 0, upper.score > score else { return upper.probability }
    let lower = corners[after - 1]
    let share = (score - lower.score) / (upper.score - lower.score)
    return lower.probability + share * (upper.probability - lower.probability)
  }
}
