/// Vectors in the patient's coordinates.
extension SIMD3<Double> {
  /// The scalar product.
  @inlinable
  public func dot(_ other: Self) -> Double { (self * other).sum() }

  /// The vector product.
  @inlinable
  public func cross(_ other: Self) -> Self {
    Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }

  /// The Euclidean length.
  @inlinable public var length: Double { dot(self).squareRoot() }
}
