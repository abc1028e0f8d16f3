import Foundation
import Glibc
import Support

/// A socket that listens on one address of this machine.
struct ListeningSocket {
  let descriptor: Int32
  let port: UInt16

  /// Listens at `address`, an IPv4 or IPv6 address in numbers, and `port`, or any that is free where that is 0.
  ///
  /// - Throws: `StudyError` of kind `.file` with the system's reason.
  init(address: String, port: UInt16) throws(StudyError) {
    func failure(_ what: String) -> StudyError {
      StudyError(.file, "cannot listen at \(address), port \(port): \(what)")
    }
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, String(port), &hints, &found) == 0, let info = found else {
      throw failure("it is not an IP address; give one of this machine's, in numbers")
    }
    defer { freeaddrinfo(info) }
    let descriptor = socket(info.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0, listen(descriptor, 64) == 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw failure("\(reason); choose another with --port")
    }
    self.descriptor = descriptor
    self.port = SocketName(getsockname, descriptor)?.port ?? port
  }
}

/// An address and a port in numbers: a socket's own, or its peer's.
struct SocketName {
  let address: String
  let port: UInt16

  typealias Query = (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32

  /// Asks `getsockname` or `getpeername`; nil where it does not know.
  init?(_ query: Query, _ socket: Int32) {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let isFound = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        query(socket, address, &size) == 0
          && getnameinfo(
            address, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
            NI_NUMERICHOST | NI_NUMERICSERV) == 0
      }
    }
    func text(_ characters: [CChar]) -> String {
      String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    guard isFound, let port = UInt16(text(service)) else { return nil }
    (self.address, self.port) = (text(host), port)
  }
}
