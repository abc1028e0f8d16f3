import Analysis
import Evaluation
import Experiment

/// The tables of readers' agreement.
enum AgreementTables {
  /// How the figures are defined, each term once.
  static let definitions = [
    (
      "Voxels",
      "A voxel belongs to an outline where its centre lies within it, by the even-odd rule: an outline within another is a hole."
    ),
    (
      "Dice and Jaccard",
      "Twice the common volume by the sum of both readings' volumes; the common volume by that of either."
    ),
    (
      "Surface distances",
      "From each surface voxel of one reading to the nearest of the other, in mm in three dimensions, both directions pooled: their 95th "
        + "percentile is the Hausdorff 95 distance (as in MedPy)."
    ),
    (
      "Limits of agreement",
      "The mean difference and 1.96 standard deviations of the differences (Bland and Altman 1999)."
    ),
    (
      "Intraclass correlation",
      "Of a single reading: ICC(2,1), absolute agreement of random readers; ICC(3,1), consistency of fixed readers (Shrout and Fleiss 1979)."
    ),
    ("Intervals", "95%, percentiles over 2,000 draws of patients; shares of patients have Wilson's."),
    (
      "Other outlines of a finished run",
      "Each patient is predicted by the model that has not seen the patient, and decided at the run's own threshold. AUCs are compared on "
        + "the same patients by DeLong's paired test. Outlines are moved within their slice; grown and shrunk ones have their edge moved."
    ),
  ]

  /// Each two readings, in one table.
  static func pairs(_ agreement: ReadingAgreement, _ pairs: [ReadingAgreement.Pair], caption: String) -> [HTML] {
    guard !pairs.isEmpty else { return [] }
    let table = HTMLTable(
      caption: caption,
      columns: [
        "Readings", "Patients", "Lesions", "Dice", "Median Dice", "Jaccard", "Hausdorff 95 (mm)",
        "Mean surface distance (mm)",
      ],
      rows: pairs.map { pair in
        [
          HTML(text: name(pair)), HTML(text: "\(pair.patients)"), HTML(text: "\(pair.lesions)"), Format.cell(pair.dice),
          HTML(text: Format.number(pair.medianDice)), Format.cell(pair.jaccard), Format.cell(pair.hausdorff95),
          Format.cell(pair.meanSurfaceDistance),
        ]
      })
    let measures = HTMLTable(
      caption: "\(caption): size and density, the second reading less the first",
      columns: ["Readings", "Measure", "Mean difference", "Lower limit", "Upper limit", "ICC(2,1)", "ICC(3,1)"],
      rows: pairs.flatMap { pair in
        pair.measures.map { measure in
          [
            HTML(text: name(pair)), HTML(text: "\(measure.name) (\(measure.unit))"), Format.cell(measure.bias),
            Format.cell(measure.lowerLimit), Format.cell(measure.upperLimit), Format.cell(measure.icc21),
            Format.cell(measure.icc31),
          ]
        }
      }, leadingColumns: 2)
    let phases = pairs.compactMap { pair in pair.phase.value.map { "\(name(pair)) \(Format.number($0))" } }
    let kappa =
      phases.isEmpty ? [] : [HTML.p(HTML(text: "Kappa of the outlined phase: \(phases.joined(separator: "; "))."))]
    return [table.html, measures.html] + kappa
      + HTML.reasons(
        pairs.flatMap { pair in
          [("\(name(pair)), Dice", pair.dice.note), ("\(name(pair)), kappa of the outlined phase", pair.phase.note)]
            + pair.measures.flatMap { measure in
              [
                ("\(name(pair)), \(measure.name)", measure.bias.note),
                ("\(name(pair)), ICC of \(measure.name)", measure.icc21.note),
              ]
            }
        })
  }

  static func consensus(_ agreement: ReadingAgreement) -> [HTML] {
    let hasSTAPLE = agreement.consensus.contains { $0.sensitivity.value != nil }
    let table = HTMLTable(
      caption: "Each reading against the consensus of all",
      columns: ["Reading", "Lesions", "Dice with the majority"]
        + (hasSTAPLE ? ["Sensitivity (STAPLE)", "Specificity (STAPLE)"] : []),
      rows: agreement.consensus.map { found in
        [HTML(text: found.reading.name), HTML(text: "\(found.lesions)"), Format.cell(found.diceWithMajority)]
          + (hasSTAPLE ? [Format.cell(found.sensitivity), Format.cell(found.specificity)] : [])
      })
    return [
      table.html,
      .remark(
        "The majority holds the voxels that more than half of the readings of a lesion include; of two readings, those that both "
          + "include."),
    ]
  }

  /// Lesions that are not compared.
  static func listed(_ agreement: ReadingAgreement) -> [HTML] {
    let all = agreement.single + agreement.failed
    guard !all.isEmpty else { return [.p("Every outlined lesion takes part in a comparison.")] }
    return [
      HTMLTable(
        caption: "\(Format.count(all.count, "lesion")) not compared",
        columns: ["Patient", "Lesion", "Outlined by", "Reason"],
        rows: all.map { lesion in
          [
            HTML(text: lesion.patient), HTML(text: lesion.lesion),
            HTML(text: lesion.readings.map(\.name).joined(separator: ", ")), HTML(text: "\(lesion.reason)."),
          ]
        }, isNumeric: false
      ).html
    ]
  }

  /// What a run says by other outlines.
  static func effect(_ effect: OutlineEffect) -> [HTML] {
    func percent(_ stated: Stated) -> HTML {
      guard let value = stated.value else { return "–" }
      let interval = stated.interval.map { " (\(whole($0.lower)) to \(whole($0.upper)))" } ?? ""
      return HTML(text: "\(whole(value))%\(interval)")
    }
    let table = HTMLTable(
      caption: "The run \(effect.run), asked by other outlines without training",
      columns: [
        "Outlines", "Patients", "AUC", "Difference from the run's own", "p", "Class changes", "Largest change",
      ],
      rows: effect.variants.map { found in
        [
          HTML(text: Format.heading(found.title)), HTML(text: "\(found.patients)"), Format.cell(found.auc),
          Format.cell(found.difference), HTML(text: Format.pValue(found.test.pValue)), percent(found.flips),
          HTML(text: Format.number(found.largestChange, decimals: 3)),
        ]
      })
    let spreads = effect.spreads.map { spread in
      HTML.p(
        HTML(
          text: "Over outlines moved, grown or shrunk by up to \(Format.number(spread.millimetres, decimals: 0)) mm "
            + "(\(Format.count(spread.patients, "patient"))), the median standard deviation of a patient's probability is "
            + "\(Format.number(spread.medianDeviation, decimals: 3)) (largest "
            + "\(Format.number(spread.largestDeviation, decimals: 3))), its median range "
            + "\(Format.number(spread.medianRange, decimals: 3)) (largest \(Format.number(spread.largestRange, decimals: 3)))."
        ), " The class changes in at least one of them for ", percent(spread.flips), " of the patients.")
    }
    return [table.html] + spreads
      + HTML.reasons(
        effect.variants.flatMap { found in
          [
            (found.title, found.reason),
            ("\(found.title), difference", found.reason == nil ? found.difference.note : nil),
          ]
        })
  }

  private static func whole(_ share: Double) -> String { "\(Int((100 * share).rounded()))" }

  static func name(_ pair: ReadingAgreement.Pair) -> String { "\(pair.first.name) and \(pair.second.name)" }
}
