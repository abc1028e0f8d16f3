import Imaging

/// The numbers of a frame's geometry, checked where they enter: what is stated and cannot be right is unknown, and noted.
extension FrameHeader {
  /// Lengths and coordinates of a patient's CT in mm lie within 10 m.
  static let farthest = 10_000.0

  /// Reads spacing, thickness, tilt, orientation and position (PS3.3 sections C.7.6.2 and C.8.2.1).
  func readGeometry(_ attributes: inout CTAttributes) {
    let flaws = readMeasures(&attributes) + readOrientation(&attributes)
    attributes.flaws += flaws
    // Without groups the frames of one file share a header, so that it places none but an only one.
    guard hasGroups || frameCount == 1 else { return }
    let position = checked(
      .imagePositionPatient, of: .planePositionSequence, count: 3, expected: "3 coordinates within 10 m (in mm)"
    ) { $0.allSatisfy { abs($0) <= Self.farthest } }
    attributes.imagePosition = position.numbers.map { SIMD3($0[0], $0[1], $0[2]) }
    attributes.flaws += position.flaws
  }

  /// The frame's place along the normal in mm, where the header states position and orientation.
  ///
  /// The normal's largest component is positive, so that it points to the patient's head in axial slices, whichever way they are
  /// numbered.
  var height: Double? {
    var geometry = CTAttributes(seriesInstanceUID: "", sopInstanceUID: "", columns: 0, rows: 0)
    readGeometry(&geometry)
    guard let position = geometry.imagePosition, let row = geometry.rowDirection, let column = geometry.columnDirection
    else { return nil }
    let normal = row.cross(column)
    let largest = [normal.x, normal.y, normal.z].max { abs($0) < abs($1) } ?? 0
    return largest < 0 ? -position.dot(normal) : position.dot(normal)
  }

  private func readMeasures(_ attributes: inout CTAttributes) -> [HeaderFlaw] {
    let spacing = checked(
      .pixelSpacing, of: .pixelMeasuresSequence, count: 2, expected: "2 lengths above 0 and up to 100 mm"
    ) { $0.allSatisfy { $0 > 0 && $0 <= 100 } }
    attributes.pixelSpacing = spacing.numbers.map { PixelSpacing(row: $0[0], column: $0[1]) }
    let thickness = checked(
      .sliceThickness, of: .pixelMeasuresSequence, count: 1, expected: "a length above 0 and up to 1 m (in mm)"
    ) { $0[0] > 0 && $0[0] <= 1000 }
    attributes.sliceThickness = thickness.numbers?.first
    let tilt = checked(.gantryDetectorTilt, of: nil, count: 1, expected: "an angle from -90 to 90 degrees") {
      abs($0[0]) <= 90
    }
    attributes.gantryTilt = tilt.numbers?.first
    return spacing.flaws + thickness.flaws + tilt.flaws
  }

  private func readOrientation(_ attributes: inout CTAttributes) -> [HeaderFlaw] {
    func directions(_ cosines: [Double]) -> (row: SIMD3<Double>, column: SIMD3<Double>) {
      (SIMD3(cosines[0], cosines[1], cosines[2]), SIMD3(cosines[3], cosines[4], cosines[5]))
    }
    // Headers round; anything else than two perpendicular unit vectors is no orientation.
    let orientation = checked(
      .imageOrientationPatient, of: .planeOrientationSequence, count: 6, expected: "2 perpendicular unit vectors"
    ) {
      let (row, column) = directions($0)
      return abs(row.length - 1) < 0.01 && abs(column.length - 1) < 0.01 && abs(row.dot(column)) < 0.01
    }
    if let (row, column) = orientation.numbers.map(directions) {
      attributes.rowDirection = row / row.length
      attributes.columnDirection = column / column.length
    }
    return orientation.flaws
  }

  /// The numbers of an attribute, of a functional group where that is named: so many, and plausible; and what is wrong with
  /// those that are stated.
  private func checked(
    _ tag: DICOMTag, of group: DICOMTag?, count: Int, expected: String, _ isPlausible: ([Double]) -> Bool
  ) -> (numbers: [Double]?, flaws: [HeaderFlaw]) {
    let item = group.flatMap { self.item(with: tag, of: $0) }
    guard let found = dataSet.text(tag, in: item) else { return (nil, []) }
    guard let text = dataSet.numberText(tag, in: item), text.numbers.count == count, isPlausible(text.numbers) else {
      return (nil, [HeaderFlaw(tag, .unknown(expected: expected), found: found)])
    }
    return (text.numbers, text.hasDecimalCommas ? [HeaderFlaw(tag, .decimalCommasRead, found: found)] : [])
  }
}
