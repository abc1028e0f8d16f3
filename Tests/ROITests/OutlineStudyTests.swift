import Foundation
import Imaging
import ReaderFixtures
import Study
import Testing

@testable import ROI

@Suite struct OutlineStudyTests {
  private let fixture: TwoReaderStudy

  init() throws { fixture = try TwoReaderStudy(count: 7) }

  /// The masks of a patient's only readings in a study.
  private func volumes(_ study: StudyFolder, _ patient: Int) throws -> ReadingVolumes {
    let readings = try LesionReadings.all(in: study)
    return try #require(readings.first { $0.patient == TwoReaderStudy.code(patient) }).volumes()
  }

  private func count(_ columns: Int, _ slices: Int) -> Int { columns * TwoReaderStudy.rows.count * slices }

  @Test func readingsLieOnOneGrid() throws {
    let all = try LesionReadings.all(in: fixture.study)
    #expect(all.count == 7 && all.dropLast().allSatisfy { $0.readings.map(\.reader) == TwoReaderStudy.readers })
    #expect(all[6].readings.map(\.reader) == ["U_1"] && all.allSatisfy { $0.readings.allSatisfy { $0.occasion == 1 } })
    for patient in 0..<6 {
      let found = try all[patient].volumes()
      for reader in 0..<2 {
        let columns = TwoReaderStudy.columns(patient, reader: reader).count
        let slices = TwoReaderStudy.slices(patient, reader: reader).count
        #expect(found.masks[reader].count { $0 } == count(columns, slices))
        #expect(abs(found.volumes[reader] - Double(count(columns, slices)) * 0.8 * 0.5 * 2.5) < 1e-9)
        let diagonal = SIMD2(Double(columns) * 0.8, 5)
        #expect(abs(found.diameters[reader] - (diagonal * diagonal).sum().squareRoot()) < 1e-9)
      }
      let both = zip(found.masks[0], found.masks[1]).count { $0 && $1 }
      let overlap = TwoReaderStudy.columns(patient, reader: 0).clamped(
        to: TwoReaderStudy.columns(patient, reader: 1)
      ).count
      #expect(both == count(overlap, TwoReaderStudy.slices(patient, reader: 1).count))
      // The tumour is as dense as it was made; the second outline reaches beyond it.
      #expect(try #require(found.meanHU[0]) > (patient.isMultiple(of: 2) ? 100 : 60))
      #expect(try #require(found.meanHU[1]) < #require(found.meanHU[0]))
      #expect(found.spacing == TwoReaderStudy.spacing && found.firstSlice == 2)
    }
  }

  @Test func anotherReadersStudyHasThatReadersROIsAndLeavesTheStudyAlone() throws {
    let before = try ROISet(fixture.study).entries.map(\.reader)
    let copy = try OutlineStudy(of: fixture.study, by: .reader("U_2"))
    let rois = try ROISet(copy.study)
    #expect(Set(rois.entries.map(\.reader)) == ["U_2"] && Set(rois.entries.map(\.patient)).count == 6)
    let excluded = try copy.study.setAside().filter { $0.stage == .rois && $0.excludes }
    #expect(excluded.map(\.patientCode) == [TwoReaderStudy.code(6)])
    #expect(try ROISet(fixture.study).entries.map(\.reader) == before && Set(before) == ["U_1"])
    let link = try FileManager.default.destinationOfSymbolicLink(
      atPath: copy.study.url.appendingPathComponent("dicom").path)
    #expect(!link.hasPrefix("/"))
    // Made again, it is the same.
    let again = try OutlineStudy(of: fixture.study, by: .reader("U_2"))
    #expect(try ROISet(again.study).fileName == rois.fileName)
  }

  @Test func theMajorityOfTwoIsWhatBothInclude() throws {
    let copy = try OutlineStudy(of: fixture.study, by: .majority)
    for patient in 0..<6 {
      let (own, found) = (try volumes(fixture.study, patient), try volumes(copy.study, patient))
      #expect(found.masks.count == 1)
      #expect(found.masks[0].count { $0 } == zip(own.masks[0], own.masks[1]).count { $0 && $1 })
    }
    // What one reader alone outlined stays.
    #expect(try volumes(copy.study, 6).masks[0].count { $0 } == volumes(fixture.study, 6).masks[0].count { $0 })
  }

  @Test func outlinesMoveAndGrowByMillimetres() throws {
    let moved = try OutlineStudy(of: fixture.study, by: .moved(right: 1.6, down: -0.5))
    let grown = try OutlineStudy(of: fixture.study, by: .grown(1))
    let shrunk = try OutlineStudy(of: fixture.study, by: .grown(-1))
    let own = try ROISet(fixture.study)
    #expect(try ROISet(moved.study).entries.count == own.entries.count)
    for patient in 0..<6 {
      let before = try volumes(fixture.study, patient)
      let after = try volumes(moved.study, patient)
      // The box moves with its outlines, so they look alike in it.
      #expect(after.masks.map { $0.count { $0 } } == before.masks.map { $0.count { $0 } })
      let columns = TwoReaderStudy.columns(patient, reader: 0).count
      let slices = TwoReaderStudy.slices(patient, reader: 0).count
      // By hand: centres within 1 mm of the rectangle, whose edges lie half a pixel beyond the outermost centres.
      var (more, fewer) = (0, 0)
      for column in -5..<columns + 5 {
        for row in -5..<15 {
          let right = max(-0.5 - Double(column), Double(column) - Double(columns) + 0.5) * 0.8
          let down = max(-0.5 - Double(row), Double(row) - 9.5) * 0.5
          let outside = SIMD2(max(0, right), max(0, down))
          if (outside * outside).sum() <= 1 { more += 1 }
          if max(right, down) <= -1 { fewer += 1 }
        }
      }
      #expect(try volumes(grown.study, patient).masks[0].count { $0 } == more * slices)
      #expect(try volumes(shrunk.study, patient).masks[0].count { $0 } == fewer * slices)
    }
    #expect(
      OutlineChoice.perturbations.count == 12 && Set(OutlineChoice.perturbations.map(\.title)).count == 12
        && OutlineChoice.grown(-2).title == "shrunk by 2 mm")
  }
}
