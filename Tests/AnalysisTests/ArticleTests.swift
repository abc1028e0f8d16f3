import Analysis
import RunFixtures
import Testing

@Suite struct ArticleTests {
  @Test func aRunsNumbersAreValues() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    let content = try RunContent(run)
    let patients = content.metrics.pooled[.patient]
    let area = patients[.auc]
    let calls = content.calledPatients.count
    #expect(patients.n == 10 && area.value != nil && calls == 10)
  }
}
