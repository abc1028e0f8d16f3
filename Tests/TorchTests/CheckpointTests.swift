import Foundation
import TestSupport
import Testing

@testable import Torch

/// What `Tests/Reference/checkpoints.py` wrote.
enum CheckpointFixtures {
  struct Golden: Decodable {
    struct Values: Decodable {
      let dtype: String
      let shape: [Int]
      let elements: [String]
    }
    struct Lite0: Decodable {
      let count: Int
      let elements: Int
      let sums: [String: Double]
      let sumOfSquares: Double
    }
    let tensors: [String: Values]
    let lite0: Lite0
  }

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/checkpoints/\(name)", withExtension: nil))
  }

  static func golden() throws -> Golden {
    try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url("golden.json")))
  }

  static let lite0 = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".deps/weights/efficientnet-lite0-57934424.pth")

  static func doubles(_ tensor: Tensor) throws -> [Double] {
    try tensor.to(.float64).data().withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
  }

  static func message(of name: String) throws -> String {
    let url = try url(name)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint.read(url) }
    return error?.description ?? ""
  }
}

@Suite struct CheckpointTests {
  @Test(arguments: [
    ("zip.pth", Checkpoint.Layout.zip), ("zip64.pth", .zip), ("pickle.pth", .pickle), ("tar.pth", .tar),
    ("all.safetensors", .safeTensors),
  ])
  func everyLayoutGivesTorchsValues(name: String, layout: Checkpoint.Layout) throws {
    let url = try CheckpointFixtures.url(name)
    #expect(try Checkpoint.layout(of: url) == layout)
    let tensors = try Checkpoint.read(url)
    var golden = try CheckpointFixtures.golden().tensors
    if layout == .tar { golden["empty"] = nil }
    #expect(tensors.keys.sorted() == golden.keys.sorted())
    for (name, expected) in golden {
      let tensor = try #require(tensors[name])
      #expect("\(tensor.dtype)" == (expected.dtype == "half" ? "float16" : expected.dtype), "\(name)")
      #expect(tensor.shape == expected.shape, "\(name)")
      if tensor.dtype == .int64 {
        #expect(try tensor.integers() == expected.elements.map { try #require(Int64($0)) }, "\(name)")
      } else {
        let elements = try expected.elements.map { try #require(Double($0)) }
        #expect(try CheckpointFixtures.doubles(tensor) == elements, "\(name)")
      }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: CheckpointFixtures.lite0.path), "needs scripts/setup"))
  func publishedEfficientNetLite0LoadsAsInTorch() throws {
    let golden = try CheckpointFixtures.golden().lite0
    let tensors = try Checkpoint.read(CheckpointFixtures.lite0)
    #expect(tensors.count == golden.count)
    #expect(tensors.values.reduce(0) { $0 + $1.count } == golden.elements)
    for (name, sum) in golden.sums {
      let elements = try CheckpointFixtures.doubles(try #require(tensors[name]))
      #expect(abs(elements.reduce(0, +) - sum) <= 1e-9 * max(1, abs(sum)), "\(name)")
    }
    let squares = try tensors.values.reduce(0.0) { total, tensor in
      try CheckpointFixtures.doubles(tensor).reduce(total) { $0 + $1 * $1 }
    }
    #expect(abs(squares - golden.sumOfSquares) <= 1e-9 * golden.sumOfSquares)
  }

  @Test func theWeightsOfATrainingCheckpointAreFound() throws {
    let tensors = try Checkpoint.read(CheckpointFixtures.url("nested.pth"))
    #expect(tensors.keys.sorted() == ["bias", "weight"])
    #expect(try tensors["weight"]?.floats() == [1, 2])
  }

  @Test func weightsOfPython2AreRead() throws {
    let tensors = try Checkpoint.read(CheckpointFixtures.url("python2.pth"))
    #expect(tensors.count == 1)
    #expect(try tensors["weight"]?.floats() == [1.5, -2, 0.25])
  }

  @Test(arguments: [
    ("ambiguous.pth", "several sets of weights: state_dict, model"), ("no-tensors.pth", "its keys: epoch"),
    ("whole-model.pth", "torch.nn.modules.linear.Linear"), ("list.pth", "holds a list, expected a dictionary"),
    ("complex.pth", "torch.ComplexFloatStorage"), ("attack.pth", "the file names posix.system"),
    ("expanded-beyond-measure.pth", "the tensor huge of shape [1000000, 1000000] is larger than the file allows"),
    ("deflated.pth", "is compressed (method 8)"), ("golden.json", "is not a file of weights"),
  ])
  func whatIsNotWeightsIsRefusedByName(name: String, reason: String) throws {
    let message = try CheckpointFixtures.message(of: name)
    #expect(message.hasPrefix(name) && message.contains(reason), "\(message)")
  }

  @Test func unreadableEmptyAndForeignFilesAreErrors() throws {
    let folder = try TemporaryFolder()
    let missing = folder.url.appendingPathComponent("missing.pth")
    #expect(throws: CheckpointError.self) { try Checkpoint.read(missing) }
    #expect(throws: CheckpointError.self) { try Checkpoint.read(folder.url) }
    let empty = folder.url.appendingPathComponent("empty.pth")
    try Data().write(to: empty)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint.read(empty) }
    #expect(error?.reason.contains("found no bytes") == true)
  }

  @Test(arguments: ["zip.pth", "pickle.pth", "tar.pth", "all.safetensors"])
  func everyTruncationIsAnError(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: CheckpointFixtures.url(name))
    let url = folder.url.appendingPathComponent(name)
    // The blocks of zeros at a tar's end carry nothing.
    let end = name == "tar.pth" ? try #require(whole.lastIndex { $0 != 0 }) : whole.count
    for length in stride(from: 0, to: end, by: 13) {
      try whole.prefix(length).write(to: url)
      #expect(throws: CheckpointError.self, "\(length) bytes") { try Checkpoint.read(url) }
    }
  }

  @Test(arguments: [
    "zip.pth", "pickle.pth", "tar.pth", "all.safetensors", "zip64.pth", "nested.pth", "linear.pth", "python2.pth",
    "deflated.pth",
  ])
  func aDamagedFileGivesAnErrorOrTensors(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: CheckpointFixtures.url(name))
    let url = folder.url.appendingPathComponent(name)
    var random = Xorshift(state: 0x5EED)
    var refused = 0
    for _ in 0..<1_000 {
      var bytes = whole
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        guard !bytes.isEmpty else { break }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
        case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 16)], at: place)
        default: bytes = bytes.prefix(place)
        }
      }
      // An in-place write, without the rename of a real one, keeps the thousand files quick.
      try Data(bytes).write(to: url, options: [])
      do throws(CheckpointError) {
        for tensor in try Checkpoint.read(url).values { #expect(tensor.count <= 4 * bytes.count + 1_048_576) }
      } catch {
        #expect(error.file == name && !error.reason.isEmpty)
        refused += 1
      }
    }
    #expect(refused > 200)
  }
}

/// A small generator of random numbers that a seed decides.
struct Xorshift: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
