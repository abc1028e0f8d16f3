import Foundation

extension StateDictionary {
  /// Reads the layout of PyTorch 0.2 to 1.5: a magic number, a protocol version, facts about the machine, the weights,
  /// and the keys of the storages, each a pickle; then each storage as its element count and its elements.
  ///
  /// Source: PyTorch, torch/serialization.py, `_legacy_load`.
  init(pickle file: CheckpointCursor) throws(CheckpointError) {
    var cursor = file
    let magic = Data([0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19])
    try PickleMachine.read(&cursor) { (value) throws(CheckpointError) in
      guard case .longInteger(magic) = value else {
        throw file.error("is a pickle, but does not begin with the magic number of torch.save")
      }
    }
    let versionStart = cursor.position
    try PickleMachine.read(&cursor) { (value) throws(CheckpointError) in
      guard value.integer == 1001 else { throw file.error("the protocol version is not 1001", at: versionStart) }
    }
    try requireLittleEndian(&cursor)

    // Filled while the weights are read, because only they tell the type and size of a storage.
    final class Declared { var storages: [String: CheckpointStorage] = [:] }
    let declared = Declared()
    self = try PickleMachine.read(&cursor) { (id, cursor) throws(CheckpointError) in
      let storage = try CheckpointStorage(persistentID: id, cursor)
      if declared.storages[storage.key] == nil { declared.storages[storage.key] = storage }
      return .storage(storage)
    } _: { (root) throws(CheckpointError) in
      try StateDictionary(root, file)
    }

    let keysStart = cursor.position
    let keys = try PickleMachine.read(&cursor) { (value) throws(CheckpointError) -> [String] in
      let keys = value.items?.compactMap(\.string) ?? []
      guard let count = value.items?.count, count == keys.count else {
        throw file.error("expected the list of the storages' keys, found \(value.kind)", at: keysStart)
      }
      return keys
    }
    for key in keys {
      guard let storage = declared.storages[key] else {
        throw cursor.error("the storage \(key) follows, but no tensor lies in it")
      }
      storages[key] = try cursor.elements(of: storage.dtype, "the storage \(key)")
    }
  }
}

/// Reads the facts about the machine that wrote a file, of which only the byte order matters.
func requireLittleEndian(_ cursor: inout CheckpointCursor) throws(CheckpointError) {
  let start = cursor
  try PickleMachine.read(&cursor) { (facts) throws(CheckpointError) in
    guard case .boolean(true)? = facts["little_endian"] else {
      throw start.error("the file was not written on a little-endian machine")
    }
  }
}

extension CheckpointCursor {
  /// Moves past a storage written as an int64 element count and its elements, and gives out where the elements lie.
  mutating func elements(of dtype: DType, _ what: String) throws(CheckpointError) -> Range<Int> {
    let start = position
    let count = Int(try integer(Int64.self, what))
    let size = count.multipliedReportingOverflow(by: dtype.size)
    guard count >= 0, !size.overflow else { throw error("\(what) cannot have \(count) elements", at: start) }
    return try skip(size.partialValue, what)
  }
}
