/// The exact Euclidean distance transform of a grid of voxels, in linear time.
///
/// Source: Felzenszwalb and Huttenlocher, Theory of Computing 2012;8:415-428.
enum SquaredDistances {
  /// By voxel, columns fastest: the squared distance in mm² to the nearest of `targets`; infinite where there is none.
  ///
  /// `spacing` is in mm along columns, rows and slices.
  static func to(_ targets: [Bool], size: SIMD3<Int>, spacing: SIMD3<Double>) -> [Double] {
    var squares = targets.map { $0 ? 0 : Double.infinity }
    let strides = SIMD3(1, size.x, size.x * size.y)
    for axis in 0..<3 where size[axis] > 1 {
      let (length, stride) = (size[axis], strides[axis])
      var line = [Double](repeating: 0, count: length)
      for start in squares.indices where start / stride % length == 0 {
        for place in 0..<length { line[place] = squares[start + place * stride] }
        let nearest = lowerEnvelope(line, spacing[axis])
        for place in 0..<length { squares[start + place * stride] = nearest[place] }
      }
    }
    return squares
  }

  /// The least of all parabolas that stand on the line's finite values.
  private static func lowerEnvelope(_ line: [Double], _ spacing: Double) -> [Double] {
    var parabolas: [(place: Double, height: Double, from: Double)] = []
    for (index, height) in line.enumerated() where height.isFinite {
      let place = Double(index) * spacing
      var from = -Double.infinity
      while let last = parabolas.last {
        from = (height - last.height + place * place - last.place * last.place) / (2 * (place - last.place))
        if from > last.from { break }
        parabolas.removeLast()
        from = -.infinity
      }
      parabolas.append((place, height, from))
    }
    guard !parabolas.isEmpty else { return line }
    var current = 0
    return line.indices.map { index in
      let place = Double(index) * spacing
      while current + 1 < parabolas.count, parabolas[current + 1].from <= place { current += 1 }
      let offset = place - parabolas[current].place
      return offset * offset + parabolas[current].height
    }
  }
}
