import Foundation
import Testing

@testable import Annotation
@testable import ROI

@Suite struct MapPictureTests {
  private func picture(_ map: [Float], _ contour: [Polygon]) throws -> Drawing {
    let crop = (0..<64).map { Float($0) / 63 }
    return try Drawing(
      MapPicture(crop: crop, map: map, contour: contour, boxSize: 8, side: 16, description: "A < B").svg)
  }

  @Test func twoPanelsInOnePicture() throws {
    let bright = try picture((0..<256).map { Float($0) }, [Polygon(vertices: [[2, 2], [5, 2], [5, 5], [2, 5]])])
    #expect(bright.size == [2 * 16 + 8, 16])
    #expect(bright.all("desc").map(\.text) == ["A < B"])
    let panels = try bright.images(channels: 3)
    #expect(panels.map(\.side) == [16, 16])
    #expect(
      bright.all("path").map { $0.attributes["d"] } == Array(repeating: "M2.5 2.5L5.5 2.5L5.5 5.5L2.5 5.5Z", count: 2))
    // The last pixel is white, and under the map's brightest colour.
    #expect(panels[0].bytes.suffix(3) == [255, 255, 255])
    let last = Colour(255, 255, 255).covered(by: MapPicture.cividis(1), 0.55)
    #expect(panels[1].bytes.suffix(3) == [last.red, last.green, last.blue])
    // A map that is zero throughout is a picture too, and so is a crop without a contour.
    let dark = try picture(.init(repeating: 0, count: 256), [])
    let darkPanels = try dark.images(channels: 3)
    #expect(dark.size == [40, 16] && dark.all("path").isEmpty && darkPanels[1].bytes != panels[1].bytes)
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
