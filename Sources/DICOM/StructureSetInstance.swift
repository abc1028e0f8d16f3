/// A structure set that is to be written (PS3.3 section A.19), in Implicit VR Little Endian, where a contour of any length fits.
///
/// The same contents give the same bytes.
public struct StructureSetInstance: Sendable {
  /// One of the things that are outlined.
  public struct Region: Sendable {
    /// ROIName.
    public var name: String
    /// Its closed contours, each with the slice's index among the series' and its corners (LPS, mm).
    public var contours: [(slice: Int, points: [SIMD3<Double>])]

    /// States a region.
    public init(name: String, contours: [(slice: Int, points: [SIMD3<Double>])]) {
      (self.name, self.contours) = (name, contours)
    }
  }

  /// Patient, exam, series and slices.
  public var series: DerivedSeries
  /// The regions, numbered from 1.
  public var regions: [Region]

  /// States a structure set.
  public init(series: DerivedSeries, regions: [Region]) { (self.series, self.regions) = (series, regions) }

  static let sopClass = "1.2.840.10008.5.1.4.1.1.481.3"
  /// Detached Study Management, retired and yet what the module asks for (PS3.3 section C.8.8.5).
  private static let studyClass = "1.2.840.10008.3.1.2.3.1"

  /// The file's bytes.
  ///
  /// - Throws: `DICOMError` where a name cannot be written, or a contour names a slice that is not there.
  public func encoded() throws(DICOMError) -> [UInt8] {
    for region in regions { try series.requireText(region.name, 0x3006_0026) }
    guard regions.allSatisfy({ $0.contours.allSatisfy { series.slices.indices.contains($0.slice) } }) else {
      throw DICOMError(.cannotWrite, file: "the structure set", "a contour lies on a slice that is not in the series")
    }
    var item = series.item(sopClassUID: Self.sopClass, modality: "RTSTRUCT")
    item.set(0x0008_1070, .pn)
    item.set(0x3006_0002, .sh, "RenalGrade")
    item.set(0x3006_0008, .da)
    item.set(0x3006_0009, .tm)
    item.set(0x3006_0010, items: [frameOfReference])
    item.set(
      0x3006_0020,
      items: regions.enumerated().map { index, region in
        NewItem {
          $0.set(0x3006_0022, .is, "\(index + 1)")
          $0.set(0x3006_0024, .ui, series.frameOfReferenceUID)
          $0.set(0x3006_0026, .lo, region.name)
          $0.set(0x3006_0036, .cs, "MANUAL")
        }
      })
    item.set(0x3006_0039, items: regions.enumerated().map(contours))
    item.set(
      0x3006_0080,
      items: regions.indices.map { index in
        NewItem {
          $0.set(0x3006_0082, .is, "\(index + 1)")
          $0.set(0x3006_0084, .is, "\(index + 1)")
          $0.set(0x3006_00A4, .cs)
          $0.set(0x3006_00A6, .pn)
        }
      })
    return series.encoded(item, sopClassUID: Self.sopClass, encoding: .implicitLittle)
  }

  private var frameOfReference: NewItem {
    let referencedSeries = NewItem {
      $0.set(0x0020_000E, .ui, series.sourceSeriesUID)
      $0.set(0x3006_0016, items: series.instances.map { $0.reference(withFrame: false) })
    }
    let study = NewItem {
      $0.set(0x0008_1150, .ui, Self.studyClass)
      $0.set(0x0008_1155, .ui, series.studyInstanceUID)
      $0.set(0x3006_0014, items: [referencedSeries])
    }
    return NewItem {
      $0.set(0x0020_0052, .ui, series.frameOfReferenceUID)
      $0.set(0x3006_0012, items: [study])
    }
  }

  private func contours(_ index: Int, _ region: Region) -> NewItem {
    NewItem {
      $0.set(0x3006_002A, .is, #"230\159\0"#)
      $0.set(
        0x3006_0040,
        items: region.contours.enumerated().map { number, contour in
          NewItem {
            $0.set(0x3006_0016, items: [series.slices[contour.slice].reference()])
            $0.set(0x3006_0042, .cs, "CLOSED_PLANAR")
            $0.set(0x3006_0046, .is, "\(contour.points.count)")
            $0.set(0x3006_0048, .is, "\(number + 1)")
            $0.set(0x3006_0050, .ds, CTInstance.decimals(contour.points.flatMap { [$0.x, $0.y, $0.z] }))
          }
        })
      $0.set(0x3006_0084, .is, "\(index + 1)")
    }
  }
}
