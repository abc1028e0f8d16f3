import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// An identifier in every attribute, VR, nesting and border: none survives but where the standard says keep, and the list of
/// kept attributes names those.
struct PlantedEverywhereTests {
  /// Every set of options.
  static let optionSets: [DeidentificationOptions] = DeidentificationOptions.Dates.allCases.flatMap { dates in
    (0..<128).map { bits in
      .with {
        $0.dates = dates
        $0.retainsPatientCharacteristics = bits & 1 > 0
        $0.retainsDeviceIdentity = bits & 2 > 0
        $0.retainsInstitutionIdentity = bits & 4 > 0
        $0.retainsUIDs = bits & 8 > 0
        $0.retainsSafePrivate = bits & 16 > 0
        $0.cleansDescriptors = bits & 32 > 0
        $0.retainsUnlistedText = bits & 64 > 0
      }
    }
  }

  /// The attributes with a planted value in the outcome that the list of kept ones does not have.
  private func leaks(_ data: Data, _ options: DeidentificationOptions) throws -> [DICOMTag] {
    let result = try Deidentifier(key: testKey, options: options).deidentify(data)
    guard !Planted.found(in: result.data, marks: [Planting.mark]).isEmpty else { return [] }
    let kept = Set(KeptAttributes(options).entries.map(\.tag))
    let file = try result.data.parsed()
    let holders = leaves(file.elements).map(\.element).filter {
      !Planted.found(in: Data(file.value(of: $0)), marks: [Planting.mark]).isEmpty
    }
    // What no element holds stands where nothing may.
    guard !holders.isEmpty else { return [DICOMTag(rawValue: 0)] }
    return holders.map(\.tag).filter { tag in
      let isUnlisted = options.retainsUnlistedText && ProfileTable.entries[tag] == nil
      return !kept.contains(tag) && !isUnlisted
    }
  }

  @Test(arguments: Planting.nestings.map(\.name), [ElementEncoding.explicitLittle, .implicitLittle, .explicitBig])
  func inEveryVRAndNesting(name: String, encoding: ElementEncoding) throws {
    let wrap = try #require(Planting.nestings.first { $0.name == name }).wrap
    #expect(Set(Planting.attributes.map(\.vr)).count == 33)
    for isOdd in [false, true] {
      for (tag, vr) in Planting.attributes {
        var slice = SampleSlice()
        slice.encoding = encoding
        let element = Planting.element(tag, vr, isOdd: isOdd)
        slice.elements = slice.elements.filter { $0.tag != tag } + wrap([element])
        for options in [DeidentificationOptions.basic, .study] {
          #expect(try leaks(slice.data(), options).isEmpty, "\(vr) in \(tag) \(name)")
        }
      }
    }
  }

  @Test func inAnySetOfOptions() throws {
    let tags = Set(Planting.attributes.map(\.tag))
    var planted = Planting.attributes.filter { tags.contains($0.tag) }.map { Planting.element($0.tag, $0.vr) }
    planted += ProfileTable.entries.keys.filter { ![0, 2, 4].contains($0.rawValue >> 16) && !tags.contains($0) }
      .compactMap { tag in DICOMDictionary.vr(of: tag).flatMap { $0 == .sq ? nil : Planting.element(tag, $0) } }
    let own = Set(SampleSlice().elements.map(\.tag))
    var slice = SampleSlice()
    slice.elements += planted.filter { !own.contains($0.tag) }
    let data = slice.data()
    #expect(Self.optionSets.count == 384)
    for options in Self.optionSets { #expect(try leaks(data, options).isEmpty, "\(options)") }
  }

  @Test func inEveryAttribute() throws {
    let own = Set(SampleSlice().elements.map(\.tag))
    let tags = Planting.everyTag.filter { !own.contains($0) || $0 == .patientID || $0 == .imageType }
    #expect(tags.count > 3500)
    var slice = SampleSlice()
    slice.elements = slice.elements.filter { $0.tag != .patientID && $0.tag != .imageType }
    slice.elements += tags.compactMap { tag in
      let vr = DICOMDictionary.vr(of: tag) ?? .lo
      let name = DataElement(.patientName, .pn, Planting.text)
      return vr == .sq ? DataElement(tag, .sq, .items([[name]])) : Planting.element(tag, vr)
    }
    let data = slice.data()
    var most = DeidentificationOptions.with { $0.dates = .full }
    (most.retainsPatientCharacteristics, most.retainsDeviceIdentity, most.retainsInstitutionIdentity) = (
      true, true, true
    )
    // Some of the attributes are signs of text in the image.
    for var options in [DeidentificationOptions.basic, .study, most] {
      options.admitsImagesWithText = true
      #expect(try leaks(data, options).isEmpty)
    }
    let basic = DeidentificationOptions.with { $0.admitsImagesWithText = true }
    let outcome = try Deidentifier(key: testKey, options: basic).deidentify(data).data
    #expect(Planted.found(in: outcome, marks: [Planting.mark]).isEmpty)
  }

  @Test(arguments: Planting.borders.map(\.name))
  func atEveryBorder(name: String) throws {
    let border = try #require(Planting.borders.first { $0.name == name })
    let data = try border.plant(SampleSlice().data())
    #expect(Planted.found(in: data, marks: [Planting.mark]) == [Planting.mark])
    for options in Self.optionSets.enumerated().filter({ $0.offset % 16 == 0 || $0.offset % 128 == 127 }).map(\.element)
    {
      #expect(try leaks(data, options).isEmpty, "\(name) \(options)")
    }
  }

  @Test func theListOfKeptAttributesIsTheTables() {
    let none = KeptAttributes(.basic)
    #expect(none.entries.allSatisfy { $0.what.contains("not listed by PS3.15") || $0.what.contains("its items") })
    let patient = KeptAttributes(.with { $0.retainsPatientCharacteristics = true })
    #expect(patient.entries.contains { $0.attribute == "(0010,0040) PatientSex" && $0.what.hasPrefix("the value") })
    #expect("\(patient)".contains("UIDs: DICOM's own"))
    print("kept by the basic profile: \(none.entries.count) attributes")
  }
}
