public import Torch

/// A family member: how to build a network, and what its published weights expect.
///
/// To add a backbone, write its `build` in a file of its own and name it in `Architecture.all`; the tests run over all.
public struct Architecture: Sendable {
  /// What `build` makes: named stages from input to features, and the classifier on top of them.
  public struct Parts {
    /// The stages, in order; freezing cuts between two of them.
    public let stages: [(name: String, layer: any Layer)]
    /// From features to logits: the part that a new task replaces.
    public let classifier: any Layer

    /// Makes the parts.
    public init(stages: [(name: String, layer: any Layer)], classifier: any Layer) {
      self.stages = stages
      self.classifier = classifier
    }
  }

  /// The name in protocols and on the command line, such as `resnet50`.
  public let name: String
  /// What the published weights expect of their input.
  public let preprocessing: Preprocessing
  /// How the file of the published weights is laid out.
  public let published: PublishedFile
  /// Builds the network for a number of classes, with fresh weights.
  public let build: @Sendable (_ classes: Int, _ initialiser: Initialiser) throws(TorchError) -> Parts

  /// Makes an architecture.
  public init(
    name: String, preprocessing: Preprocessing, published: PublishedFile = PublishedFile(),
    build: @escaping @Sendable (_ classes: Int, _ initialiser: Initialiser) throws(TorchError) -> Parts
  ) {
    self.name = name
    self.preprocessing = preprocessing
    self.published = published
    self.build = build
  }

  /// All architectures: the registry.
  public static let all = [
    resNet18, resNet34, resNet50, efficientNetLite0, inceptionV3, googLeNet, inflatedResNet18, inflatedResNet50, r3d18,
    mc3x18, r2plus1d18, medicalNet10, medicalNet18, medicalNet34, medicalNet50,
  ]

  /// The architecture of a name.
  ///
  /// - Throws: `BackboneError` that lists the names, for one that is not among them.
  public static func named(_ name: String) throws(BackboneError) -> Architecture {
    guard let found = all.first(where: { $0.name == name }) else {
      throw BackboneError(
        "Unknown backbone \(name); choose one of \(all.map(\.name).joined(separator: ", ")).")
    }
    return found
  }
}
