public import Support

extension StudyProtocol {
  /// What a model learns from and predicts at once.
  public enum ExampleKind: String, Codable, CaseIterable, Sendable {
    /// One outlined slice of a lesion.
    case slice
    /// All outlined slices of a lesion together, in no order that counts.
    case bag
    /// All outlined slices of a lesion together, as a volume.
    case volume
    /// What the pathology table and the outlines say of a lesion.
    case lesionFeatures
    /// What they say of a patient: of several lesions the largest number.
    case patientFeatures

    /// Whether examples of this kind are made of slices.
    public var hasSlices: Bool {
      switch self {
      case .slice, .bag, .volume: true
      case .lesionFeatures, .patientFeatures: false
      }
    }
  }

  /// What is learnt from and predicted.
  public struct Inputs: Codable, Equatable, Sendable {
    /// What one example is.
    public var examples: ExampleKind
    /// The contrast phases whose slices count; an empty list takes every outlined slice.
    public var phases: [Phase]
    /// How the slices of several phases become one example; nil makes no difference between phases.
    public var fusion: Fusion?
    /// How many slices on each side of a slice a network sees with it, as further channels; nil for none, or 1.
    public var neighbours: Int?

    /// How a network takes several phases.
    public enum Fusion: String, Codable, CaseIterable, Sendable {
      /// Each phase through the same network; what it makes of the phases that a lesion has is pooled.
      case late
      /// The phases as the channels of one image; the channel of a phase that a lesion lacks is zero.
      case early
    }

    /// The probability, in training, that a phase of an example is left out where phases are fused; nil for the usual one.
    public var phaseDropout: Double?

    /// The probability that a phase is left out: where the protocol does not state it, 0.25 in early fusion and 0 in late fusion.
    public var phaseDropoutProbability: Double { fusion == nil ? 0 : phaseDropout ?? (fusion == .early ? 0.25 : 0) }

    /// Makes inputs from their parts.
    public init(
      examples: ExampleKind = .slice, phases: [Phase] = [], fusion: Fusion? = nil, neighbours: Int? = nil,
      phaseDropout: Double? = nil
    ) {
      self.examples = examples
      self.phases = phases
      self.fusion = fusion
      self.neighbours = neighbours
      self.phaseDropout = phaseDropout
    }
  }

  /// Which learner is fitted, and the settings that it alone has.
  public struct Model: Codable, Equatable, Sendable {
    /// The learner's name in the registry, such as `network` or `logisticRegression`.
    public var learner: String
    /// The learner's own settings by name, which the learner checks; nil where it has none, or all have their usual values.
    public var settings: [String: ModelSetting]?

    /// Makes a model from its parts.
    public init(learner: String = Self.network, settings: [String: ModelSetting]? = nil) {
      self.learner = learner
      self.settings = settings
    }

    /// The name of the learner that is a network trained by gradient descent.
    public static let network = "network"
  }

  /// The seed of everything that is drawn at random, except the folds.
  public var seed: UInt64 { training?.seed ?? folds.seed }

  /// The network's section.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where the protocol has none.
  public func requireNetwork() throws(StudyError) -> Network { try require(network, "network") }

  /// The training's section.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` where the protocol has none.
  public func requireTraining() throws(StudyError) -> Training { try require(training, "training") }

  private func require<Section>(_ section: Section?, _ name: String) throws(StudyError) -> Section {
    guard let section else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(self.name) has no section \(name), which the learner \(model.learner) needs; add it as in "
          + "Protocols/preset.yaml")
    }
    return section
  }
}

/// A value of a learner's own settings, as YAML has it.
public enum ModelSetting: Codable, Equatable, Sendable {
  /// A whole number or one with decimals.
  case number(Double)
  /// True or false.
  case flag(Bool)
  /// A word or a text.
  case text(String)
  /// Several words.
  case texts([String])
  /// Several numbers.
  case numbers([Double])

  /// The value itself.
  var value: Any {
    switch self {
    case .number(let value): value
    case .flag(let value): value
    case .text(let value): value
    case .texts(let values): values
    case .numbers(let values): values
    }
  }

  /// Reads what a protocol states; a word that looks like a number or like a truth value is one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let values = try? container.decode([Double].self) {
      self = .numbers(values)
    } else {
      self = .texts(try container.decode([String].self))
    }
  }

  /// Writes the value as it was read.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .flag(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .texts(let values): try container.encode(values)
    case .numbers(let values): try container.encode(values)
    }
  }
}

extension StudyProtocol.Inputs: HasOptionalKeys {
  static let optionalKeys: Set = ["fusion", "neighbours", "phaseDropout"]
}

extension StudyProtocol.Model: HasOptionalKeys {
  static let optionalKeys: Set = ["settings"]
}

extension StudyProtocol {
  /// The protocol with the substitute backbone as its own, as its title then says; the same where none is stated.
  public var withSubstitute: StudyProtocol {
    guard let asked = network?.backbone, let substitute = network?.substitute else { return self }
    var changed = self
    changed.title = "\(title) (\(substitute.backbone) in place of \(asked))"
    changed.network?.backbone = substitute.backbone
    changed.network?.frozenThrough = substitute.frozenThrough
    changed.network?.substitute = nil
    return changed
  }
}
