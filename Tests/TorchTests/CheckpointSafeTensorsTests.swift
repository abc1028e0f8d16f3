import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct CheckpointSafeTensorsTests {
  @Test func bytesEqualThoseOfHuggingFacesLibrary() throws {
    let golden = try CheckpointFixtures.url("all.safetensors")
    let (tensors, metadata) = try SafeTensors.read(golden)
    #expect(metadata == ["made by": "checkpoints.py \"golden\""])
    let folder = try TemporaryFolder()
    let copy = folder.url.appendingPathComponent("copy.safetensors")
    try SafeTensors.write(tensors, metadata: metadata, to: copy)
    #expect(try Data(contentsOf: copy) == Data(contentsOf: golden))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["copy.safetensors"])
  }

  @Test func namesAndTextsOfEveryKindComeBack() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("names.safetensors")
    let names = ["", "a\"b", "back\\slash", "line\nfeed", "bell\u{7}", "größe", "腎", "🫘", "layer1.0.conv1.weight"]
    let tensors = Dictionary(
      uniqueKeysWithValues: try names.enumerated().map { ($1, try Tensor([Float($0)], shape: [1])) })
    let metadata = Dictionary(uniqueKeysWithValues: names.map { ($0, $0 + "!") })
    try SafeTensors.write(tensors, metadata: metadata, to: url)
    let read = try SafeTensors.read(url)
    #expect(read.metadata == metadata)
    #expect(read.tensors.count == names.count)
    for (index, name) in names.enumerated() { #expect(try read.tensors[name]?.floats() == [Float(index)]) }
    let bytes = try Data(contentsOf: url)
    try SafeTensors.write(tensors, metadata: metadata, to: url)
    #expect(try Data(contentsOf: url) == bytes)
  }

  @Test func nothingAtAllIsAFileToo() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("none.safetensors")
    try SafeTensors.write([:], to: url)
    let read = try SafeTensors.read(url)
    #expect(read.tensors.isEmpty && read.metadata.isEmpty)
  }

  @Test func aWriteThatFailsLeavesWhatWasThere() throws {
    let folder = try TemporaryFolder()
    let tensor = try Tensor([1.0], shape: [1])
    let nowhere = folder.url.appendingPathComponent("no/such/folder/weights.safetensors")
    let error = #expect(throws: CheckpointError.self) { try SafeTensors.write(["a": tensor], to: nowhere) }
    #expect(error?.reason.contains("No such file or directory") == true)
    let taken = folder.url.appendingPathComponent("taken")
    try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: false)
    #expect(throws: CheckpointError.self) { try SafeTensors.write(["a": tensor], to: taken) }
    #expect(throws: CheckpointError.self) { try SafeTensors.write(["__metadata__": tensor], to: taken) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["taken"])
  }

  /// A file with this header before these bytes of elements.
  private func message(_ header: String, elements: Int, length: UInt64? = nil) throws -> String {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("bad.safetensors")
    let size = length ?? UInt64(header.utf8.count)
    let data = withUnsafeBytes(of: size.littleEndian) { Data($0) } + Data(header.utf8) + Data(count: elements)
    try data.write(to: url)
    let error = #expect(throws: CheckpointError.self, "\(header)") { try SafeTensors.read(url) }
    return error?.description ?? ""
  }

  private func entry(_ shape: String, _ offsets: String, dtype: String = "F32") -> String {
    "{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test func unsoundHeadersAreRefused() throws {
    let one = entry("[1]", "[0,4]")
    #expect(try message("{\"a\":\(one)}", elements: 3).contains("takes 4 bytes from byte 0 of 3"))
    #expect(try message("{\"a\":\(one)}", elements: 5).contains("1 bytes follow the last tensor"))
    #expect(try message("{\"a\":\(one),\"b\":\(one)}", elements: 8).contains("places it at [0, 4]"))
    #expect(try message("{\"a\":\(one),\"b\":\(entry("[1]", "[5,9]"))}", elements: 9).contains("from byte 4"))
    #expect(try message("{\"a\":\(entry("[2]", "[0,4]"))}", elements: 4).contains("takes 8 bytes"))
    #expect(try message("{\"a\":\(entry("[-1]", "[0,4]"))}", elements: 4).contains("cannot have shape [-1]"))
    #expect(try message("{\"a\":\(entry("[9223372036854775807,2]", "[0,4]"))}", elements: 4).contains("cannot have"))
    #expect(try message("{\"a\":\(entry("[1]", "[-9223372036854775808,4]"))}", elements: 4).contains("places it at"))
    #expect(try message("{\"a\":\(entry("[1]", "[0,4,8]"))}", elements: 4).contains("places it at"))
    #expect(try message("{\"a\":\(entry("[1]", "[0,4]", dtype: "F8_E4M3"))}", elements: 4).contains("F8_E4M3"))
    #expect(try message("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", elements: 4).contains("data_offsets is missing"))
    #expect(try message("{\"a\":7}", elements: 4).contains("at a"))
    #expect(try message("{\"__metadata__\":{\"a\":7}}", elements: 0).contains("__metadata__"))
    #expect(try message("{\"a\":", elements: 4).contains("not JSON"))
    #expect(try message("[]", elements: 4).contains("header"))
    #expect(try message("{}", elements: 0, length: 3).contains("cut off"))
    #expect(try message("{}", elements: 0, length: .max).contains("bound"))
    #expect(try message(String(repeating: "[", count: 100_000), elements: 0).contains("header"))
  }
}
