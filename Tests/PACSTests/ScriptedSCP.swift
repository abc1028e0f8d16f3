import Foundation
import TestSupport

/// A DIMSE server that answers as a test tells it, byte by byte (PS3.7, PS3.8).
final class ScriptedSCP: @unchecked Sendable {
  /// A message of the client's.
  struct Message {
    /// Such as 0x0020, C-FIND-RQ.
    let field: Int
    let id: Int
    let context: UInt8
    /// The text of its identifier, in whatever encoding.
    let identifier: String
  }

  static let (find, get, move) = (0x0020, 0x0010, 0x0021)

  var port: Int { listener.port }
  private let listener: LoopbackListener

  /// Begins to serve, each association on a thread of its own; an association that `accepts` refuses is never answered.
  init(
    accepts: @escaping @Sendable () -> Bool = { true }, _ answer: @escaping @Sendable (Peer, Message) -> Void
  ) throws {
    listener = try LoopbackListener()
    Thread.detachNewThread { [listener] in
      defer { listener.close() }
      while let connection = listener.next() {
        Thread.detachNewThread {
          let peer = Peer(connection)
          peer.serve(accepts, answer)
          close(connection)
        }
      }
    }
  }

  deinit { listener.stop() }

  /// The client, on the other side of one association.
  final class Peer {
    private let connection: Int32
    /// The abstract syntax of each presentation context.
    private(set) var contexts: [UInt8: String] = [:]

    fileprivate init(_ connection: Int32) { self.connection = connection }

    // MARK: Sending

    /// Sends bytes as they are; false once the client has gone.
    @discardableResult func raw(_ bytes: [UInt8]) -> Bool {
      var offset = 0
      while offset < bytes.count {
        let count = bytes[offset...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        offset += count
      }
      return true
    }

    /// One PDU with one piece of a message; `header` is 1 for a piece of a command, plus 2 for the last piece.
    static func pdu(_ context: UInt8, _ header: UInt8, _ bytes: [UInt8]) -> [UInt8] {
      [4, 0] + big(bytes.count + 6) + big(bytes.count + 2) + [context, header] + bytes
    }

    /// A command of texts and numbers by element, with a data set where there is one.
    @discardableResult func message(
      _ context: UInt8, _ field: Int, _ numbers: [Int: Int] = [:], _ texts: [Int: String] = [:],
      dataSet: [UInt8]? = nil,
      announces: Bool? = nil
    ) -> Bool {
      var elements: [Int: [UInt8]] = texts.mapValues { text in
        Array(text.utf8) + (text.utf8.count % 2 == 1 ? [0] : [])
      }
      for (element, number) in numbers.merging([
        0x0100: field, 0x0800: announces ?? (dataSet != nil) ? 1 : 0x0101,
      ]) { $1 } { elements[element] = [UInt8(number & 0xFF), UInt8(number >> 8)] }
      let body = elements.sorted { $0.key < $1.key }.flatMap { Self.implicit($0.key, $0.value) }
      let command = Self.implicit(0, Self.little(body.count)) + body
      guard raw(Self.pdu(context, 3, command)) else { return false }
      guard let dataSet else { return true }
      var rest = dataSet[...]
      repeat {
        let piece = rest.prefix(16000)
        rest = rest.dropFirst(piece.count)
        guard raw(Self.pdu(context, rest.isEmpty ? 2 : 0, Array(piece))) else { return false }
      } while !rest.isEmpty
      return true
    }

    /// The answer to a request; pending with status 0xFF00.
    @discardableResult func respond(
      _ request: Message, _ status: Int, dataSet: [UInt8]? = nil, announces: Bool? = nil
    ) -> Bool {
      message(
        request.context, request.field | 0x8000, [0x0120: request.id, 0x0900: status], dataSet: dataSet,
        announces: announces)
    }

    /// A C-STORE of an instance, under the context of `sopClass` or another one.
    @discardableResult func store(
      _ instance: String, _ dataSet: [UInt8]?, sopClass: String = "1.2.840.10008.5.1.4.1.1.2",
      under other: String? = nil
    ) -> Bool {
      let context = contexts.filter { $0.value == other ?? sopClass }.keys.min() ?? 0
      return message(
        context, 0x0001, [0x0110: 7, 0x0700: 0], [0x0002: sopClass, 0x1000: instance], dataSet: dataSet)
    }

    /// A data set of texts in explicit VR little endian.
    static func dataSet(_ elements: [(group: Int, element: Int, vr: String, text: String)]) -> [UInt8] {
      elements.flatMap { group, element, vr, text in
        let value = Array(text.utf8) + (text.utf8.count % 2 == 1 ? [vr == "UI" ? 0 : 0x20] : [])
        return Array(little(group).prefix(2) + little(element).prefix(2)) + Array(vr.utf8)
          + little(value.count).prefix(2)
          + value
      }
    }

    private static func implicit(_ element: Int, _ value: [UInt8]) -> [UInt8] {
      [0, 0] + little(element).prefix(2) + little(value.count) + value
    }
    private static func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) } }
    private static func big(_ number: Int) -> [UInt8] { little(number).reversed() }

    // MARK: Receiving

    fileprivate func serve(_ accepts: () -> Bool, _ answer: (Peer, Message) -> Void) {
      var command: [UInt8] = []
      var identifier: [UInt8] = []
      while let (type, body) = nextPDU() {
        switch type {
        case 1:
          guard accepts() else { break }
          raw(associated(body))
        case 4:
          var rest = body[...]
          while rest.count >= 6 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let (context, header) = (rest[rest.startIndex + 4], rest[rest.startIndex + 5])
            let piece = rest.dropFirst(6).prefix(length - 2)
            rest = rest.dropFirst(4 + length)
            if header & 1 == 1 { command += piece } else { identifier += piece }
            guard header & 2 == 2, header & 1 == 0 || number(0x0800, command) == 0x0101 else { continue }
            answer(
              self,
              Message(
                field: number(0x0100, command), id: number(0x0110, command), context: context,
                identifier: String(decoding: identifier, as: UTF8.self)))
            (command, identifier) = ([], [])
          }
        case 5: raw([6, 0, 0, 0, 0, 4, 0, 0, 0, 0])
        default: return
        }
      }
    }

    private func nextPDU() -> (UInt8, [UInt8])? {
      guard let head = receive(6) else { return nil }
      guard let body = receive(head[2...].reduce(0) { $0 << 8 | Int($1) }) else { return nil }
      return (head[0], body)
    }

    private func receive(_ count: Int) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: count)
      var received = 0
      while received < count {
        let more = bytes[received...].withUnsafeMutableBytes { recv(connection, $0.baseAddress, $0.count, 0) }
        guard more > 0 else { return nil }
        received += more
      }
      return bytes
    }

    /// The A-ASSOCIATE-AC that accepts every context with the first of its transfer syntaxes.
    private func associated(_ request: [UInt8]) -> [UInt8] {
      var answer = Array(request.prefix(68))
      for (type, item) in Self.items(request.dropFirst(68)) {
        switch type {
        case 0x20:
          let inner = Self.items(item.dropFirst(4))
          let id = item.first ?? 0
          contexts[id] = inner.first { $0.0 == 0x30 }.map { String(decoding: $0.1, as: UTF8.self) }
          let syntax = inner.first { $0.0 == 0x40 }.map { Array($0.1) } ?? []
          answer += Self.item(0x21, [id, 0, 0, 0] + Self.item(0x40, syntax))
        default: answer += Self.item(type, Array(item))
        }
      }
      return [2, 0] + Self.big(answer.count) + answer
    }

    private static func items(_ bytes: ArraySlice<UInt8>) -> [(UInt8, ArraySlice<UInt8>)] {
      var rest = bytes
      var items: [(UInt8, ArraySlice<UInt8>)] = []
      while rest.count >= 4 {
        let start = rest.startIndex
        let length = Int(rest[start + 2]) << 8 | Int(rest[start + 3])
        items.append((rest[start], rest.dropFirst(4).prefix(length)))
        rest = rest.dropFirst(4 + length)
      }
      return items
    }

    private static func item(_ type: UInt8, _ bytes: [UInt8]) -> [UInt8] {
      [type, 0] + big(bytes.count).suffix(2) + bytes
    }

    /// A number of two bytes in a command.
    private func number(_ element: Int, _ command: [UInt8]) -> Int {
      var rest = command[...]
      while rest.count >= 8 {
        let bytes = Array(rest.prefix(8))
        let length = Int(bytes[4]) | Int(bytes[5]) << 8
        let value = Array(rest.dropFirst(8).prefix(length))
        if Int(bytes[2]) | Int(bytes[3]) << 8 == element, value.count >= 2 { return Int(value[0]) | Int(value[1]) << 8 }
        rest = rest.dropFirst(8 + length)
      }
      return 0
    }
  }
}
