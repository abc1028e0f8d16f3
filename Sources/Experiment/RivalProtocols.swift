public import Foundation
public import Study
public import Support

/// The protocols that `renalgrade rivals` compares: those that come with the program, or a folder of one's own.
public enum RivalProtocols {
  /// The files of `Protocols/rivals`, in the order in which they are compared.
  public static let builtIn: [(name: String, text: String)] = [
    ("dai", PackageResources.dai_yaml), ("network", PackageResources.network_yaml),
    ("size", PackageResources.size_yaml),
    ("clinical", PackageResources.clinical_yaml), ("ding", PackageResources.ding_yaml),
    ("bektas", PackageResources.bektas_yaml), ("radiomics", PackageResources.radiomics_yaml),
    ("radiomics-phases", PackageResources.radiomics_phases_yaml),
    ("coy", PackageResources.coy_yaml), ("han", PackageResources.han_yaml),
    ("attention", PackageResources.attention_yaml), ("inflated-3d", PackageResources.inflated_3d_yaml),
    ("volume-3d", PackageResources.volume_3d_yaml),
    ("multi-phase", PackageResources.multi_phase_yaml),
    ("radiomics-clinical-network", PackageResources.radiomics_clinical_network_yaml),
  ].map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }

  /// The protocols to compare, in their order.
  ///
  /// - Parameters:
  ///   - folder: a folder with protocols, each named as its file; nil takes those that come with the program.
  ///   - names: those to take; nil takes all.
  /// - Returns: one or more protocols.
  /// - Throws: `StudyError` where a name is unknown, a file is not a protocol or has another name, or there is none.
  public static func read(from folder: URL? = nil, only names: [String]? = nil) throws(StudyError) -> [StudyProtocol] {
    let files = try folder.map(texts) ?? builtIn
    let known = files.map(\.name)
    if let unknown = names?.first(where: { !known.contains($0) }) {
      throw StudyError(
        .invalidProtocol, "there is no rival \(unknown); the rivals are \(known.joined(separator: ", "))")
    }
    var protocols: [StudyProtocol] = []
    for (name, text) in files where names?.contains(name) ?? true {
      let settings = try StudyProtocol(yaml: text, name: "\(name).yaml")
      guard settings.name == name else {
        throw StudyError(
          .invalidProtocol,
          "\(name).yaml: name must be the file's own, \(name), found \(settings.name): results are listed by that name")
      }
      protocols.append(settings)
    }
    guard !protocols.isEmpty else {
      throw StudyError(
        .invalidProtocol, "\(folder?.path ?? "the program") has no rivals: expected protocols, files named NAME.yaml")
    }
    return protocols
  }

  private static func texts(_ folder: URL) throws(StudyError) -> [(name: String, text: String)] {
    do {
      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      return try files.filter { $0.pathExtension == "yaml" }
        .sorted { $0.lastPathComponent < $1.lastPathComponent }
        .map { ($0.deletingPathExtension().lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    } catch {
      throw StudyError(.file, "cannot read the protocols in \(folder.path): \(error.localizedDescription)")
    }
  }
}

extension StudyProtocol {
  /// A word that stands, in a rival's settings, for the columns that the study's own protocol names.
  private static let columnsOfStudy = (size: "baselines.size", clinical: "baselines.clinical")

  /// A rival's protocol as it is compared in a study whose own protocol is `own`.
  ///
  /// Who is in the study, whose outlines count, how ROIs are cut, the folds and the evaluation are those of the study; how a
  /// model learns, and from which phases, is the rival's.
  /// - Parameters:
  ///   - own: the study's protocol.
  ///   - epochs: so many epochs of training in place of the rival's own; nil leaves them.
  /// - Returns: the protocol to fit.
  /// - Throws: `StudyError` where the rival learns from columns that the study's protocol does not name.
  func compared(in own: StudyProtocol, epochs: Int?) throws(StudyError) -> StudyProtocol {
    var settings = self
    settings.pathology = own.pathology
    settings.annotation = own.annotation
    settings.cohort = own.cohort
    settings.roi = own.roi
    settings.roi.outputSize = roi.outputSize
    settings.folds = own.folds
    settings.evaluation = own.evaluation
    settings.subgroups = own.subgroups
    settings.baselines = own.baselines
    if let epochs { settings.training?.epochs = epochs }
    for (key, value) in model.settings ?? [:] {
      guard case .texts(let words) = value else { continue }
      var columns: [String] = []
      for word in words {
        switch word {
        case Self.columnsOfStudy.size: columns.append(own.baselines?.size ?? RunLesion.extentColumn)
        case Self.columnsOfStudy.clinical:
          guard let clinical = own.baselines?.clinical, !clinical.isEmpty else {
            throw StudyError(
              .invalidProtocol,
              "it learns from clinical variables, and the study's protocol names none: list the table's columns as "
                + "baselines.clinical")
          }
          columns += clinical.filter { !columns.contains($0) }
        default: columns.append(word)
        }
      }
      settings.model.settings?[key] = .texts(columns)
    }
    return settings
  }
}
