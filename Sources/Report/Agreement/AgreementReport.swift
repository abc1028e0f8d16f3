public import Analysis
import Evaluation
import Experiment
public import Foundation
import ROI
public import Study
public import Support

/// The agreement of a study's readers as a page, tables and figures.
public enum AgreementReport {
  /// Writes `agreement.html`, `agreement.json`, `pairs.csv`, `lesions.csv`, `effect.csv` and `figures/` into `folder`, making it where
  /// it is not there.
  ///
  /// - Throws: `StudyError` where the study cannot be read, the folder cannot be written, or gnuplot is missing.
  public static func write(_ result: AgreementResult, of study: StudyFolder, to folder: URL) throws {
    let figures = try RunReport.figuresFolder(in: folder)
    try AtomicFile.writeJSON(result, to: folder.appendingPathComponent("agreement.json"))
    try AtomicFile.write(result.readings.pairsCSV, to: folder.appendingPathComponent("pairs.csv"))
    try AtomicFile.write(result.readings.lesionsCSV, to: folder.appendingPathComponent("lesions.csv"))
    if let effect = result.effect { try AtomicFile.write(effect.csv, to: folder.appendingPathComponent("effect.csv")) }
    let picture = try picture(result.readings, study, in: figures)
    let page = try page(result, picture: picture, figures: figures)
    try AtomicFile.write(page.markup, to: folder.appendingPathComponent("agreement.html"))
  }

  /// The best, median and worst lesion as `outlines.svg`; nil where none can be drawn.
  private static func picture(
    _ readings: ReadingAgreement, _ study: StudyFolder, in figures: URL
  ) throws -> EmbeddedPicture? {
    let lesions = try readings.pictured.compactMap { try $0.drawn(in: study) }
    guard !lesions.isEmpty else { return nil }
    let file = figures.appendingPathComponent("outlines.svg")
    try ReadingsPicture(lesions, ROISettings(study.readProtocol().roi)).write(to: file)
    return EmbeddedPicture(contentsOf: file)
  }

  private static func page(
    _ result: AgreementResult, picture: EmbeddedPicture?, figures: URL
  ) throws(StudyError) -> HTMLPage {
    let readings = result.readings
    var plots: [HTML] = []
    for (number, pair) in readings.pairs.prefix(6).enumerated() {
      if let figure = Figure.blandAltman(pair, readings.lesions, number: number + 1) {
        plots.append(try figure.draw(in: figures).besideCaption)
      }
    }
    let readers = Set(readings.readings.map(\.reader)).count
    let synthetic =
      result.isSynthetic
      ? ["Virtual patients: the images are synthetic. They test the software and say nothing about real patients."] : []
    let effect =
      result.effect.map(AgreementTables.effect) ?? [
        .p("No run was asked by other outlines. Cross-validate the study, then run `renalgrade agreement STUDY` again.")
      ]
    return HTMLPage(
      title: "Agreement of \(Format.count(readers, "reader"))", kicker: "RenalGrade agreement",
      subtitle: "Outlines of \(Format.count(Set(readings.lesions.map { [$0.patient, $0.lesion] }).count, "lesion")) in "
        + "\(Format.count(Set(readings.lesions.map(\.patient)).count, "patient")) that were outlined more than once.",
      banners: synthetic + [HTMLPage.researchUse],
      sections: [
        .init(id: "outlines", title: "Agreement on outlines", content: AgreementTables.outlines(readings)),
        .init(id: "pictures", title: "Best, median and worst", content: pictures(picture)),
        .init(id: "volumes", title: "Volumes", content: plots.isEmpty ? [.p("No volume was measured twice.")] : plots),
        .init(
          id: "presence", title: "Agreement on presence, assessability and phase",
          content: AgreementTables.categories(readings)),
        .init(id: "consensus", title: "Consensus", content: AgreementTables.consensus(readings)),
        .init(id: "effect", title: "Does it matter to a finished run?", content: effect),
        .init(
          id: "crossvalidation", title: "Does it matter to training?", content: crossValidation(result.crossValidation)),
        .init(
          id: "listed", title: "Lesions not compared, and readings not finished",
          content: AgreementTables.listed(readings)),
        .init(
          id: "methods", title: "How the numbers were made", content: [Methods.list(AgreementDefinitions.all)]),
      ])
  }

  private static func pictures(_ picture: EmbeddedPicture?) -> [HTML] {
    guard let picture else { return [.p("No lesion could be drawn.")] }
    return [
      .element(
        "figure", ["class": "figure"], picture.image(alternative: picture.words ?? "Outlines of all readers"),
        .element(
          "figcaption", [:],
          HTML(
            text:
              "The lesions with the highest, the median and the lowest mean Dice coefficient, each on the slice where its readings "
              + "enclose most together. Dashed: what the consensus of the first readings holds.")))
    ]
  }

  private static func crossValidation(_ result: RivalsResult?) -> [HTML] {
    guard let result else {
      return [
        .p(
          "The protocol was not cross-validated by each reader's outlines. `renalgrade agreement STUDY --crossvalidate` does so, in the same folds and with the same seeds."
        )
      ]
    }
    let results = HTMLTable(
      caption:
        "The same protocol, folds and seeds by different outlines, on \(result.patients.codes.count) common patients",
      columns: ["Outlines", "AUC", "Sensitivity", "Specificity"],
      rows: result.entries.map { entry in
        [
          HTML(text: entry.name), Format.cell(entry.result[.auc]), Format.cell(entry.result[.sensitivity]),
          Format.cell(entry.result[.specificity]),
        ]
      })
    return [results.html] + RivalTables.differences(result, of: "Outlines")
      + result.failed.map { .p(HTML(text: "\($0.name) has no run: \($0.reason ?? "")")) }
  }
}

extension ReadingAgreement {
  /// A row for each two readings and each figure.
  var pairsCSV: String {
    var text = "first,second,patients,lesions,measure,value,lower,upper\n"
    for pair in pairs {
      func row(_ measure: String, _ stated: Stated) {
        let cells = [
          pair.first.name.csvCell, pair.second.name.csvCell, "\(pair.patients)", "\(pair.lesions)", measure.csvCell,
          Format.data(stated.value), Format.data(stated.interval?.lower), Format.data(stated.interval?.upper),
        ]
        text += cells.joined(separator: ",") + "\n"
      }
      row("dice", pair.dice)
      row("jaccard", pair.jaccard)
      row("hausdorff95_mm", pair.hausdorff95)
      row("hausdorff95_greater_direction_mm", pair.hausdorff95Greater)
      row("hausdorff95_by_area_mm", pair.hausdorff95ByArea)
      row("mean_surface_distance_mm", pair.meanSurfaceDistance)
      for asked in pair.categories {
        row("\(asked.name): kappa", asked.kappa)
        for share in asked.shares {
          row("\(asked.name): share of \(share.category), first", Stated(share.first))
          row("\(asked.name): share of \(share.category), second", Stated(share.second))
        }
      }
      for measure in pair.measures {
        let name = "\(measure.name) (\(measure.unit))"
        row("\(name): mean difference", measure.bias)
        row("\(name): lower limit of agreement", measure.lowerLimit)
        row("\(name): upper limit of agreement", measure.upperLimit)
        row("\(name): ICC(2,1)", measure.icc21)
        row("\(name): ICC(3,1)", measure.icc31)
      }
    }
    return text
  }

  /// A row for each lesion and two readings.
  var lesionsCSV: String {
    let header =
      "patient,lesion,phase,first,second,dice,jaccard,hausdorff95_mm,hausdorff95_greater_direction_mm,hausdorff95_by_area_mm,"
      + "mean_surface_distance_mm,mean_distance_by_area_first_to_second_mm,mean_distance_by_area_second_to_first_mm,within_slice,"
      + "first_volume_mm3,second_volume_mm3,first_diameter_mm,second_diameter_mm,first_drawn_diameter_mm,second_drawn_diameter_mm,"
      + "first_mean_hu,second_mean_hu,note\n"
    return lesions.reduce(header) { text, lesion in
      let surfaces = lesion.surfaces
      let distances = [
        lesion.dice, lesion.jaccard, surfaces?.hausdorff95, surfaces?.hausdorff95Greater, surfaces?.hausdorff95ByArea,
        surfaces?.mean, surfaces?.meansByArea[0], surfaces?.meansByArea[1],
      ]
      let sizes = lesion.volumes + lesion.diameters + lesion.drawnDiameters + lesion.meanHU
      let cells =
        [
          lesion.patient.csvCell, lesion.lesion.csvCell, lesion.phase?.rawValue ?? "", lesion.first.name.csvCell,
          lesion.second.name.csvCell,
        ] + distances.map(Format.data) + [surfaces.map { $0.isWithinSlice ? "1" : "0" } ?? ""]
        + sizes.map(Format.data) + [(lesion.note ?? "").csvCell]
      return text + cells.joined(separator: ",") + "\n"
    }
  }
}

extension OutlineEffect {
  /// A row for each set of outlines.
  var csv: String {
    let header =
      "outlines,millimetres,patients,auc,auc_lower,auc_upper,difference,difference_lower,difference_upper,p_value,flipped,"
      + "mean_change,largest_change,reason\n"
    return variants.reduce(header) { text, found in
      let numbers = [
        found.auc.value, found.auc.interval?.lower, found.auc.interval?.upper, found.difference.value,
        found.difference.interval?.lower, found.difference.interval?.upper, found.test.pValue,
      ]
      let cells =
        [found.title.csvCell, Format.data(found.millimetres), "\(found.patients)"] + numbers.map(Format.data)
        + ["\(found.flipped)", Format.data(found.meanChange), Format.data(found.largestChange)]
        + [(found.reason ?? "").csvCell]
      return text + cells.joined(separator: ",") + "\n"
    }
  }
}

extension AgreementResult {
  /// The agreement for a terminal, without a line feed at the end.
  public var text: String {
    var lines = readings.pairs.map { pair in
      "\(AgreementTables.name(pair)): \(Format.count(pair.lesions, "lesion")), Dice \(Format.text(pair.dice.estimate)), "
        + "Hausdorff 95 \(Format.number(pair.hausdorff95.value)) mm"
    }
    for pair in readings.pairs {
      lines += pair.categories.filter { $0.kappa.value != nil }.map {
        "\(AgreementTables.name(pair)), \($0.name.lowercased()): kappa \(Format.text($0.kappa.estimate)), \($0.alike) of "
          + "\($0.lesions) alike"
      }
    }
    let listed = readings.single.count + readings.failed.count
    if listed > 0 { lines.append("\(Format.count(listed, "lesion")) not compared; the report lists them") }
    lines += AgreementTables.remarks(readings)
    for found in effect?.variants ?? [] where found.millimetres == nil {
      let reason = found.reason.map { " (\($0))" } ?? ""
      lines.append(
        "Run asked by \(found.title): AUC \(Format.text(found.auc.estimate)), class changes for \(found.flipped) of "
          + "\(Format.count(found.patients, "patient"))\(reason)")
    }
    for spread in effect?.spreads ?? [] {
      lines.append(
        "Outlines changed by up to \(Format.number(spread.millimetres, decimals: 0)) mm: median range of a patient's probability "
          + Format.number(spread.medianRange, decimals: 3)
          + (spread.missing.isEmpty ? "" : " (without those \(spread.missing.joined(separator: "; ")))"))
    }
    if let crossValidation { lines.append(crossValidation.text) }
    return lines.joined(separator: "\n")
  }
}
