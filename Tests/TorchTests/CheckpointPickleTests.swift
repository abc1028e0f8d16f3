import Foundation
import Testing

@testable import Torch

@Suite struct CheckpointPickleTests {
  private func read<Result>(_ pickle: Data, _ body: (PickleValue) -> Result) throws(CheckpointError) -> Result {
    var cursor = CheckpointCursor(pickle, file: "test.pkl")
    return try PickleMachine.read(&cursor) { body($0) }
  }

  private func message(_ pickle: String) -> String {
    let error = #expect(throws: CheckpointError.self) { _ = try read(Data(pickle.utf8)) { $0.kind } }
    return error?.description ?? ""
  }

  @Test func numbersOfEveryWidthAreRead() throws {
    // pickle.dumps([0, 255, 65535, -1, 2**31, -2**63, 1.5, 2**63], protocol=2)
    let pickle = Data(
      [0x80, 2, 0x5D, 0x71, 0, 0x28, 0x4B, 0, 0x4B, 0xFF, 0x4D, 0xFF, 0xFF, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF]
        + [0x8A, 5, 0, 0, 0, 0x80, 0] + [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80]
        + [0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0] + [0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0x65, 0x2E])
    let items = try read(pickle) { $0.items } ?? []
    #expect(items.prefix(6).map(\.integer) == [0, 255, 65_535, -1, 1 << 31, Int.min])
    guard items.count == 8, case .real(1.5) = items[6], case .longInteger = items[7] else {
      Issue.record("expected 1.5 and a long integer, found \(items.map(\.kind))")
      return
    }
  }

  @Test func unknownOpcodesAndGlobalsAreNamedWithTheirPlace() {
    #expect(message("]i.").contains("test.pkl, byte 1: the pickle opcode 0x69"))
    #expect(message("]cos\nsystem\n.").contains("byte 1: the file names os.system"))
    #expect(message("]cbuiltins\neval\n.").contains("builtins.eval"))
    #expect(message("]ctorch\nFloatStorage").contains("ends within a class's name"))
  }

  /// A byte or two of each of these make a value: lists, memos, and tuples of a tuple.
  @Test(arguments: ["]", "N\u{94}", ")\u{85}"]) func moreValuesThanWeightsHaveAreRefused(_ step: String) {
    let pickle = Data(repeatElement(step.unicodeScalars.map { UInt8($0.value) }, count: 1_300_000).joined())
    let error = #expect(throws: CheckpointError.self) { _ = try read(pickle) { $0.kind } }
    #expect(error?.description.contains("more than 2500000 values") == true, "\(error?.description ?? "")")
  }

  @Test func damagedStacksAndMemosAreErrors() {
    #expect(message(".").contains("stack is empty"))
    #expect(message("a.").contains("stack is empty"))
    #expect(message("](a.").contains("stack is empty"))
    #expect(message("]e.").contains("mark is missing"))
    #expect(message("h\u{7}.").contains("memo 7"))
    #expect(message("}]s.").contains("stack is empty"))
    #expect(message("}(Nu.").contains("key has no value"))
    #expect(message("Q.").contains("stack is empty"))
    #expect(message("NQ.").contains("no persistent id"))
    #expect(message(")R.").contains("stack is empty"))
    #expect(message("N)R.").contains("None is called"))
    #expect(message("ctorch\nFloatStorage\n)R.").contains("class is called"))
    #expect(message("]").contains("ends within a pickle"))
    #expect(message("N}b.").contains("None is given a state"))
  }

  @Test func aTowerOfAMillionListsAndACycleAreFreedWithoutRecursion() throws {
    let height = 1_000_000
    let tower = Data(
      [UInt8](repeating: 0x5D, count: height) + [UInt8](repeating: 0x61, count: height - 1) + [0x2E])
    #expect(try read(tower) { $0.items?.count } == 1)
    let tuples = Data([0x29] + [UInt8](repeating: 0x85, count: height) + [0x2E])
    #expect(try read(tuples) { $0.kind } == "a tuple")

    // A list that holds itself: ] memo 0, recall 0, append.
    weak var leaked: PickleItems?
    try read(Data([0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E])) { value in
      if case .list(let list) = value { leaked = list }
    }
    #expect(leaked == nil)
  }

  @Test func tensorsMustLieInTheirStorage() {
    let storage = CheckpointStorage(key: "0", dtype: .float32, count: 6)
    func fits(_ offset: Int, _ shape: [Int], _ strides: [Int]) -> Bool {
      (try? CheckpointTensor(storage: storage, offset: offset, shape: shape, strides: strides)) != nil
    }
    #expect(fits(0, [2, 3], [3, 1]) && fits(5, [], []) && fits(0, [1_000], [0]) && fits(9, [0, 3], [3, 1]))
    #expect(!fits(1, [2, 3], [3, 1]) && !fits(6, [], []) && !fits(-1, [1], [1]) && !fits(0, [2], [-1]))
    #expect(!fits(0, [2, 3], [1]) && !fits(0, [Int.max, 2], [0, 1]) && !fits(0, [3], [Int.max]))
  }

  @Test func stridedElementsAreGatheredInRowMajorOrder() throws {
    var random = Xorshift(state: 9)
    let elements = (0..<200).map { Float($0) }
    let bytes = elements.withUnsafeBytes { Data($0) }
    let storage = CheckpointStorage(key: "0", dtype: .float32, offset: 20, count: 180)
    for _ in 0..<200 {
      let shape = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...3, using: &random) }
      let strides = shape.map { _ in Int.random(in: 0...15, using: &random) }
      let offset = Int.random(in: 0..<40, using: &random)
      var expected = [20 + offset]
      for (size, stride) in zip(shape, strides) {
        expected = expected.flatMap { start in (0..<size).map { start + $0 * stride } }
      }
      let tensor = try CheckpointTensor(storage: storage, offset: offset, shape: shape, strides: strides)
      let read = try tensor.tensor(from: bytes)
      #expect(read.shape == shape)
      #expect(try read.floats() == expected.map { Float($0) })
    }
  }
}
