import Foundation
import Imaging
import Testing

@testable import ROI

@Suite struct MapPictureTests {
  /// Width and height that a PNG file states.
  private func size(_ png: Data) -> [UInt32] {
    [16, 20].map { start in png[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
  }

  @Test func twoPanelsInOnePicture() throws {
    let crop = (0..<64).map { Float($0) / 63 }
    let contour = [Polygon(vertices: [[2, 2], [5, 2], [5, 5], [2, 5]])]
    let bright = MapPicture(crop: crop, map: (0..<256).map { Float($0) }, contour: contour, boxSize: 8, side: 16)
    let png = try bright.png()
    #expect(png.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    #expect(size(png) == [2 * 16 + 8, 16])
    // A map that is zero throughout is a picture too, and so is a crop without a contour.
    let dark = try MapPicture(crop: crop, map: .init(repeating: 0, count: 256), contour: [], boxSize: 8, side: 16).png()
    #expect(size(dark) == [40, 16] && dark != png)
  }

  @Test func coloursRiseInLightnessFromBlueToYellow() {
    #expect(MapPicture.cividis(0) == Colour(0, 34, 78))
    #expect(MapPicture.cividis(1) == Colour(254, 232, 56))
    #expect(MapPicture.cividis(-1) == MapPicture.cividis(0) && MapPicture.cividis(7) == MapPicture.cividis(1))
    let lightness = (0...64).map { step in
      let colour = MapPicture.cividis(Double(step) / 64)
      return 0.299 * Double(colour.red) + 0.587 * Double(colour.green) + 0.114 * Double(colour.blue)
    }
    #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
  }
}
