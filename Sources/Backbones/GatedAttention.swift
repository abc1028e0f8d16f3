internal import Torch

/// Gated attention over the vectors of a bag: how much each counts.
///
/// A vector h gets the score w (tanh(V h) * sigmoid(U h)), each product with its bias; the softmax of the scores over the bag are the
/// weights. Source: Ilse, Tomczak, Welling, "Attention-based Deep Multiple Instance Learning", ICML 2018, arXiv:1802.04712,
/// equation 9, with L = 128.
struct GatedAttention: Layer {
  /// L, the width of the hidden layer.
  static let width = 128

  private let value: Linear
  private let gate: Linear
  private let score: Linear

  /// Makes an attention over vectors of `inputs` elements with fresh weights.
  init(_ name: String, _ inputs: Int, _ initialiser: Initialiser) throws(TorchError) {
    value = try Linear("\(name).value", inputs, Self.width, initialiser)
    gate = try Linear("\(name).gate", inputs, Self.width, initialiser)
    score = try Linear("\(name).score", Self.width, 1, initialiser)
  }

  var tensors: [NamedTensor] { value.tensors + gate.tensors + score.tensors }

  /// The scores, N x 1, of N vectors.
  func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
    // tanh(x) = 2 sigmoid(2x) - 1.
    let value = try (self.value(input, training: training) * 2).sigmoid() * 2 - 1
    return try score(value * gate(input, training: training).sigmoid(), training: training)
  }
}
