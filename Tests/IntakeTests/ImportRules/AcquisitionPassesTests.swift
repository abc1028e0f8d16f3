import DICOM
import Foundation
import GRDB
import Testing

@testable import Intake
@testable import Study

/// Several passes of the scanner under one series UID.
struct AcquisitionPassesTests {
  /// One slice of a pass.
  struct Slice: Sendable {
    let z: Double
    var number: Int?
    var time: String?
    var instance: Int?
  }

  private let test: ImportFolder

  init() throws { test = try ImportFolder() }

  private func write(_ slices: [Slice], in folder: String = "a", from first: Int = 0, thickness: Double = 5) throws {
    for (index, slice) in slices.enumerated() {
      let name = "\(folder)-\(first + index)"
      try test.write(
        "\(folder)/\(name).dcm", patient: "P01", exam: "P01", series: "P01", sop: name, z: slice.z, value: Int16(index)
      ) {
        $0.elements[.acquisitionNumber] = slice.number.map(String.init) ?? ""
        $0.elements[.acquisitionTime] = slice.time ?? ""
        $0.elements[.instanceNumber] = slice.instance.map(String.init) ?? ""
        $0.elements[.sliceThickness] = "\(thickness)"
      }
    }
  }

  /// The heights of the slices of each series, the series' own UID first.
  private func stored() throws -> [[Int]] {
    let rows = try test.study.read { try SlicePlace.all($0) }
    let groups = Dictionary(grouping: rows, by: \.seriesInstanceUID)
    return groups.sorted { ($0.key == test.uid("P01") ? 0 : 1, $0.key) < ($1.key == test.uid("P01") ? 0 : 1, $1.key) }
      .map { $0.value.sorted { $0.ordinal < $1.ordinal }.map(\.ordinal) }
  }

  private static func pass(
    _ count: Int = 4, from z: Double = 0, step: Double = 5, number: Int? = nil, time: String? = nil,
    firstInstance: Int? = nil
  ) -> [Slice] {
    (0..<count).map { index in
      Slice(z: z + step * Double(index), number: number, time: time, instance: firstInstance.map { $0 + index })
    }
  }

  static let parted: [(name: String, slices: [Slice])] = [
    ("half-way", pass(number: 1, time: "101000") + pass(from: 2.5, number: 2, time: "101045")),
    ("the same places", pass(number: 1) + pass(number: 2)),
    ("three passes", pass(number: 3) + pass(from: 1, number: 5) + pass(from: 2, number: 7)),
    ("times alone", pass(time: "101000") + pass(from: 2.5, time: "101045.5")),
    ("one number, two times", pass(number: 1, time: "101000") + pass(number: 1, time: "101100")),
    ("a shorter pass within", pass(12, number: 1) + pass(4, from: 12.5, number: 2)),
    ("numbers of the instances", pass(firstInstance: 1) + pass(from: 2, firstInstance: 5)),
    ("down and up again", pass(firstInstance: 1) + pass(from: 17, step: -5, firstInstance: 5)),
  ]

  @Test(arguments: parted.indices) func passesAreSeries(_ index: Int) throws {
    let slices = Self.parted[index].slices
    try write(slices)
    try test.importDICOM("a")
    let series = try stored()
    #expect(series.count == (Self.parted[index].name == "three passes" ? 3 : 2))
    #expect(series.reduce(0) { $0 + $1.count } == slices.count)
    for one in series { #expect(one == Array(one.indices)) }
    #expect(try test.excluded() == [])
    let remarks = try test.study.setAside()
    #expect(remarks.count { $0.reason.contains("passes of the scanner under one series UID") } == 1, "\(remarks)")
    #expect(remarks.allSatisfy { !$0.reason.contains("missing") })
    // Again, nothing changes.
    #expect(try test.importDICOM("a").slices == 0)
    #expect(try stored() == series)
    let again = try test.study.setAside()
    #expect(again == remarks, "\(again)")
  }

  static let whole: [(name: String, slices: [Slice])] = [
    ("slabs one after the other", pass(number: 1) + pass(from: 20, number: 2)),
    ("slabs that meet", pass(6, number: 1) + pass(6, from: 22.5, number: 2)),
    ("one number a slice", (0..<8).map { Slice(z: 5 * Double($0), number: $0 + 1) }),
    ("a scan that takes its time", (0..<8).map { Slice(z: 5 * Double($0), number: 1, time: "10100\($0)") }),
    ("slow slices", (0..<6).map { Slice(z: 5 * Double($0), time: "10\(10 + $0)00") }),
    ("numbers in no order", (0..<8).map { Slice(z: 5 * Double($0), instance: [3, 8, 1, 6, 2, 7, 5, 4][$0]) }),
    ("numbers downwards", (0..<8).map { Slice(z: 5 * Double($0), instance: 8 - $0) }),
  ]

  @Test(arguments: whole.indices) func oneStackStaysOne(_ index: Int) throws {
    try write(Self.whole[index].slices)
    try test.importDICOM("a")
    #expect(try stored().map(\.count) == [Self.whole[index].slices.count])
    #expect(try test.study.setAside().allSatisfy { !$0.excludes && !$0.reason.contains("passes") })
  }

  @Test func whatCannotBeToldApartCleanlyIsNamed() throws {
    // Two acquisitions among one another, one of them with doubled and uneven places.
    let slices = Self.pass(5, number: 1) + [1, 2, 2, 11, 18].map { Slice(z: $0, number: 2) }
    try write(slices)
    #expect(try test.importDICOM("a").slices == 0)
    #expect(try test.excluded() == ["case-0001"])
    #expect(try test.study.setAside().filter(\.excludes).allSatisfy { $0.reason.contains("two series under one UID") })
  }

  @Test func aSecondPassOfALaterImportIsParted() throws {
    try write(Self.pass(number: 2, time: "101045"), in: "a")
    try write(Self.pass(from: 2.5, number: 1, time: "101000"), in: "b")
    try test.importDICOM("a")
    #expect(try stored().map(\.count) == [4])
    #expect(try test.importDICOM("b").slices == 4)
    #expect(try stored().map(\.count) == [4, 4])
    let times = try test.study.read { database in
      try SlicePlace.all(database).filter { $0.seriesInstanceUID == test.uid("P01") }
        .compactMap {
          try DICOMFile.attributes(of: test.study.url.appendingPathComponent($0.path)).first?.acquisitionTime
        }
    }
    #expect(Set(times) == ["101000"], "the first in time has the series' own UID")
    #expect(try test.importDICOM("a").slices == 0 && stored().map(\.count) == [4, 4])
  }
}
