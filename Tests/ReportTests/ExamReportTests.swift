import Experiment
import Analysis
import RunFixtures
import Study
import Testing

@testable import Report

@Suite struct ExamReportTests {
  @Test func theTextSaysHowItWasDecided() throws {
    let sensitive = try FixtureExam.result(.mean, rule: .fixedSensitivity, predictions: FixtureExam.predictions)
    #expect(
      sensitive.text.contains(
        "threshold of 0.35, by a sensitivity of 0.90 over all of the run's out-of-fold predictions"))
    #expect(try FixtureExam.result(.mean, rule: .youden, predictions: FixtureExam.predictions).text.contains("Youden"))
    let none = try FixtureExam.result(
      .mean, threshold: 0.6, rule: .youden, predictions: FixtureExam.slices("a", .low, [0.1]))
    #expect(none.text.contains("allow no choice"))
  }

  @Test func theTextSaysWhatItIs() throws {
    let text = try FixtureExam.result(.mean, synthetic: true).text
    for part in [
      "NOT A MEDICAL DEVICE", "(Fuhrman/ISUP 3-4): 0.47 (networks 0.37 to 0.57)",
      "At the protocol's threshold of 0.50, this is classified as low",
      "3 slices of 2 lesions, aggregated by their mean", "Lesion Tumor 1: 0.35 (networks 0.30 to 0.40), low grade",
      "  slice 7: 0.30 (networks 0.20 to 0.40)", "Run a-run (resnet18, frozen through layer2, float32)",
      "2 networks, of folds 1, 3.", "NOTE: The run was trained on virtual patients", "NOTE: Shuffled.",
      "NOTE: Slice 9 is left out.",
    ] {
      #expect(text.contains(part), "\(part): \(text)")
    }
    #expect(try !FixtureExam.result(.mean).text.contains("virtual"))
  }

  @Test func theTextSaysWhatTheUnitIs() throws {
    let lesions = try FixtureExam.featureResult(.lesionFeatures).text
    for part in [
      "(Fuhrman/ISUP 3-4): 0.50 (models 0.45 to 0.55)",
      "2 lesions, each with one probability, aggregated by their mean.",
      "Lesion Tumor 2: 0.70 (models 0.50 to 0.90), high grade", "Run a-run (learner classical)",
      "the mean of 2 models, of folds 1, 3.",
    ] {
      #expect(lesions.contains(part), "\(part): \(lesions)")
    }
    #expect(!lesions.contains("slice") && !lesions.contains("network"))
    let patient = try FixtureExam.featureResult(.patientFeatures).text
    #expect(patient.contains("the probability is that of the patient as a whole.") && !patient.contains("Lesion"))
  }
}
