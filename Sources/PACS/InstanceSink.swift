/// Where received instances go; a de-identifying one stands between the PACS and the disk.
///
/// It is called from several threads at once.
public protocol InstanceSink: Sendable {
  /// Takes one whole instance, and returns once it is stored.
  ///
  /// It may be given an instance that it already has, after an interruption; it then changes nothing.
  /// - Throws: `InstanceRefusal` to set this instance aside and go on; any other error stops the retrieval.
  func store(_ instance: ReceivedInstance) throws

  /// Forces all that was stored to disk. Called before the journal counts those instances.
  func synchronize() throws
}

extension InstanceSink {
  /// Does nothing, for sinks that force each instance to disk by themselves.
  public func synchronize() throws {}
}

/// Why a sink does not take one instance.
public struct InstanceRefusal: Error, CustomStringConvertible, Sendable {
  /// The reason, without any identifier.
  public let description: String

  /// Makes a refusal from its reason.
  public init(_ description: String) { self.description = description }
}
