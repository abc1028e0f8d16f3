import Foundation

/// A value on the stack of the restricted pickle machine: what a checkpoint is made of, and nothing else.
enum PickleValue {
  case none
  case boolean(Bool)
  case integer(Int)
  /// An integer of more than 8 bytes, little-endian in two's complement.
  case longInteger(Data)
  case real(Double)
  case string(String)
  case bytes(Data)
  case list(PickleItems)
  case tuple(PickleItems)
  /// Keys and values in turn; where a key comes twice, the later one holds.
  case dictionary(PickleItems)
  case global(PickleGlobal)
  case storage(CheckpointStorage)
  case tensor(PickleTensor)

  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var string: String? { if case .string(let value) = self { value } else { nil } }
  var tensor: CheckpointTensor? { if case .tensor(let value) = self { value.description } else { nil } }

  /// The items of a list or tuple.
  var items: [PickleValue]? {
    switch self {
    case .list(let value), .tuple(let value): value.items
    default: nil
    }
  }

  /// The integers of a list or tuple of integers.
  var integers: [Int]? {
    guard let items else { return nil }
    let integers = items.compactMap(\.integer)
    return integers.count == items.count ? integers : nil
  }

  /// The keys and values of a dictionary.
  var pairs: [(key: PickleValue, value: PickleValue)]? {
    guard case .dictionary(let value) = self else { return nil }
    return stride(from: 0, to: value.items.count - 1, by: 2).map { (value.items[$0], value.items[$0 + 1]) }
  }

  /// The value of a dictionary under a key.
  subscript(key: String) -> PickleValue? { pairs?.last { $0.key.string == key }?.value }

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .boolean: "a truth value"
    case .integer, .longInteger: "an integer"
    case .real: "a number"
    case .string: "a string"
    case .bytes: "bytes"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .global: "a class or function"
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// The items of a list, tuple or dictionary: shared, because a pickle fills a container after it has given it a name.
final class PickleItems {
  var items: [PickleValue]
  init(_ items: [PickleValue]) { self.items = items }
}

/// A tensor, or a place for one whose description comes later (files from before PyTorch 0.4).
final class PickleTensor {
  var description: CheckpointTensor?
  init(_ description: CheckpointTensor?) { self.description = description }
}

/// The classes and functions that a checkpoint may name.
///
/// No name leads to code: each is handled in `PickleMachine`.
enum PickleGlobal {
  case orderedDictionary
  case size
  case rebuildTensor
  case rebuildParameter
  case parameter
  case storageClass(DType)
  case tensorClass(DType)

  /// The global of a name such as `torch.FloatStorage`; nil for every name that a checkpoint does not need.
  init?(name: String) {
    guard let global = Self.known[name] else { return nil }
    self = global
  }

  private static let known: [String: PickleGlobal] = {
    var known: [String: PickleGlobal] = [
      "collections.OrderedDict": .orderedDictionary,
      "torch.Size": .size,
      "torch._utils._rebuild_tensor": .rebuildTensor,
      "torch._utils._rebuild_tensor_v2": .rebuildTensor,
      "torch._utils._rebuild_parameter": .rebuildParameter,
      "torch.nn.parameter.Parameter": .parameter,
    ]
    let classes: [(String, DType)] = [
      ("Float", .float32), ("Double", .float64), ("Half", .float16), ("BFloat16", .bfloat16), ("Long", .int64),
      ("Int", .int32), ("Byte", .uint8), ("Bool", .bool),
    ]
    for (name, dtype) in classes {
      for module in ["torch", "torch.cuda"] {
        known["\(module).\(name)Storage"] = .storageClass(dtype)
        known["\(module).\(name)Tensor"] = .tensorClass(dtype)
      }
    }
    return known
  }()
}
