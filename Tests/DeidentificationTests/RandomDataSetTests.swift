import DICOM
import Foundation
import Support
import TestSupport
import Testing

@testable import Deidentification

/// Data sets of random attributes in random sequences: nothing planted comes through, and the outcome is valid.
struct RandomDataSetTests {
  private static let mark = "Planted"

  private static let wordsAndIntervals = DeidentificationOptions.with { options in
    options.dates = .modified
    options.cleansDescriptors = true
  }

  /// Attributes of every group: those of the table, neighbours of theirs, private ones, overlays, curves.
  private static func tag(_ random: inout SplitMix64) -> DICOMTag {
    let tag = anyTag(&random)
    // These stay as they are, by decision.
    return ProfileTable.retained[tag] == .keep ? .patientName : tag
  }

  private static let listed = ProfileTable.entries.keys.sorted()

  private static func anyTag(_ random: inout SplitMix64) -> DICOMTag {
    switch Int.random(in: 0..<8, using: &random) {
    case 0..<4: return listed[Int.random(in: 0..<listed.count, using: &random)]
    case 4..<6:
      let near = listed[Int.random(in: 0..<listed.count, using: &random)].rawValue
      return DICOMTag(rawValue: near &+ UInt32.random(in: 1...8, using: &random))
    case 6: return DICOMTag(rawValue: UInt32.random(in: 0x0008_0000...0x7FDF_FFFF, using: &random))
    default:
      return DICOMTag(
        rawValue: [0x5000_0010, 0x6000_0022, 0x0009_0010, 0x0009_1001].randomElement(using: &random) ?? 0)
    }
  }

  private static func elements(depth: Int, _ random: inout SplitMix64) -> [DataElement] {
    (0..<Int.random(in: 0...12, using: &random)).map { _ in
      let tag = tag(&random)
      let known = DICOMDictionary.vr(of: tag)
      var vr =
        Bool.random(using: &random)
        ? known ?? .lo : [.lo, .pn, .ut, .un, .ob, .cs, .ui].randomElement(using: &random) ?? .lo
      if Int.random(in: 0..<3, using: &random) == 0 { vr = .sq }
      guard vr != .sq else {
        let items =
          depth > 3 ? [] : (0..<Int.random(in: 0...2, using: &random)).map { _ in elements(depth: depth + 1, &random) }
        return DataElement(tag, .sq, .items(items))
      }
      return DataElement(tag, vr, "Planted^\(UInt16.random(in: 0...UInt16.max, using: &random))")
    }
  }

  @Test(arguments: [ElementEncoding.explicitLittle, .implicitLittle, .explicitBig])
  func nothingComesThrough(encoding: ElementEncoding) throws {
    var random = SplitMix64(seed: 3)
    var refused = 0
    for round in 0..<200 {
      var slice = SampleSlice()
      let own = Set(slice.elements.map(\.tag))
      slice.encoding = encoding
      slice.elements += Self.elements(depth: 0, &random).filter {
        !own.contains($0.tag) && $0.group >= 8 && $0.tag < .pixelData
      }
      let deidentifier = Deidentifier(key: testKey, options: round % 2 == 0 ? .basic : Self.wordsAndIntervals)
      do {
        let result = try deidentifier.deidentify(slice.data())
        #expect(Planted.found(in: result.data, marks: [Self.mark]).isEmpty, "round \(round)")
        let file = try result.data.parsed()
        let problems = DeidentificationCheck(options: deidentifier.options).problems(in: file)
        #expect(problems.isEmpty, "round \(round)")
        #expect(file.elements.map(\.tag) == file.elements.map(\.tag).sorted())
        // DCMTK reads it as a CT image.
        #expect(try DICOMFile.attributes(of: result.data, name: "outcome").first?.patientID == result.pseudonym)
      } catch is DeidentificationRefusal {
        refused += 1
      }
    }
    #expect(refused < 40)
  }
}
