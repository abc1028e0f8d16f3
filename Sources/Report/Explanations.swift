import Foundation
import Study

/// `explanations.json` of a run: heat maps of its predictions, by numbers and as a gallery.
struct Explanations: Decodable, Sendable {
  /// The share of a map's energy within the contour, 0...1, over `n` slices.
  struct Energy: Decodable, Sendable {
    let mean: Double?
    let sd: Double?
    let n: Int
  }

  /// Spearman's correlation of the maps of the trained network with those of one with random weights, over `n` slices.
  struct Randomisation: Decodable, Sendable {
    let correlation: Double?
    let n: Int
  }

  enum Group: String, Decodable, CaseIterable, Sendable {
    case surestRight
    case surestWrong
    case leastSure

    var title: String {
      switch self {
      case .surestRight: "Surest and right"
      case .surestWrong: "Surest and wrong"
      case .leastSure: "Least sure"
      }
    }
  }

  /// One slice of the gallery.
  struct Entry: Decodable, Sendable {
    let group: Group
    let patient: String
    let lesion: String
    let slice: String
    let label: GradeClass
    let probability: Double
    let energyInside: Double?
    /// The PNG, by its path in the run's folder.
    let image: String

    private enum CodingKeys: CodingKey {
      case group, patient, lesion, slice, label, probability, energyInside, image
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      // A slice is a number or a name.
      func text(_ key: CodingKeys) throws -> String {
        if let number = try? values.decode(Int.self, forKey: key) { return String(number) }
        return try values.decode(String.self, forKey: key)
      }
      group = try values.decode(Group.self, forKey: .group)
      patient = try values.decode(String.self, forKey: .patient)
      lesion = try text(.lesion)
      slice = try text(.slice)
      label = try values.decode(GradeClass.self, forKey: .label)
      probability = try values.decode(Double.self, forKey: .probability)
      energyInside = try values.decodeIfPresent(Double.self, forKey: .energyInside)
      image = try values.decode(String.self, forKey: .image)
    }

    /// The picture; nil where there is none in the run's folder.
    func picture(of run: Run) -> EmbeddedPNG? {
      guard !image.hasPrefix("/"), !image.split(separator: "/").contains("..") else { return nil }
      return (try? Data(contentsOf: run.url.appendingPathComponent(image))).flatMap(EmbeddedPNG.init)
    }
  }

  let method: String
  let layer: String
  let energyInside: Energy?
  let randomisation: Randomisation?
  let gallery: [Entry]

  /// Reads what `run` holds; nil where it holds none.
  ///
  /// - Throws: `StudyError` of kind `.run` where the file is damaged.
  static func read(of run: Run) throws(StudyError) -> Explanations? {
    let file = run.url.appendingPathComponent("explanations.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try run.readJSON(Explanations.self, from: file)
  }
}
