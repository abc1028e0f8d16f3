internal import CTorch

/// What libtorch, a module or an optimiser refused, in its own words.
public struct TorchError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The message, libtorch's where it comes from there.
  public let description: String

  /// Makes an error from its message.
  public init(_ description: String) { self.description = description }
}

/// Turns the shim's status into a thrown error.
@inline(__always)
func check(_ status: Int32) throws(TorchError) {
  guard status == 0 else { throw TorchError(String(cString: ct_last_error())) }
}
