public import Torch

extension Preprocessing {
  /// Crops in 0...1 as the network takes them, with channels innermost in memory.
  ///
  /// Images: N x 1 x side x side, or N x 3 x side x side where the channels are different slices, to N x 3 x size x size. Volumes: N x 1 x slices x side x side to N x C x slices x size x size,
  /// as many slices as there are. Rows and columns are enlarged bilinearly with half-pixel centres; the one grey channel becomes
  /// three, each with its own statistics.
  /// - Throws: `TorchError` where the crops are none of these.
  public func prepared(_ crops: Tensor, size: Int) throws(TorchError) -> Tensor {
    let shape = crops.shape
    guard shape.count == (kind == .images ? 4 : 5), shape[1] == 1 || kind == .images && shape[1] == channels else {
      throw TorchError("expected \(kind) of one channel to prepare, found shape \(shape)")
    }
    guard kind == .volumes else { return try coloured(crops, size: size) }
    let slices = try crops.slicesAsImages()
    if standardisesEachVolume {
      let volumes = try slices.resizedBilinearly(height: size, width: size).imagesAsSlices(of: shape[2])
      return try standardised(volumes).to(.channelsLast)
    }
    return try coloured(slices, size: size).imagesAsSlices(of: shape[2]).to(.channelsLast)
  }

  private func coloured(_ crops: Tensor, size: Int) throws(TorchError) -> Tensor {
    guard mean.count == 3, standardDeviation.count == 3 else {
      throw TorchError("expected the statistics of 3 channels, found \(mean) and \(standardDeviation)")
    }
    let factors = SIMD3(standardDeviation.map { Float(1 / $0) })
    let offsets = SIMD3(zip(mean, standardDeviation).map { Float(-$0 / $1) })
    if crops.device == .cpu, crops.shape[1] == 1 {
      return try crops.colouredFromGrey(size: size, factors: factors, offsets: offsets)
    }
    let images = try crops.resizedBilinearly(height: size, width: size)
    func perChannel(_ values: SIMD3<Float>) throws(TorchError) -> Tensor {
      try Tensor([values.x, values.y, values.z], shape: [1, 3, 1, 1], device: crops.device)
    }
    return try (images * perChannel(factors) + perChannel(offsets)).to(.channelsLast)
  }

  /// Each volume minus the mean of its voxels above 0, divided by their standard deviation.
  ///
  /// A volume without such voxels, or with equal ones, is only moved.
  private func standardised(_ volumes: Tensor) throws(TorchError) -> Tensor {
    let all = [1, 2, 3, 4]
    let zero = try Tensor.zeros([], device: volumes.device)
    let isNot = try volumes.relu().isEqual(to: zero).to(.float32)
    let mask = try isNot * -1 + 1
    let sum = try mask.sum(all, keepingDimensions: true)
    let count = try sum + sum.isEqual(to: zero).to(.float32)
    let centred = try volumes - (volumes * mask).sum(all, keepingDimensions: true) / count
    let deviation = try ((centred * mask).squared().sum(all, keepingDimensions: true) / count).squareRoot()
    return try centred / (deviation + deviation.isEqual(to: zero).to(.float32))
  }
}
