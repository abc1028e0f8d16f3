import Analysis
import Experiment
import Foundation
import ROI
import ReaderFixtures
import Study
import Support
import Testing

@testable import Report

@Suite struct AgreementReportTests {
  @Test func thePageTablesAndPicturesAreWritten() throws {
    let fixture = try TwoReaderStudy()
    let study = fixture.study
    let learners = LearnerRegistry([.classical])
    let run = try CrossValidation(study, protocol: study.readProtocol(), learners: learners).run { _ in }
    let models = try HeldOutPrediction(run, learners: learners)
    let choices: [OutlineChoice] = [.reader("U_2"), .grown(1)]
    var result = try AgreementResult(study)
    result.effect = try OutlineEffect(
      run,
      choices.map { choice in
        (choice, Result { try models.predictions(in: OutlineStudy(of: study, by: choice).study) })
      })
    let folder = study.reportsFolder.appendingPathComponent("agreement")
    try AgreementReport.write(result, of: study, to: folder)
    func text(_ name: String) throws -> String {
      try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }
    let page = try text("agreement.html")
    _ = try Markup(page)
    for words in [
      "U_1 and U_2", "Hausdorff 95", "ICC(2,1)", "Reader U_2", "Grown by 1 mm", "only U_1 outlined it.", "Bland-Altman",
      "Median Dice", "P11", "Sensitivity (STAPLE)", "Longest diameter computed", "as in surface-distance",
    ] { #expect(page.contains(words), "\(words)") }
    let picture = try text("figures/outlines.svg")
    #expect(picture.contains("worst: ") && picture.contains(">STAPLE<") && picture.contains("stroke-dasharray"))
    #expect(try text("lesions.csv").split(separator: "\n").count == 12)
    let pairs = try text("pairs.csv")
    #expect(pairs.contains("U_1,U_2,11,11,dice,") && pairs.contains("U_1,U_2,11,11,hausdorff95_by_area_mm,"))
    #expect(try text("effect.csv").split(separator: "\n").count == 3)
    let read = try JSONDecoder().decode(
      AgreementResult.self, from: Data(contentsOf: folder.appendingPathComponent("agreement.json")))
    #expect(read.readings == result.readings && read.effect == result.effect)
    #expect(result.text.contains("U_1 and U_2: 11 lesions, Dice "))
    // The same in the run's report.
    try AtomicFile.writeJSON(result, to: run.agreementFile)
    try RunReport.write(run)
    let report = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    #expect(report.contains("Agreement of readers") && report.contains("Reader U_2"))
  }
}
