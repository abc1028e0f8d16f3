public import Experiment

/// How a network with attention divided a lesion's weight among its slices.
public struct AttentionSummary: Equatable, Sendable {
  /// The patient's code.
  public let patient: String
  /// The lesion's name.
  public let lesion: String
  /// The number of slices.
  public let sliceCount: Int
  /// The greatest weight, 0...1.
  public let greatest: Double
  /// The place of the slice with the greatest weight, from 1.
  public let place: Int
  /// The number of slices of equal weight that would be as concentrated: 1 / the sum of the squared weights.
  public let effectiveCount: Double

  /// One summary for each lesion, in the order of the rows.
  public static func all(_ rows: [AttentionTable.Row]) -> [AttentionSummary] {
    var order: [[String]] = []
    var weights: [[String]: [Double]] = [:]
    for row in rows {
      let lesion = [row.patient, row.lesion]
      if weights[lesion] == nil { order.append(lesion) }
      weights[lesion, default: []].append(row.weight)
    }
    return order.map { AttentionSummary(patient: $0[0], lesion: $0[1], weights[$0] ?? []) }
  }

  private init(patient: String, lesion: String, _ weights: [Double]) {
    self.patient = patient
    self.lesion = lesion
    sliceCount = weights.count
    let greatest = weights.max() ?? 0
    self.greatest = greatest
    place = (weights.firstIndex(of: greatest) ?? 0) + 1
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    effectiveCount = squares > 0 ? 1 / squares : 0
  }
}
