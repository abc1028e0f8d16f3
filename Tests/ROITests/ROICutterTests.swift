import Annotation
import DICOM
import Support
import Testing

@testable import ROI

struct ROICutterTests {
  private static func square(_ x: Double, _ y: Double, _ side: Double) -> Polygon {
    Polygon(vertices: [[x, y], [x + side, y], [x + side, y + side], [x, y + side]])
  }

  /// HU that tell their place: 40 + column - row, within the window for small images.
  private static func ramp(_ columns: Int, _ rows: Int) -> CTImage {
    CTImage(
      columns: columns, rows: rows,
      storedValues: (0..<rows).flatMap { row in (0..<columns).map { Int16(40 + $0 - row) } })
  }

  private func cut(
    _ settings: ROISettings, columns: Int = 60, rows: Int = 50, _ polygons: [Polygon],
    pixelSize: (row: Double, column: Double)? = nil
  ) throws -> ROICrop {
    try ROICutter(settings).cut(Self.ramp(columns, rows), around: polygons, pixelSize: pixelSize)
  }

  @Test func `the window clips and scales`() {
    let settings = ROISettings()
    #expect([-3000, -160, 40, 240, 3071].map(settings.windowed) == [0, 0, 0.5, 1, 1])
    #expect(ROISettings(windowCentre: -600, windowWidth: 1500).windowed(-600) == 0.5)
  }

  @Test func `random boxes hold the pixels around the centroid`() throws {
    var generator = DeterministicGenerator(seed: 5)
    for _ in 0..<50 {
      let size = Int.random(in: 8...40, using: &generator)
      let polygon = Self.square(
        .random(in: -1...55, using: &generator), .random(in: -1...45, using: &generator),
        .random(in: 1...5, using: &generator))
      let settings = ROISettings(boxSize: size)
      let crop = try cut(settings, [polygon])
      let offset = polygon.vertices[0] - (try #require(crop.polygons.first)).vertices[0]
      let origin = offset.rounded(.toNearestOrEven)
      #expect(abs(offset.x - origin.x) < 1e-9 && abs(offset.y - origin.y) < 1e-9)
      // The box's centre and the centroid are at most half a pixel apart.
      let away = origin + Double(size - 1) / 2 - polygon.centroid
      #expect(max(abs(away.x), abs(away.y)) <= 0.5 + 2e-6)
      for row in 0..<size {
        for column in 0..<size {
          let (x, y) = (Int(origin.x) + column, Int(origin.y) + row)
          let inside = (0..<60).contains(x) && (0..<50).contains(y)
          #expect(crop.values[row * size + column] == settings.windowed(inside ? Float(40 + x - y) : -1000))
        }
      }
    }
  }

  @Test func `a half is rounded up`() throws {
    // A centroid on a pixel's centre lies half-way between the two boxes of even size around it: the later one is taken.
    let crop = try cut(ROISettings(boxSize: 16), [Self.square(20, 20, 4)])
    #expect(crop.polygons[0].vertices[0] == SIMD2(20, 20) - SIMD2(15, 15))
    let odd = try cut(ROISettings(boxSize: 15), [Self.square(20, 20, 4)])
    #expect(odd.polygons[0].vertices[0] == SIMD2(20, 20) - SIMD2(15, 15))
  }

  @Test func `several polygons share one box`() throws {
    let crop = try cut(ROISettings(boxSize: 16), [Self.square(10, 10, 2), Self.square(20, 20, 4)])
    // (11 x 4 + 22 x 16) / 20 = 19.8, less 7.5, rounded.
    #expect(crop.polygons.map { $0.vertices[0] } == [SIMD2(10, 10) - SIMD2(12, 12), SIMD2(20, 20) - SIMD2(12, 12)])
  }

  @Test func `remarks say what is cut off`() throws {
    #expect(try cut(ROISettings(boxSize: 16), [Self.square(25, 25, 6)]).warnings.isEmpty)
    let large = try cut(ROISettings(boxSize: 16), [Self.square(20, 20, 20)])
    #expect(large.warnings == [.contourLeavesBox(width: 20, height: 20, boxSize: 16)])
    let corner = try cut(ROISettings(boxSize: 16), [Self.square(0, 0, 4)])
    // The box begins at -5.5, rounded up to -5, in both directions.
    #expect(corner.warnings == [.boxLeavesImage(pixels: 256 - 11 * 11, boxSize: 16)])
    #expect(corner.warnings[0].description.hasPrefix("52.7% of the box"))
    #expect(large.warnings[0].description.contains("20.0 x 20.0 pixels"))
  }

  @Test func `a box wholly off the image is air`() throws {
    let crop = try cut(ROISettings(boxSize: 16), [Self.square(300, 300, 4)])
    #expect(crop.values == Array(repeating: 0, count: 256))
  }

  @Test func `resampling to the pixel size that is there changes nothing`() throws {
    let plain = try cut(ROISettings(boxSize: 24), [Self.square(22, 21, 7)])
    let resampled = try cut(
      ROISettings(boxSize: 24, resampleTo: 0.8), [Self.square(22, 21, 7)], pixelSize: (row: 0.8, column: 0.8))
    #expect(plain == resampled)
  }

  @Test func `resampling keeps a ramp a ramp and moves the contour along`() throws {
    let crop = try cut(
      ROISettings(boxSize: 16, resampleTo: 0.5), [Self.square(24, 20, 6)], pixelSize: (row: 1, column: 0.75))
    // Per pixel of 0.5 mm a column adds 2/3 HU and a row takes 1/2.
    let (first, right, below) = (crop.values[5 * 16 + 5], crop.values[5 * 16 + 6], crop.values[6 * 16 + 5])
    #expect(abs((right - first) * 400 - 2 / 3) < 1e-3)
    #expect(abs((first - below) * 400 - 1 / 2) < 1e-3)
    let polygon = try #require(crop.polygons.first)
    #expect(abs(polygon.area - 36 * 1.5 * 2) < 1e-9)
  }

  @Test(
    arguments: [nil, (row: 0, column: 1), (row: .nan, column: 1), (row: 1, column: -1)]
      as [(row: Double, column: Double)?])
  func `resampling without a pixel size is an error that says so`(pixelSize: (row: Double, column: Double)?) {
    let error = #expect(throws: ROIError.self) {
      try cut(ROISettings(boxSize: 16, resampleTo: 0.9765625), [Self.square(20, 20, 5)], pixelSize: pixelSize)
    }
    #expect(error == .pixelSizeMissing(resampleTo: 0.9765625))
    #expect(error?.description.contains("PixelSpacing") == true)
  }

  @Test func `without a contour there is no crop`() {
    #expect(throws: ROIError.noContour) { try cut(ROISettings(), []) }
    #expect(throws: ROIError.noContour) { try cut(ROISettings(), [Polygon(vertices: [])]) }
    #expect(throws: ROIError.noContour) { try cut(ROISettings(), [Polygon(vertices: [[.nan, 1], [2, 2], [3, 1]])]) }
  }

  @Test func `the network sees three channels of one picture`() {
    let crop = (0..<64).map { Float($0) / 63 }
    let input = NetworkInput.values(crop, boxSize: 8, outputSize: 14)
    let grey = NetworkInput.resized(crop, from: 8, to: 14)
    #expect(input.count == 3 * 14 * 14)
    for channel in 0..<3 {
      for index in grey.indices {
        let expected = (grey[index] - NetworkInput.mean[channel]) / NetworkInput.standardDeviation[channel]
        #expect(input[channel * 196 + index] == expected)
      }
    }
    #expect(NetworkInput.resized(crop, from: 8, to: 8) == crop)
  }

  @Test func `flipping twice is not flipping`() {
    let crop = (0..<64).map { Float(($0 * 37) % 64) / 63 }
    let flipped = NetworkInput.values(crop, boxSize: 8, outputSize: 16, flipped: true)
    let plain = NetworkInput.values(crop, boxSize: 8, outputSize: 16)
    for row in 0..<48 {
      let line = row * 16..<(row + 1) * 16
      #expect(zip(flipped[line], plain[line].reversed()).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    #expect(flipped != plain)
  }
}
