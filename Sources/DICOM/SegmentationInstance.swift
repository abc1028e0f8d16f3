public import Imaging

/// A binary segmentation that is to be written (PS3.3 section A.51), in Explicit VR Little Endian.
///
/// Its frames lie on the slices that they are of and name them. The same contents give the same bytes.
public struct SegmentationInstance: Sendable {
  /// One of the things that are outlined.
  public struct Segment: Sendable {
    /// SegmentLabel.
    public var label: String
    /// Its frames, each with the slice's index among the series' and whether each pixel is inside, row by row.
    public var frames: [(slice: Int, mask: PixelMask)]

    /// States a segment.
    public init(label: String, frames: [(slice: Int, mask: PixelMask)]) { (self.label, self.frames) = (label, frames) }
  }

  /// Patient, exam, series and slices.
  public var series: DerivedSeries
  /// Where the first slice's pixels lie; all slices share its directions and steps.
  public var plane: ImagePlane
  /// The distance of the slices in mm.
  public var sliceSpacing: Double
  /// The segments, numbered from 1.
  public var segments: [Segment]

  /// States a segmentation.
  public init(series: DerivedSeries, plane: ImagePlane, sliceSpacing: Double, segments: [Segment]) {
    (self.series, self.plane, self.sliceSpacing, self.segments) = (series, plane, sliceSpacing, segments)
  }

  private static let sopClass = "1.2.840.10008.5.1.4.1.1.66.4"

  /// The file's bytes.
  ///
  /// - Throws: `DICOMError` where a label cannot be written, or there is no frame.
  public func encoded() throws(DICOMError) -> [UInt8] {
    for segment in segments { try series.requireText(segment.label, 0x0062_0005) }
    let frames = segments.indices.flatMap { number in segments[number].frames.map { (number, $0.slice, $0.mask) } }
    guard !frames.isEmpty, let columns = UInt16(exactly: plane.columns), let rows = UInt16(exactly: plane.rows),
      frames.allSatisfy({ series.slices.indices.contains($1) && $2.columns == columns && $2.rows == rows })
    else {
      throw DICOMError(
        .cannotWrite, file: "the segmentation", tag: .numberOfFrames, "the segments have no frames of the slices' size")
    }
    var item = series.item(sopClassUID: Self.sopClass, modality: "SEG")
    item.set(0x0008_0008, .cs, #"DERIVED\PRIMARY"#)
    // Fixed, for the same contents are the same file.
    item.set(0x0008_0023, .da, "20000101")
    item.set(0x0008_0033, .tm, "000000")
    item.set(
      0x0008_1115,
      items: [
        NewItem {
          $0.set(0x0008_114A, items: series.instances.map { $0.reference(withFrame: false) })
          $0.set(0x0020_000E, .ui, series.sourceSeriesUID)
        }
      ])
    setDimensions(&item)
    for (tag, value) in [
      (0x0028_0002, 1), (0x0028_0010, Int(rows)), (0x0028_0011, Int(columns)), (0x0028_0100, 1), (0x0028_0101, 1),
      (0x0028_0102, 0), (0x0028_0103, 0),
    ] as [(UInt32, Int)] { item.set(tag, .us, "\(value)") }
    item.set(0x0028_0004, .cs, "MONOCHROME2")
    item.set(0x0028_0008, .is, "\(frames.count)")
    item.set(0x0028_2110, .cs, "00")
    item.set(0x0062_0001, .cs, "BINARY")
    item.set(0x0062_0002, items: segments.enumerated().map(Self.segment))
    item.set(0x0070_0080, .cs, "SEGMENTATION")
    item.set(0x0070_0081, .lo)
    item.set(0x0070_0084, .pn)
    item.set(0x5200_9229, items: [shared])
    item.set(0x5200_9230, items: frames.map { frame($0.0, slice: $0.1) })
    item.set(0x7FE0_0010, .ob, bytes: Self.packed(frames.map(\.2)))
    return series.encoded(item, sopClassUID: Self.sopClass, encoding: .explicitLittle)
  }

  /// Frames are ordered by segment, then by position (PS3.3 section C.7.6.17).
  private func setDimensions(_ item: inout NewItem) {
    let organization = series.uid("dimensions")
    func index(_ attribute: UInt32, in group: UInt32, _ label: String) -> NewItem {
      NewItem {
        $0.set(0x0020_9164, .ui, organization)
        $0.set(0x0020_9165, attribute: attribute)
        $0.set(0x0020_9167, attribute: group)
        $0.set(0x0020_9421, .lo, label)
      }
    }
    item.set(0x0020_9221, items: [NewItem { $0.set(0x0020_9164, .ui, organization) }])
    item.set(
      0x0020_9222,
      items: [
        index(0x0062_000B, in: 0x0062_000A, "Segment Number"),
        index(0x0020_0032, in: 0x0020_9113, "Image Position Patient"),
      ])
  }

  private static func segment(_ index: Int, _ segment: Segment) -> NewItem {
    NewItem {
      $0.set(0x0062_0003, items: [.code("49755003", "SCT", "Morphologically Abnormal Structure")])
      $0.set(0x0062_0004, .us, "\(index + 1)")
      $0.set(0x0062_0005, .lo, segment.label)
      $0.set(0x0062_0008, .cs, "MANUAL")
      $0.set(0x0062_000F, items: [.code("4147007", "SCT", "Mass")])
    }
  }

  private var shared: NewItem {
    let (across, down) = (plane.columnStep / plane.columnStep.length, plane.rowStep / plane.rowStep.length)
    return NewItem {
      $0.set(
        0x0020_9116,
        items: [
          NewItem {
            $0.set(0x0020_0037, .ds, CTInstance.decimals([across.x, across.y, across.z, down.x, down.y, down.z]))
          }
        ])
      $0.set(
        0x0028_9110,
        items: [
          NewItem {
            $0.set(0x0018_0050, .ds, CTInstance.decimals([sliceSpacing]))
            $0.set(0x0018_0088, .ds, CTInstance.decimals([sliceSpacing]))
            $0.set(0x0028_0030, .ds, CTInstance.decimals([plane.rowStep.length, plane.columnStep.length]))
          }
        ])
    }
  }

  private func frame(_ segment: Int, slice index: Int) -> NewItem {
    let slice = series.slices[index]
    var source = slice.reference()
    source.set(0x0028_135A, .cs, "YES")
    source.set(
      0x0040_A170, items: [.code("121322", "DCM", "Source image for image processing operation")])
    return NewItem {
      $0.set(
        0x0008_9124,
        items: [
          NewItem {
            $0.set(0x0008_2112, items: [source])
            $0.set(0x0008_9215, items: [.code("113076", "DCM", "Segmentation")])
          }
        ])
      $0.set(0x0020_9111, items: [NewItem { $0.set(0x0020_9157, .ul, "\(segment + 1)\\\(index + 1)") }])
      $0.set(
        0x0020_9113,
        items: [
          NewItem {
            $0.set(0x0020_0032, .ds, CTInstance.decimals([slice.position.x, slice.position.y, slice.position.z]))
          }
        ])
      $0.set(0x0062_000A, items: [NewItem { $0.set(0x0062_000B, .us, "\(segment + 1)") }])
    }
  }

  /// One bit for a pixel, the lowest first, without gaps between frames (PS3.5 section 8.1.1).
  private static func packed(_ masks: [PixelMask]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (masks.reduce(0) { $0 + $1.values.count } + 7) / 8)
    var place = 0
    for mask in masks {
      for (index, isInside) in mask.values.enumerated() where isInside {
        bytes[(place + index) / 8] |= 1 << UInt8((place + index) % 8)
      }
      place += mask.values.count
    }
    return bytes
  }
}
