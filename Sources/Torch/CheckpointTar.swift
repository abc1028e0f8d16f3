import Archives
import Foundation

extension StateDictionary {
  /// Reads the layout of PyTorch 0.1: a tar archive of `sys_info`, `storages`, `tensors` and `pickle`, where the pickle
  /// refers to tensors and storages by number.
  ///
  /// Source: PyTorch, torch/serialization.py, `legacy_load`.
  init(tar file: CheckpointCursor) throws(CheckpointError) {
    let members: [(name: String, range: Range<Int>)]
    do throws(ArchiveError) {
      members = try ArchiveReader.filesOfTar(in: file.bytes)
    } catch {
      throw CheckpointError(file: file.file, "the tar archive is cut off or damaged: \(error)")
    }
    func member(_ name: String) throws(CheckpointError) -> CheckpointCursor {
      guard let range = members.last(where: { $0.name == name })?.range else {
        throw CheckpointError(file: file.file, "the tar archive has no member \(name); is it from torch.save?")
      }
      return CheckpointCursor(file.bytes, file: file.file, range: range)
    }
    var facts = try member("sys_info")
    try requireLittleEndian(&facts)
    var cursor = try member("storages")
    let (storages, ranges) = try Self.tarStorages(&cursor)
    cursor = try member("tensors")
    let tensors = try Self.tarTensors(&cursor, storages)
    cursor = try member("pickle")
    self = try PickleMachine.read(&cursor) { (id, cursor) throws(CheckpointError) in
      guard let number = id.integer ?? id.string.flatMap({ Int($0) }) else {
        throw cursor.error("a persistent id is \(id.kind), expected the number of a tensor")
      }
      if let tensor = tensors[number] { return .tensor(PickleTensor(tensor)) }
      if let storage = storages[number] { return .storage(storage) }
      throw cursor.error("the weights refer to tensor \(number), which the file does not hold")
    } _: { (root) throws(CheckpointError) in
      try StateDictionary(root, file)
    }
    self.storages = ranges
  }

  /// The storages: how many, then for each a pickle `(number, device, class)`, the element count and the elements; then
  /// the views `(number, number of the storage, offset, count)`.
  private static func tarStorages(
    _ cursor: inout CheckpointCursor
  ) throws(CheckpointError) -> ([Int: CheckpointStorage], [String: Range<Int>]) {
    var storages: [Int: CheckpointStorage] = [:]
    var ranges: [String: Range<Int>] = [:]
    for _ in 0..<(try count(&cursor)) {
      let start = cursor
      let (number, dtype) = try PickleMachine.read(&cursor) { (value) throws(CheckpointError) -> (Int, DType) in
        guard let items = value.items, items.count == 3, let number = items[0].integer,
          case .global(.storageClass(let dtype)) = items[2]
        else { throw start.error("expected a storage (number, device, class)") }
        return (number, dtype)
      }
      let range = try cursor.elements(of: dtype, "the storage \(number)")
      storages[number] = CheckpointStorage(key: String(number), dtype: dtype, count: range.count / dtype.size)
      ranges[String(number)] = range
    }
    let start = cursor
    let views = try PickleMachine.read(&cursor) { (value) throws(CheckpointError) -> [[Int]] in
      let views = value.items?.compactMap(\.integers).filter { $0.count == 4 } ?? []
      guard let count = value.items?.count, count == views.count else {
        throw start.error("expected the list of views (number, storage, offset, count)")
      }
      return views
    }
    for view in views {
      guard let root = storages[view[1]], view[2] >= 0, view[3] >= 0, view[2] <= root.count,
        view[3] <= root.count - view[2]
      else { throw start.error("the view \(view[0]) reaches beyond its storage") }
      storages[view[0]] = CheckpointStorage(
        key: root.key, dtype: root.dtype, offset: root.offset + view[2], count: view[3])
    }
    return (storages, ranges)
  }

  /// The tensors: how many, then for each a pickle `(number, storage, class)`, and as int64 its rank, shape, strides and
  /// offset.
  private static func tarTensors(
    _ cursor: inout CheckpointCursor, _ storages: [Int: CheckpointStorage]
  ) throws(CheckpointError) -> [Int: CheckpointTensor] {
    var tensors: [Int: CheckpointTensor] = [:]
    for _ in 0..<(try count(&cursor)) {
      let start = cursor
      let (number, storage) = try PickleMachine.read(&cursor) { (value) throws(CheckpointError) -> (Int, Int) in
        guard let items = value.items, items.count == 3, let number = items[0].integer, let storage = items[1].integer
        else {
          throw start.error("expected a tensor (number, storage, class)")
        }
        return (number, storage)
      }
      let rank = try cursor.integer(Int32.self, "a tensor's rank")
      _ = try cursor.skip(4, "a tensor's rank")
      guard (0...64).contains(rank) else { throw start.error("the tensor \(number) has rank \(rank)") }
      var numbers: [Int] = []
      for _ in 0..<2 * Int(rank) + 1 { numbers.append(Int(try cursor.integer(Int64.self, "a tensor's shape"))) }
      guard let storage = storages[storage] else { throw start.error("the storage \(storage) is missing") }
      do throws(CheckpointTensor.Misfit) {
        tensors[number] = try CheckpointTensor(
          storage: storage, offset: numbers[2 * Int(rank)], shape: Array(numbers.prefix(Int(rank))),
          strides: Array(numbers[Int(rank)..<2 * Int(rank)]))
      } catch {
        throw start.error(error.reason)
      }
    }
    return tensors
  }

  private static func count(_ cursor: inout CheckpointCursor) throws(CheckpointError) -> Int {
    let start = cursor
    return try PickleMachine.read(&cursor) { (value) throws(CheckpointError) -> Int in
      guard let count = value.integer, count >= 0 else { throw start.error("expected a count, found \(value.kind)") }
      return count
    }
  }
}
