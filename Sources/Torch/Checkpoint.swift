import Archives
public import Foundation

/// Reads the named tensors of a file of weights, whoever wrote it.
///
/// Four layouts are told apart by their contents, not by the file's name: safetensors; and what `torch.save` wrote over
/// the years: a zip archive (since PyTorch 1.6), a stream of pickles (0.2 to 1.5), and a tar archive (0.1). Nothing in a
/// file is run: see `PickleMachine`. The file is mapped, so that only the tensors themselves take memory.
public enum Checkpoint {
  /// The layouts of files of weights.
  public enum Layout: String, Sendable, CaseIterable {
    /// The safetensors format.
    case safeTensors = "safetensors"
    /// `torch.save` since PyTorch 1.6: a zip archive.
    case zip
    /// `torch.save` of PyTorch 0.2 to 1.5: pickles one after the other, then the elements.
    case pickle = "legacy pickle"
    /// `torch.save` of PyTorch 0.1: a tar archive.
    case tar
  }

  /// Reads all tensors of a file, on the CPU, in row-major order and in the element type of the file.
  ///
  /// A training checkpoint that holds its weights under `state_dict`, `model_state_dict` or `model` gives those weights.
  /// Entries beside the tensors that are none (an epoch, a name) are left out. Tensors that share a storage, are
  /// transposed, sliced or expanded are copied apart.
  ///
  /// - Throws: `CheckpointError` with the byte where the file is damaged, cut off, or holds more than weights.
  public static func read(_ url: URL) throws(CheckpointError) -> [String: Tensor] {
    let file = try CheckpointCursor(mapping: url)
    switch try layout(of: file) {
    case .safeTensors: return try SafeTensors.read(file).tensors
    case .zip: return try StateDictionary(zip: file).tensors(in: file)
    case .pickle: return try StateDictionary(pickle: file).tensors(in: file)
    case .tar: return try StateDictionary(tar: file).tensors(in: file)
    }
  }

  /// Tells which layout a file has, from its first bytes.
  ///
  /// - Throws: `CheckpointError` where it has none of them.
  public static func layout(of url: URL) throws(CheckpointError) -> Layout {
    try layout(of: try CheckpointCursor(mapping: url))
  }

  private static func layout(of file: CheckpointCursor) throws(CheckpointError) -> Layout {
    let start = file.bytes.prefix(4)
    if start == Data([0x50, 0x4B, 0x03, 0x04]) { return .zip }
    if SafeTensors.isStart(of: file) { return .safeTensors }
    if start.first == 0x80 { return .pickle }
    if ArchiveReader.isTar(file.bytes) { return .tar }
    throw CheckpointError(
      file: file.file,
      "is not a file of weights: expected safetensors, or what torch.save writes (a zip, a pickle or a tar), found "
        + (file.bytes.isEmpty ? "no bytes" : "bytes \(start.map { String($0, radix: 16) }.joined(separator: " "))"))
  }
}

/// The weights that a `.pth` file describes, and where their bytes lie in the file.
struct StateDictionary {
  private(set) var tensors: [(name: String, tensor: CheckpointTensor)] = []
  /// The bytes of each storage, by its key.
  var storages: [String: Range<Int>] = [:]

  /// The tensors of a checkpoint's outermost value.
  ///
  /// - Throws: `CheckpointError` where it is not a dictionary, or where the weights are not to be told from the rest.
  init(_ root: PickleValue, _ file: CheckpointCursor) throws(CheckpointError) {
    let refused = CheckpointError(
      file: file.file, "holds \(root.kind), expected a dictionary of tensors; save the model's state_dict()")
    guard let pairs = root.pairs else { throw refused }
    for (key, value) in pairs {
      guard case .tensor(let place) = value else { continue }
      guard let name = key.string else {
        throw CheckpointError(file: file.file, "a tensor's name is \(key.kind), expected a string")
      }
      guard let tensor = place.description else {
        throw CheckpointError(file: file.file, "the tensor \(name) is declared but never described")
      }
      tensors.append((name, tensor))
    }
    // A model may have a part named "model" (model.weight), so nesting is looked for only where no tensor stands.
    if !tensors.isEmpty { return }
    let nested = ["state_dict", "model_state_dict", "model"].filter { root[$0]?.pairs?.isEmpty == false }
    guard nested.count == 1, let inner = root[nested[0]] else {
      let keys = pairs.prefix(8).map { $0.key.string ?? $0.key.kind }.joined(separator: ", ")
      throw CheckpointError(
        file: file.file,
        nested.isEmpty
          ? "holds no tensors, neither outermost nor under state_dict or model; its keys: \(keys)"
          : "holds several sets of weights: \(nested.joined(separator: ", ")); save one of them alone")
    }
    let isTensor = inner.pairs?.contains { if case .tensor = $0.value { true } else { false } } ?? false
    guard isTensor else {
      throw CheckpointError(file: file.file, "holds no tensors under \(nested[0])")
    }
    self = try StateDictionary(inner, file)
  }

  /// Copies the elements out of the file.
  func tensors(in file: CheckpointCursor) throws(CheckpointError) -> [String: Tensor] {
    // Expanded tensors and shared storages make more of a file than it holds. Four times is beyond what a model does;
    // without a bound, a small file could ask for all memory.
    var budget = 4 * file.bytes.count + 1_048_576
    var result: [String: Tensor] = [:]
    for (name, tensor) in tensors {
      guard let range = storages[tensor.storage.key] else {
        throw CheckpointError(file: file.file, "the storage \(tensor.storage.key) of the tensor \(name) is missing")
      }
      let storage = tensor.storage
      let end = storage.offset.addingReportingOverflow(storage.count)
      guard storage.offset >= 0, storage.count >= 0, !end.overflow, end.partialValue <= range.count / storage.dtype.size
      else {
        throw file.error(
          "the storage \(storage.key) of the tensor \(name) should hold \(storage.count) elements of \(storage.dtype), but "
            + "has \(range.count) bytes", at: range.lowerBound)
      }
      guard let size = tensor.byteCount, size <= budget else {
        throw CheckpointError(
          file: file.file, "the tensor \(name) of shape \(tensor.shape) is larger than the file allows")
      }
      budget -= size
      do throws(TorchError) {
        result[name] = try tensor.tensor(from: file.bytes[range])
      } catch {
        throw CheckpointError(file: file.file, "the tensor \(name): \(error)")
      }
    }
    return result
  }
}

extension CheckpointStorage {
  /// The storage that a persistent id of the zip and pickle layouts names:
  /// `("storage", class, key, device, count)`, in the pickle layout followed by None or `(key, offset, count)` of a view.
  init(persistentID: PickleValue, _ cursor: CheckpointCursor) throws(CheckpointError) {
    guard let items = persistentID.items, items.count >= 5, items[0].string == "storage",
      case .global(.storageClass(let dtype)) = items[1], let key = items[2].string, let count = items[4].integer,
      count >= 0
    else {
      if persistentID.items?.first?.string == "module" {
        throw cursor.error("the file holds a whole model with its code, expected weights; save its state_dict()")
      }
      throw cursor.error("a persistent id is \(persistentID.kind), expected (\"storage\", class, key, device, count)")
    }
    guard items.count > 5, let view = items[5].items else {
      self.init(key: key, dtype: dtype, count: count)
      return
    }
    guard view.count == 3, let offset = view[1].integer, let length = view[2].integer, offset >= 0, length >= 0 else {
      throw cursor.error("a storage's view is not (key, offset, count)")
    }
    self.init(key: key, dtype: dtype, offset: offset, count: length)
  }
}
