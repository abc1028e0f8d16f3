import Foundation
import Support
import Testing

@Suite struct CanonicalEncodingTests {
  /// A value of any type that can be encoded, with an equality that tells apart all that an identity must tell apart.
  private indirect enum Value: CanonicallyEncodable, Hashable {
    case text([UInt8])
    case integer(Int)
    case real(UInt64)
    case truth(Bool)
    case optional(Value?)
    case list([Value])
    case record([Field])

    struct Field: Hashable {
      let name: String
      let value: Value
    }

    func encode(into encoding: inout CanonicalEncoding) {
      switch self {
      case .text(let bytes): String(decoding: bytes, as: UTF8.self).encode(into: &encoding)
      case .integer(let integer): integer.encode(into: &encoding)
      case .real(let bits): Double(bitPattern: bits).encode(into: &encoding)
      case .truth(let truth): truth.encode(into: &encoding)
      case .optional(let value): value.encode(into: &encoding)
      case .list(let values): values.encode(into: &encoding)
      case .record(let fields):
        encoding.record { encoding in for field in fields { encoding.field(field.name, field.value) } }
      }
    }

    /// A value that looks like many others: few letters, few numbers, shallow.
    static func random(depth: Int, _ generator: inout SplitMix64) -> Value {
      switch generator.below(depth > 0 ? 7 : 4) {
      case 0: .text(Array(text(&generator).utf8))
      case 1: .integer(generator.below(3) - 1)
      case 2: .real([0, 0x8000_0000_0000_0000, 1.0.bitPattern][generator.below(3)])
      case 3: .truth(generator.below(2) == 0)
      case 4: .optional(generator.below(2) == 0 ? nil : random(depth: depth - 1, &generator))
      case 5: .list((0..<generator.below(3)).map { _ in random(depth: depth - 1, &generator) })
      default: .record(fields(depth: depth - 1, &generator))
      }
    }

    static func fields(depth: Int, _ generator: inout SplitMix64) -> [Field] {
      (0..<generator.below(3)).map { _ in Field(name: text(&generator), value: random(depth: depth, &generator)) }
    }

    /// Letters that the encoding uses for types, too.
    static func text(_ generator: inout SplitMix64) -> String {
      String((0..<generator.below(3)).map { _ in Array("tfe\0")[generator.below(4)] })
    }
  }

  private func digest(_ fields: [Value.Field], kind: String = "test", version: Int = 1) -> String {
    var encoding = CanonicalEncoding(of: kind, version: version)
    for field in fields { encoding.field(field.name, field.value) }
    return encoding.digest
  }

  @Test func twoInputsNeverShareTheirBytes() {
    var generator = SplitMix64(seed: 1)
    var seen: [String: [Value.Field]] = [:]
    var different: Set<[Value.Field]> = []
    for _ in 0..<20_000 {
      let fields = Value.fields(depth: 3, &generator)
      let digest = digest(fields)
      different.insert(fields)
      #expect(seen[digest] == nil || seen[digest] == fields)
      #expect(self.digest(fields) == digest)
      seen[digest] = fields
    }
    #expect(seen.count == different.count && seen.count > 5_000)
  }

  @Test func kindVersionAndTheBordersBetweenFieldsCount() {
    let field = Value.Field(name: "a", value: .text(Array("b".utf8)))
    let digests = [
      digest([]), digest([field]), digest([field], kind: "tes"), digest([field], version: 2),
      digest([.init(name: "ab", value: .text([]))]), digest([.init(name: "a", value: .record([field]))]),
      digest([field, field]),
    ]
    #expect(Set(digests).count == digests.count)
  }

  @Test func theBytesAreThoseOfTheDescription() {
    var encoding = CanonicalEncoding(of: "kind", version: 3)
    encoding.field("text", "é")
    encoding.field("number", -2)
    encoding.field("real", 0.5)
    encoding.field("truth", true)
    encoding.field("nothing", String?.none)
    encoding.field("list", [1 as Int?, nil])
    func number(_ value: UInt8) -> [UInt8] { [value, 0, 0, 0, 0, 0, 0, 0] }
    func text(_ text: String) -> [UInt8] { Array("t".utf8) + number(UInt8(text.utf8.count)) + Array(text.utf8) }
    func letter(_ letter: Character) -> [UInt8] { Array(String(letter).utf8) }
    var bytes =
      text("CanonicalEncoding") + letter("i") + number(1) + text("kind") + letter("i") + number(3) + letter("r")
    bytes += letter("f") + text("text") + text("é")
    bytes += letter("f") + text("number") + letter("i") + [0xFE] + [UInt8](repeating: 0xFF, count: 7)
    bytes += letter("f") + text("real") + letter("d") + [0, 0, 0, 0, 0, 0, 0xE0, 0x3F]
    bytes += letter("f") + text("truth") + letter("b") + [1]
    bytes += letter("f") + text("nothing") + letter("n")
    bytes += letter("f") + text("list") + letter("l") + number(2) + letter("s") + letter("i") + number(1) + letter("n")
    bytes += letter("e")
    #expect(encoding.digest == SHA256.hash(data: bytes).hexadecimal)
    #expect(encoding.digest == "28954d7c81c07374033bfb9549fd199d19f62e81c66af6370c06a48a81f0b6d7")
    #expect(encoding.digest == encoding.digest, "reading it changes nothing")
  }

  @Test func aLongListIsTheSameInPieces() {
    let numbers = Array(0..<20_000)
    var encoding = CanonicalEncoding(of: "numbers", version: 1)
    encoding.field("numbers", numbers)
    var copy = encoding
    copy.field("more", 1)
    let digest = encoding.digest
    #expect(copy.digest != digest)
    var again = CanonicalEncoding(of: "numbers", version: 1)
    again.field("numbers", numbers)
    #expect(again.digest == digest)
  }
}
