import Foundation
import Synchronization

/// Sockets on 127.0.0.1.
public enum Loopback {
  private static let given = Mutex<Set<Int>>([])

  /// A port that is free, and stays so until a server takes it: never given twice, and below those that the system gives to
  /// connections and to servers that name none.
  public static func freePort() throws -> Int {
    for port in (20_000..<32_000).shuffled() where given.withLock({ $0.insert(port).inserted }) {
      guard let (socket, _) = try? bound(port: port) else { continue }
      close(socket)
      return port
    }
    throw POSIXError(.EADDRNOTAVAIL)
  }

  /// A listening socket on a port that the system chooses.
  static func listening() throws -> (descriptor: Int32, port: Int) {
    let (listener, port) = try bound()
    guard listen(listener, 64) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return (listener, port)
  }

  /// A socket that holds a port, one that the system chooses unless a port is named, and refuses connections.
  public static func bound(port: Int = 0) throws -> (descriptor: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let size = length
    var address = address(port: port)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) | getsockname(listener, $0, &length)
      }
    }
    guard status == 0 else {
      close(listener)
      throw POSIXError(.EADDRNOTAVAIL)
    }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Whether somebody listens on a port.
  public static func answers(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return withUnsafePointer(to: address(port: port)) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  /// A socket that is being connected to a port, and need not succeed.
  public static func connecting(to port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    _ = withUnsafePointer(to: address(port: port)) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return descriptor
  }

  private static func address(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(port).bigEndian
    return address
  }
}
