import Foundation

/// A run of equal elements in a checkpoint; several tensors may lie in one.
struct CheckpointStorage {
  /// The name under which the file holds the bytes.
  let key: String
  let dtype: DType
  /// Where it starts within the bytes, in elements.
  var offset = 0
  /// How many elements it has.
  let count: Int
}

/// A tensor as a checkpoint describes it, before its elements are read.
struct CheckpointTensor {
  let storage: CheckpointStorage
  /// Where the first element lies in the storage, in elements.
  let offset: Int
  let shape: [Int]
  /// The step from one element to the next along each dimension, in elements.
  let strides: [Int]

  /// A description whose every element lies in its storage.
  ///
  /// - Throws: a text saying what does not fit.
  init(storage: CheckpointStorage, offset: Int, shape: [Int], strides: [Int]) throws(Misfit) {
    guard shape.count == strides.count else {
      throw Misfit("a tensor has \(shape.count) dimensions, but \(strides.count) strides")
    }
    guard shape.count <= 64, offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      throw Misfit("a tensor has shape \(shape), strides \(strides), offset \(offset); none may be negative")
    }
    var last = offset
    var count = 1
    var fits = true
    for (size, stride) in zip(shape, strides) {
      let step = stride.multipliedReportingOverflow(by: max(size - 1, 0))
      let sum = last.addingReportingOverflow(step.partialValue)
      let product = count.multipliedReportingOverflow(by: size)
      fits = fits && !step.overflow && !sum.overflow && !product.overflow
      (last, count) = (sum.partialValue, product.partialValue)
    }
    guard fits, count == 0 || last < storage.count else {
      throw Misfit(
        "a tensor of shape \(shape), strides \(strides), offset \(offset) reaches beyond its storage \(storage.key) of "
          + "\(storage.count) elements")
    }
    (self.storage, self.offset, self.shape, self.strides) = (storage, offset, shape, strides)
  }

  /// What is wrong with a description, in words.
  struct Misfit: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// The number of bytes of its elements; nil where it is beyond counting.
  var byteCount: Int? {
    let product = count.multipliedReportingOverflow(by: storage.dtype.size)
    return product.overflow ? nil : product.partialValue
  }

  /// The elements, taken from the bytes of the storage, as a tensor in row-major order.
  func tensor(from bytes: Data) throws(TorchError) -> Tensor {
    let size = storage.dtype.size
    let start = bytes.startIndex + (storage.offset + offset) * size
    if count == 0 { return try Tensor(copying: Data(), shape: shape, dtype: storage.dtype) }
    if isRowMajor {
      return try Tensor(copying: bytes[start..<start + count * size], shape: shape, dtype: storage.dtype)
    }
    return try Tensor(copying: gathered(bytes[start...], elementSize: size), shape: shape, dtype: storage.dtype)
  }

  private var isRowMajor: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if stride != expected { return false }
      expected *= size
    }
    return true
  }

  /// Copies elements that lie apart (a transposed, sliced or expanded tensor) next to one another.
  private func gathered(_ source: Data, elementSize: Int) -> Data {
    var result = Data(count: count * elementSize)
    result.withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        var index = [Int](repeating: 0, count: shape.count)
        var element = 0
        for position in stride(from: 0, to: target.count, by: elementSize) {
          target[position..<position + elementSize].copyBytes(
            from: source[element * elementSize..<(element + 1) * elementSize])
          // Counts like an odometer: the last dimension turns fastest.
          for dimension in shape.indices.reversed() {
            index[dimension] += 1
            element += strides[dimension]
            if index[dimension] < shape[dimension] { break }
            element -= index[dimension] * strides[dimension]
            index[dimension] = 0
          }
        }
      }
    }
    return result
  }
}
