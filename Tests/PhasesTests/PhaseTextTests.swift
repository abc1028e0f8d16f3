import Study
import Testing

@testable import Phases

@Suite struct PhaseTextTests {
  @Test(arguments: [
    ("ART", Phase.lateArterial), ("ABD_ART_2.5", .lateArterial), ("LATE ARTERIAL", .lateArterial),
    ("Corticomedullary 1.25mm", .lateArterial), ("CM PHASE", .lateArterial), ("Arterial 35s", .lateArterial),
    ("ARTERIEL", .lateArterial), ("PV", .portalVenous), ("Portal Venous", .portalVenous),
    ("AX NEPHRO", .portalVenous), ("NEPHROGRAPHIC PHASE", .portalVenous), ("VENOUS 70 SEC", .portalVenous),
    ("delay 80s", .portalVenous), ("DELAY 5 MIN", .delayed), ("Delayed 10MIN AX", .delayed), ("EXCRETORY", .delayed),
    ("DLY", .delayed), ("W/O", .nonContrast), ("ABD WO CONTRAST", .nonContrast), ("NON CON", .nonContrast),
    ("Non-Contrast", .nonContrast), ("NONCON 2.5", .nonContrast), ("C-", .nonContrast), ("ABD C- 5.0", .nonContrast),
    ("PRE", .nonContrast), ("Unenhanced", .nonContrast), ("WITHOUT", .nonContrast), ("NC", .nonContrast),
  ])
  func names(_ text: String, _ phase: Phase) {
    #expect(PhaseText(text).phases == [phase], "\(text): \(PhaseText(text).words)")
  }

  @Test(arguments: ["POST", "C+", "ABD W CONTRAST", "CE", "ENHANCED", "W/ IV"])
  func contrastWithoutAPhase(_ text: String) {
    #expect(PhaseText(text).phases == [.lateArterial, .portalVenous, .delayed], "\(text): \(PhaseText(text).words)")
  }

  @Test(arguments: [
    "", "AX 2.5", "ABDOMEN/PELVIS", "W/WO RENAL", "ABD W AND WO", "PRE AND POST", "POST OP", "LESION 5 CM", "KIDNEY",
    "A-C-B",
    "NON CON ART VEN DELAY",
  ])
  func nothing(_ text: String) { #expect(!PhaseText(text).isInformative, "\(text): \(PhaseText(text).words)") }

  @Test func twoPhasesAreBoth() {
    #expect(PhaseText("ART AND VENOUS").phases == [.lateArterial, .portalVenous])
  }
}

@Suite struct ContrastTimingTests {
  @Test func delaysAreTakenOverMidnight() {
    #expect(ContrastTiming(acquisition: "000010", bolusStart: "235930") == .plausible(seconds: 40))
    #expect(ContrastTiming(acquisition: "235930", bolusStart: "000010") == .plausible(seconds: -40))
    #expect(ContrastTiming(acquisition: "100120.5", bolusStart: "10:00:00") == .plausible(seconds: 80.5))
  }

  @Test(arguments: [nil, "", "25", "2460", "noon", "10000", "100061", "1000001", "1000-1", "100000.x"])
  func whatIsNoTimeIsMissing(_ text: String?) {
    #expect(ContrastTiming(acquisition: text, bolusStart: "100000") == .missing)
    #expect(ContrastTiming(acquisition: "100000", bolusStart: text) == .missing)
  }

  @Test func distantTimesAreNotBelieved() {
    #expect(ContrastTiming(acquisition: "130000", bolusStart: "100000") == .implausible(seconds: 10_800))
    #expect(ContrastTiming(acquisition: "130000", bolusStart: "100000").evidence.scores == PhaseScores())
  }

  @Test(arguments: [
    (-150.0, Phase.nonContrast), (0, .nonContrast), (40, .lateArterial), (80, .portalVenous), (100, .portalVenous),
    (180, .delayed), (600, .delayed),
  ])
  func eachTimeHasItsPhase(_ seconds: Double, _ phase: Phase) {
    let evidence = ContrastTiming.plausible(seconds: seconds).evidence
    #expect(evidence.scores.best == phase && evidence.scores.lead > 1)
  }
}

@Suite struct ExamPhasesTests {
  private func findings(_ text: String?, aorta: Double?, cortex: Double? = nil, time: String? = nil) -> SeriesFindings {
    var findings = SeriesFindings()
    findings.description = text
    findings.acquisitionTime = time
    findings.pixels.aorta = aorta
    findings.pixels.cortex = cortex
    return findings
  }

  @Test func pixelsOutweighAWrongWordAndSayso() throws {
    let decision = try #require(
      ExamPhases.decide([findings("PORTAL VENOUS", aorta: 41, cortex: 36)]) { _, _ in nil }.first)
    #expect(decision.phase == .nonContrast && decision.confidence > 0.9)
    #expect(decision.doubts.contains { $0.contains("PORTAL VENOUS") })
    #expect(decision.reasons.contains { $0.contains("aorta 41 HU") })
  }

  @Test func wordsDecideWherePixelsSayNothing() throws {
    let decision = try #require(ExamPhases.decide([findings("NEPHRO", aorta: nil)]) { _, _ in nil }.first)
    #expect(decision.phase == .portalVenous && decision.confidence > 0.8 && decision.doubts.isEmpty)
  }

  @Test func nothingKnownIsNoConfidence() throws {
    let decision = try #require(ExamPhases.decide([SeriesFindings()]) { _, _ in nil }.first)
    #expect(decision.confidence < 0.4 && !decision.doubts.isEmpty)
  }

  @Test func theOrderOfTheScansTells() {
    let series = [
      findings("ART", aorta: nil, time: "100040"), findings(nil, aorta: nil, time: "100500"),
      findings(nil, aorta: nil, time: "095700"), findings("PV", aorta: nil, time: "100120"),
    ]
    let decisions = ExamPhases.decide(series) { _, _ in nil }
    #expect(decisions.map(\.phase) == [.lateArterial, .delayed, .nonContrast, .portalVenous])
  }

  @Test func aSeriesAsBrightAsTheNonContrastOneIsOne() {
    let decisions = ExamPhases.decide([findings("NON CON", aorta: nil), findings(nil, aorta: nil)]) { _, _ in 1 }
    #expect(decisions.map(\.phase) == [.nonContrast, .nonContrast])
    let brighter = ExamPhases.decide([findings("NON CON", aorta: nil), findings(nil, aorta: nil)]) { _, _ in -70 }
    #expect(brighter[1].phase.isContrast)
  }

  @Test func theUsersWordStands() throws {
    var series = findings("ART", aorta: 300, cortex: 180)
    series.override = .delayed
    let decision = try #require(ExamPhases.decide([series]) { _, _ in nil }.first)
    #expect(decision.phase == .delayed && decision.confidence > 0.99 && decision.doubts.isEmpty)
  }
}
