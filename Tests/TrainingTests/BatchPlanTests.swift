import Testing

@testable import Training

@Suite struct BatchPlanTests {
  private func plan(_ count: Int, batchSize: Int, flip: Double = 0.5, seed: UInt64 = 1, fold: Int = 0, epoch: Int = 1)
    -> [[Sample]]
  {
    BatchPlan.training(
      Array(100..<100 + count), batchSize: batchSize, flipProbability: flip, seed: seed, fold: fold, epoch: epoch)
  }

  @Test func everySliceComesOnceAnEpoch() {
    for (count, batchSize, sizes) in [
      (1, 4, [1]), (16, 16, [16]), (17, 16, [17]), (18, 16, [16, 2]), (190, 64, [64, 64, 62]), (3, 1, [1, 1, 1]),
    ] {
      let batches = plan(count, batchSize: batchSize)
      #expect(batches.flatMap { $0.map(\.index) }.sorted() == Array(100..<100 + count))
      #expect(batches.map(\.count) == sizes)
    }
  }

  @Test func seedFoldAndEpochDecideAndNothingElse() {
    #expect(plan(50, batchSize: 8) == plan(50, batchSize: 8))
    #expect(plan(50, batchSize: 8).flatMap { $0 } == plan(50, batchSize: 50).flatMap { $0 })
    #expect(plan(50, batchSize: 8) != plan(50, batchSize: 8, epoch: 2))
    #expect(plan(50, batchSize: 8) != plan(50, batchSize: 8, fold: 1))
    #expect(plan(50, batchSize: 8) != plan(50, batchSize: 8, seed: 2))
  }

  @Test func flipsComeAsOftenAsAskedAndNeverInHeldOutSlices() {
    let share = { (flip: Double) in
      Double(self.plan(4000, batchSize: 16, flip: flip).joined().count(where: \.isFlipped)) / 4000
    }
    #expect(share(0) == 0)
    #expect(share(1) == 1)
    #expect(abs(share(0.5) - 0.5) < 0.04)
    let heldOut = BatchPlan.heldOut([5, 3, 9], batchSize: 2)
    #expect(
      heldOut == [
        [Sample(index: 5, isFlipped: false), Sample(index: 3, isFlipped: false)], [Sample(index: 9, isFlipped: false)],
      ])
  }
}
