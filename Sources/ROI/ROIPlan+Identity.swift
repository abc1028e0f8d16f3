import Foundation
import Study
import Support

extension ROIPlan {
  /// The identity of everything that the ROIs depend on: a version, and a SHA-256.
  var digest: String {
    var encoding = CanonicalEncoding(of: "ROIs", version: 2)
    // The network's own size is no matter of the crops.
    encoding.field("windowCentre", settings.windowCentre)
    encoding.field("windowWidth", settings.windowWidth)
    encoding.field("boxSize", settings.boxSize)
    encoding.field("outsideHU", settings.outsideHU)
    encoding.field("resampleTo", settings.resampleTo)
    encoding.field("maximumSlicesPerLesion", settings.maximumSlicesPerLesion)
    if neighbours > 0 { encoding.field("neighbours", neighbours) }
    encoding.field("excluded", excluded.sorted())
    for one in candidates {
      encoding.field("slice", one.place.sliceId)
      encoding.field("lesion", one.lesionId)
      encoding.field("reader", one.reader)
      encoding.field("path", one.place.path)
      encoding.field("frame", one.place.frame)
      encoding.field("rowSpacing", one.place.rowSpacing)
      encoding.field("columnSpacing", one.place.columnSpacing)
      encoding.field("outlines", one.outlines)
      if one.carriedId != nil { encoding.field("carried", true) }
      // Nothing is added where there are none: such ROIs have the identity that they had before there were neighbours.
      for place in one.series {
        encoding.field("neighbour", place.sliceId)
        encoding.field("path", place.path)
        encoding.field("frame", place.frame)
      }
    }
    return Self.version + encoding.digest
  }

  private static let version = "2 "

  /// Whether ROIs of the identity `stored` are those of this plan.
  func isThat(of stored: String) -> Bool {
    stored.hasPrefix(Self.version) ? stored == digest : neighbours == 0 && stored == digestOfVersion1
  }

  /// What RenalGrade 0.1 stored: SHA-256 of Swift's own text of the values.
  private var digestOfVersion1: String {
    var hash = SHA256()
    func add(_ values: Any...) { hash.update(data: Data("\(values)\n".utf8)) }
    var settings = settings
    settings.outputSize = 0
    add(settings, excluded.sorted())
    for one in candidates {
      add(
        one.place.sliceId, one.lesionId, one.reader, one.place.path, one.place.frame, one.pixelSize as Any,
        one.outlines.count)
      hash.update(data: Data(one.outlines.joined(separator: "\n").utf8))
    }
    return hash.finalize().hexadecimal
  }
}
