import Testing

@testable import Radiomics

@Suite("Eigenvalues of symmetrical matrices")
struct EigenvalueTests {
  /// A random co-occurrence matrix: its entries divided by the roots of both margins, and those roots.
  private func matrix(_ count: Int, entries: Int, seed: UInt64) -> ([(i: Int, j: Int, value: Double)], [Double]) {
    var generator = FixedGenerator(seed)
    var shares: [SIMD2<Int>: Double] = [:]
    for _ in 0..<entries {
      let (i, j) = (Int.random(in: 0..<count, using: &generator), Int.random(in: 0..<count, using: &generator))
      shares[[min(i, j), max(i, j)], default: 0] += 1
    }
    for i in 0..<count { shares[[i, i], default: 0] += 1 }
    let total = shares.reduce(0) { $0 + $1.value * ($1.key.x == $1.key.y ? 1 : 2) }
    var margin = [Double](repeating: 0, count: count)
    for (place, share) in shares {
      margin[place.x] += share / total
      if place.x != place.y { margin[place.y] += share / total }
    }
    let sorted = shares.sorted { ($0.key.x, $0.key.y) < ($1.key.x, $1.key.y) }
    let values = sorted.map { place, share in
      (i: place.x, j: place.y, value: share / total / (margin[place.x] * margin[place.y]).squareRoot())
    }
    return (values, margin.map { $0.squareRoot() })
  }

  @Test(arguments: [(2, 5), (3, 4), (40, 900), (150, 4_000), (150, 200), (300, 3_000)])
  func theSecondIsTheSameByBothMethods(_ count: Int, _ entries: Int) {
    for seed in UInt64(1)...5 {
      let (values, first) = matrix(count, entries: entries, seed: seed)
      var dense = [Double](repeating: 0, count: count * count)
      for (i, j, value) in values {
        dense[i * count + j] = value
        dense[j * count + i] = value
      }
      let all = SymmetricEigenvalues.all(&dense, count).map(abs).sorted()
      #expect(abs(all[count - 1] - 1) < 1e-12)
      let second = SymmetricEigenvalues.second(values, first: first)
      #expect(abs(second - all[count - 2]) <= 1e-7 * all[count - 2], "\(count) \(seed): \(second), \(all[count - 2])")
    }
  }

  /// As many levels as voxels: no matrix of all pairs of levels may be made.
  @Test func manyLevelsCostLittle() throws {
    var generator = FixedGenerator(4)
    let values = (0..<12_000).map { _ in Double.random(in: -1000...1000, using: &generator) }
    let lesion = try LesionImage(
      size: [30, 20, 20], spacing: [1, 1, 1], values: values, mask: values.map { _ in true })
    let extractor = try RadiomicsExtractor(
      RadiomicsSettings(discretisation: .width(0.01), aggregation: .volumeMerged, families: ["glcm"]))
    let features = try extractor.features(of: lesion)
    #expect(features.count == 24 && features.allSatisfy { $0.value.isFinite })
  }
}
