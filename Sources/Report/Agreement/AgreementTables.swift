import Analysis
import Evaluation
import Experiment

/// The tables of readers' agreement; a reading is named by its reader.
enum AgreementTables {
  /// Every two readings: of two readers, then of one reader twice.
  static func outlines(_ agreement: ReadingAgreement) -> [HTML] {
    let outlined = agreement.pairs.filter { $0.lesions > 0 }
    guard !outlined.isEmpty else { return [.p("No lesion was outlined twice on one series.")] }
    return pairs(outlined.filter { !$0.isOneReader }, caption: "Two readers on the same lesions, with 95% intervals")
      + pairs(outlined.filter(\.isOneReader), caption: "One reader twice, with 95% intervals")
  }

  private static func pairs(_ pairs: [ReadingAgreement.Pair], caption: String) -> [HTML] {
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
    return [table.html, measures.html]
      + HTML.reasons(
        pairs.flatMap { pair in
          [("\(name(pair)), Dice", pair.dice.note)]
            + pair.measures.flatMap { measure in
              [
                ("\(name(pair)), \(measure.name)", measure.bias.note),
                ("\(name(pair)), limits of \(measure.name)", measure.bias.note == nil ? measure.lowerLimit.note : nil),
                ("\(name(pair)), ICC of \(measure.name)", measure.icc21.note),
              ]
            }
        })
  }

  /// Whether lesions are present and assessable, and the outlined phase.
  static func categories(_ agreement: ReadingAgreement) -> [HTML] {
    let asked = agreement.pairs.flatMap { pair in pair.categories.map { (pair: pair, asked: $0) } }
    guard !asked.isEmpty else {
      return [
        .p(
          "No two readings answered a question on the same lesion. Outlines from files do not tell whether a reader saw no lesion; readings on the page of `renalgrade annotate` do."
        )
      ]
    }
    let table = HTMLTable(
      caption: "Cohen's kappa, with 95% intervals over patients, and the prevalence of each category",
      columns: ["Readings", "Question", "Lesions", "Answered alike", "Kappa", "Prevalence (first, second)"],
      rows: asked.map { pair, asked in
        [
          HTML(text: name(pair)), HTML(text: asked.name), HTML(text: "\(asked.lesions)"), HTML(text: "\(asked.alike)"),
          Format.cell(asked.kappa),
          HTML(
            text: asked.shares.map { "\($0.category) \(whole($0.first))%, \(whole($0.second))%" }
              .joined(separator: "; ")),
        ]
      }, leadingColumns: 2)
    let overall = HTMLTable(
      caption: "All readers together, with 95% intervals over patients",
      columns: ["Question", "Readers", "Lesions", "Krippendorff's alpha", "Read by all", "Fleiss' kappa"],
      rows: agreement.overall.map { found in
        [
          HTML(text: found.name), HTML(text: "\(found.readers)"), HTML(text: "\(found.lesions)"),
          Format.cell(found.alpha),
          HTML(text: "\(found.complete)"), Format.cell(found.kappa),
        ]
      })
    return [table.html] + (agreement.overall.isEmpty ? [] : [overall.html])
      + HTML.reasons(
        asked.map { ("\(name($0.pair)), \($0.asked.name.lowercased())", $0.asked.kappa.note) }
          + agreement.overall.flatMap {
            [
              ("Krippendorff's alpha, \($0.name.lowercased())", $0.alpha.note),
              ("Fleiss' kappa, \($0.name.lowercased())", $0.kappa.note),
            ]
          })
  }

  static func consensus(_ agreement: ReadingAgreement) -> [HTML] {
    guard !agreement.consensus.isEmpty else { return [.p("No lesion was outlined by two readers on one series.")] }
    let table = HTMLTable(
      caption: "Each reader's first reading against the consensus of all first readings, with 95% intervals",
      columns: [
        "Reading", "Lesions", "Dice with the majority", "With an estimate by STAPLE", "Dice with STAPLE",
        "Sensitivity (STAPLE)", "Specificity (STAPLE)",
      ],
      rows: agreement.consensus.map { found in
        [
          HTML(text: found.reading.name), HTML(text: "\(found.lesions)"), Format.cell(found.diceWithMajority),
          HTML(text: "\(found.lesionsWithSTAPLE)"), Format.cell(found.diceWithSTAPLE), Format.cell(found.sensitivity),
          Format.cell(found.specificity),
        ]
      })
    return [
      table.html,
      .remark(
        "The majority holds the voxels that more than half of the readers include; of two readers, those that both include. With two "
          + "readers STAPLE rests on its assumptions rather than on a vote: read it with caution."),
    ]
      + HTML.reasons(
        agreement.consensus.flatMap {
          [
            ("\($0.reading.name), Dice with the majority", $0.diceWithMajority.note),
            ("\($0.reading.name), STAPLE", $0.sensitivity.note),
          ]
        })
  }

  /// Lesions that are not compared or not listed by pathology, and what is not finished.
  static func listed(_ agreement: ReadingAgreement) -> [HTML] {
    let all = agreement.single + agreement.failed
    let notCompared = HTMLTable(
      caption: "\(Format.count(all.count, "lesion")) not compared",
      columns: ["Patient", "Lesion", "Outlined by", "Reason"],
      rows: all.map { lesion in
        [
          HTML(text: lesion.patient), HTML(text: lesion.lesion),
          HTML(text: lesion.readings.map(\.name).joined(separator: ", ")), HTML(text: "\(lesion.reason)."),
        ]
      }, isNumeric: false)
    let unlisted = HTMLTable(
      caption: "\(Format.count(agreement.unlisted.count, "outlined lesion")) that pathology does not list",
      columns: ["Patient", "The reader's name for it", "Outlined by", "Slices"],
      rows: agreement.unlisted.map { found in
        [
          HTML(text: found.patient), HTML(text: found.lesion), HTML(text: found.reading.name),
          HTML(text: "\(found.slices)"),
        ]
      }, leadingColumns: 3)
    return (all.isEmpty ? [.p("Every outlined lesion takes part in a comparison.")] : [notCompared.html])
      + (agreement.unlisted.isEmpty
        ? []
        : [
          unlisted.html,
          .remark(
            "Their grade is not known, so they take part in no figure and no ROI is made of them. Their outlines are kept in the journal; they "
              + "count once the pathology table lists a lesion of that name."),
        ]) + remarks(agreement).map { .p(HTML(text: "\($0).")) }
  }

  /// What is not finished, in sentences without their full stops.
  static func remarks(_ agreement: ReadingAgreement) -> [String] {
    let open = agreement.unfinished.map { "\($0.reading.name) (\(Format.count($0.exams, "exam")))" }
    var remarks =
      open.isEmpty
      ? [] : ["Some readings are not finished, and count as they are now: \(open.joined(separator: ", "))"]
    if !agreement.unlisted.isEmpty {
      remarks.append(
        "\(Format.count(agreement.unlisted.count, "outlined lesion")) that pathology does not list \(agreement.unlisted.count == 1 ? "takes" : "take") no part"
      )
    }
    if let found = agreement.adjudicated, found.open + found.missing > 0 {
      remarks.append(
        "The adjudicated consensus is incomplete: finished for \(found.finished) of "
          + "\(Format.count(found.finished + found.open + found.missing, "exam")) that two readers have finished, open for \(found.open), "
          + "not begun for \(found.missing)")
    }
    return remarks
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
        ), " The class changes in at least one of them for ", percent(spread.flips), " of the patients.",
        spread.missing.isEmpty
          ? ""
          : HTML(text: " Without predictions, and therefore not among them: \(spread.missing.joined(separator: "; ")).")
      )
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
