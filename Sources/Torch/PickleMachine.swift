import Foundation
import Support

/// Reads one pickle of a checkpoint and builds tensors, containers, numbers and strings; it can build nothing else.
///
/// Python's own reader runs whatever code a file names, so a file from elsewhere may do anything. This one knows the
/// opcodes that `torch.save` writes and the names in `PickleGlobal`; any other opcode or name is an error that says which
/// and where. Memory and time are bounded by the file: no opcode multiplies what it reads.
/// Opcodes: CPython, Lib/pickletools.py, protocols 2 to 4.
struct PickleMachine {
  /// Turns a persistent id (how a pickle refers to a storage or tensor beside it) into a value.
  typealias PersistentLoad = (PickleValue, CheckpointCursor) throws(CheckpointError) -> PickleValue

  private var cursor: CheckpointCursor
  private let persistentLoad: PersistentLoad
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  /// Every container made.
  ///
  /// Emptying them one by one at the end frees cycles, and towers of a million lists without
  /// recursion.
  private var containers: [PickleItems] = []
  /// Where the opcode at work stands.
  private var position = 0

  private init(_ cursor: CheckpointCursor, _ persistentLoad: @escaping PersistentLoad) {
    self.cursor = cursor
    self.persistentLoad = persistentLoad
  }

  /// Reads the pickle at the cursor, moves the cursor past it, and hands its value to `body`, after which the value is
  /// gone.
  static func read<Result>(
    _ cursor: inout CheckpointCursor,
    persistentLoad: @escaping PersistentLoad = { (_, cursor) throws(CheckpointError) in
      throw cursor.error("this part of the file may hold no persistent id")
    },
    _ body: (PickleValue) throws(CheckpointError) -> Result
  ) throws(CheckpointError) -> Result {
    var machine = PickleMachine(cursor, persistentLoad)
    defer { for container in machine.containers { container.items = [] } }
    let value = try machine.run()
    cursor = machine.cursor
    return try body(value)
  }

  private enum Opcode: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case stop = 0x2E
    case mark = 0x28
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case long1 = 0x8A
    case long4 = 0x8B
    case binFloat = 0x47
    case shortBinString = 0x55
    case binString = 0x54
    case shortBinUnicode = 0x8C
    case binUnicode = 0x58
    case shortBinBytes = 0x43
    case binBytes = 0x42
    case emptyList = 0x5D
    case append = 0x61
    case appends = 0x65
    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyDictionary = 0x7D
    case setItem = 0x73
    case setItems = 0x75
    case binGet = 0x68
    case longBinGet = 0x6A
    case binPut = 0x71
    case longBinPut = 0x72
    case memoize = 0x94
    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case newObject = 0x81
    case build = 0x62
    case binPersistentID = 0x51
  }

  /// A byte of a pickle can make a value that takes a hundred; the largest networks' weights are thousands of them.
  private static let mostValues = 2_500_000

  private mutating func run() throws(CheckpointError) -> PickleValue {
    while true {
      position = cursor.position
      let code = try cursor.byte("a pickle")
      guard let opcode = Opcode(rawValue: code) else {
        let hexadecimal = String(code, radix: 16)
        throw fault("the pickle opcode 0x\(hexadecimal) is not one that weights need; refusing to read the file")
      }
      if opcode == .stop { return try pop() }
      try execute(opcode)
      guard stack.count + containers.count + memo.count <= Self.mostValues else {
        throw fault("the pickle holds more than \(Self.mostValues) values, which no weights do")
      }
    }
  }

  private mutating func execute(_ opcode: Opcode) throws(CheckpointError) {
    switch opcode {
    case .proto:
      let version = try cursor.byte("a pickle's protocol")
      guard (2...4).contains(version) else { throw fault("pickle protocol \(version) is not among 2, 3, 4") }
    case .frame: _ = try cursor.integer(UInt64.self, "a frame's length")
    case .stop: break
    case .mark: marks.append(stack.count)

    case .none: stack.append(.none)
    case .newTrue: stack.append(.boolean(true))
    case .newFalse: stack.append(.boolean(false))
    case .binInt: stack.append(.integer(Int(try cursor.integer(Int32.self, "an integer"))))
    case .binInt1: stack.append(.integer(Int(try cursor.byte("an integer"))))
    case .binInt2: stack.append(.integer(Int(try cursor.integer(UInt16.self, "an integer"))))
    case .long1: try pushLong(Int(try cursor.byte("an integer's length")))
    case .long4: try pushLong(Int(try cursor.integer(Int32.self, "an integer's length")))
    case .binFloat:
      // The one big-endian value of a pickle.
      stack.append(.real(Double(bitPattern: try cursor.integer(UInt64.self, "a number").byteSwapped)))

    case .shortBinString, .shortBinUnicode: try pushString(Int(try cursor.byte("a string's length")))
    case .binString, .binUnicode: try pushString(Int(try cursor.integer(UInt32.self, "a string's length")))
    case .shortBinBytes: stack.append(.bytes(try cursor.take(Int(try cursor.byte("bytes' length")), "bytes")))
    case .binBytes:
      stack.append(.bytes(try cursor.take(Int(try cursor.integer(UInt32.self, "bytes' length")), "bytes")))

    case .emptyList: stack.append(.list(container([])))
    case .append:
      let item = try pop()
      try extendList(with: [item])
    case .appends:
      let items = try popToMark()
      try extendList(with: items)
    case .emptyTuple: stack.append(.tuple(container([])))
    case .tuple: stack.append(.tuple(container(try popToMark())))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .emptyDictionary: stack.append(.dictionary(container([])))
    case .setItem:
      let value = try pop()
      let key = try pop()
      try extendDictionary(with: [key, value])
    case .setItems:
      let items = try popToMark()
      try extendDictionary(with: items)

    case .binGet: try recall(Int(try cursor.byte("a memo's number")))
    case .longBinGet: try recall(Int(try cursor.integer(UInt32.self, "a memo's number")))
    case .binPut: memo[Int(try cursor.byte("a memo's number"))] = try top()
    case .longBinPut: memo[Int(try cursor.integer(UInt32.self, "a memo's number"))] = try top()
    case .memoize: memo[memo.count] = try top()

    case .global:
      let module = try cursor.line("a module's name")
      try pushGlobal(module, try cursor.line("a class's name"))
    case .stackGlobal:
      guard let name = try pop().string, let module = try pop().string else { throw fault("a name is not a string") }
      try pushGlobal(module, name)
    case .reduce:
      let arguments = try pop()
      stack.append(try call(try pop(), arguments))
    case .newObject:
      let arguments = try pop()
      stack.append(try make(try pop(), arguments))
    case .build:
      let state = try pop()
      try build(try top(), state)
    case .binPersistentID: stack.append(try persistentLoad(try pop(), cursor))
    }
  }

  // MARK: Stack

  private func fault(_ reason: String) -> CheckpointError { cursor.error(reason, at: position) }

  private func top() throws(CheckpointError) -> PickleValue {
    guard let value = stack.last, stack.count > marks.last ?? 0 else { throw fault("the pickle's stack is empty here") }
    return value
  }

  private mutating func pop() throws(CheckpointError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fault("the pickle's mark is missing here") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func container(_ items: [PickleValue]) -> PickleItems {
    let container = PickleItems(items)
    containers.append(container)
    return container
  }

  private mutating func pushTuple(_ count: Int) throws(CheckpointError) {
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    stack.append(.tuple(container(items.reversed())))
  }

  private mutating func pushLong(_ length: Int) throws(CheckpointError) {
    let data = try cursor.take(length, "an integer")
    guard length <= 8 else { return stack.append(.longInteger(data)) }
    // The highest bit is the sign.
    var value = (data.last ?? 0) & 0x80 == 0 ? 0 : -1
    for byte in data.reversed() { value = value << 8 | Int(byte) }
    stack.append(.integer(value))
  }

  private mutating func pushString(_ length: Int) throws(CheckpointError) {
    let data = try cursor.take(length, "a string")
    stack.append(String(data: data, encoding: .utf8).map { .string($0) } ?? .bytes(data))
  }

  private mutating func pushGlobal(_ module: String, _ name: String) throws(CheckpointError) {
    guard let global = PickleGlobal(name: "\(module).\(name)") else {
      throw fault(
        "the file names \(module).\(name), which is not one of the classes and functions that weights need; refusing to "
          + "read it. Save the model's state_dict() alone, or as safetensors")
    }
    stack.append(.global(global))
  }

  private mutating func recall(_ number: Int) throws(CheckpointError) {
    guard let value = memo[number] else { throw fault("the pickle recalls memo \(number), which it never set") }
    stack.append(value)
  }

  private func extendList(with items: [PickleValue]) throws(CheckpointError) {
    guard case .list(let list) = try top() else { throw fault("items are appended to \(try top().kind)") }
    list.items += items
  }

  private func extendDictionary(with items: [PickleValue]) throws(CheckpointError) {
    guard case .dictionary(let dictionary) = try top() else { throw fault("items are set in \(try top().kind)") }
    guard items.count.isMultiple(of: 2) else { throw fault("a dictionary's key has no value") }
    dictionary.items += items
  }

  // MARK: Globals

  private mutating func call(_ callee: PickleValue, _ arguments: PickleValue) throws(CheckpointError) -> PickleValue {
    guard case .global(let global) = callee, case .tuple(let tuple) = arguments else {
      throw fault("\(callee.kind) is called with \(arguments.kind)")
    }
    let arguments = tuple.items
    switch global {
    case .orderedDictionary:
      guard let pairs = arguments.first else { return .dictionary(container([])) }
      // Python 2 hands over a list of [key, value].
      let items = pairs.items?.compactMap(\.items).filter { $0.count == 2 } ?? []
      guard arguments.count == 1, items.count == pairs.items?.count else {
        throw fault("an OrderedDict is made from \(pairs.kind), expected key and value pairs")
      }
      return .dictionary(container(items.flatMap { $0 }))
    case .size:
      guard arguments.count == 1, arguments[0].integers != nil else { throw fault("a torch.Size is not of integers") }
      return arguments[0]
    case .rebuildTensor:
      if arguments.count >= 7, let metadata = arguments[6].pairs, !metadata.isEmpty {
        throw fault("a tensor is stored conjugated or negated, which is not supported; save it after .resolve_neg()")
      }
      return .tensor(PickleTensor(try describe(Array(arguments.prefix(4)))))
    case .rebuildParameter, .parameter:
      guard let value = arguments.first, case .tensor = value else {
        throw fault("a parameter is made without a tensor")
      }
      return value
    case .storageClass, .tensorClass: throw fault("a storage or tensor class is called")
    }
  }

  /// Makes an object whose state a BUILD brings later.
  private mutating func make(_ callee: PickleValue, _ arguments: PickleValue) throws(CheckpointError) -> PickleValue {
    guard case .global(let global) = callee else { throw fault("an object is made from \(callee.kind)") }
    switch global {
    case .parameter, .tensorClass:
      if let first = arguments.items?.first, case .tensor = first { return first }
      return .tensor(PickleTensor(nil))
    default: return try call(callee, arguments)
    }
  }

  private func build(_ target: PickleValue, _ state: PickleValue) throws(CheckpointError) {
    switch target {
    case .dictionary: break  // attributes of a state_dict, such as its _metadata
    case .tensor(let tensor) where tensor.description != nil: break  // requires_grad and hooks
    case .tensor(let tensor):
      guard let items = state.items else { throw fault("a tensor's state is \(state.kind), expected a tuple") }
      if let description = items.first?.tensor {
        tensor.description = description
      } else {
        tensor.description = try describe(items)
      }
    default: throw fault("\(target.kind) is given a state")
    }
  }

  /// A tensor from its storage, offset, shape and strides.
  private func describe(_ items: [PickleValue]) throws(CheckpointError) -> CheckpointTensor {
    guard items.count == 4, case .storage(let storage) = items[0], let offset = items[1].integer,
      let shape = items[2].integers, let strides = items[3].integers
    else {
      throw fault("a tensor is made from \(items.map(\.kind)), expected a storage, an offset, a shape and strides")
    }
    do throws(CheckpointTensor.Misfit) {
      return try CheckpointTensor(storage: storage, offset: offset, shape: shape, strides: strides)
    } catch {
      throw fault(error.reason)
    }
  }
}
