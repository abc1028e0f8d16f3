import Foundation
import TestSupport
import Testing

@testable import Radiomics

@Suite(
  "IBSI 2, phase 1: response maps of the digital phantoms", .enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
struct IBSIResponseMapTests {
  /// The tests of IBSI 2's reference manual whose consensus map is at hand: phantom and filter.
  static let maps: [(test: String, phantom: String, filter: any ImageFilter)] = [
    ("1_a_1", "checkerboard", MeanImage(support: 15, boundary: .zero)),
    ("1_b_1", "impulse", MeanImage(support: 15, bySlice: true, boundary: .zero)),
    ("2_a", "impulse", SampledLaplacianOfGaussian(sigma: 3, boundary: .zero)),
    ("2_b", "checkerboard", SampledLaplacianOfGaussian(sigma: 5)),
    ("3_a_1", "impulse", LawsImage(kernels: "E5L5S5", boundary: .zero)),
    ("3_b_1", "checkerboard", LawsImage(kernels: "E3W5R5")),
    ("4_a_1", "impulse", GaborImage(sigma: 10, wavelength: 4, aspectRatio: 0.5, angle: 60, boundary: .zero)),
    ("4_b_1", "sphere", GaborImage(sigma: 20, wavelength: 8, aspectRatio: 2.5, angle: 225)),
    ("5_a_1", "impulse", WaveletBand(wavelet: .db2, band: "LHL", boundary: .zero)),
    ("6_a_1", "sphere", WaveletBand(wavelet: .coif1, band: "HHL", boundary: .periodic)),
    ("7_a_1", "checkerboard", WaveletBand(wavelet: .haar, band: "LLL", level: 2, pooling: .mean)),
    ("8_a_1", "checkerboard", NonSeparableWavelet()),
    ("9_a", "impulse", SampledLaplacianOfGaussian(sigma: 3, boundary: .zero, riesz: RieszOrder(x: 1, y: 0, z: 0))),
    ("10_b_1", "pattern_1", NonSeparableWavelet(riesz: RieszOrder(x: 0, y: 2, z: 0))),
  ]

  @Test("Each map is within 1% of its range, in each voxel", arguments: maps.indices)
  func map(_ index: Int) throws {
    let (test, phantom, filter) = Self.maps[index]
    let folder = try #require(SharedData.root).appendingPathComponent("ibsi/2")
    let image = try NIfTIFile(folder.appendingPathComponent("digital-phantom/\(phantom)/image/\(phantom).nii.gz"))
      .image()
    let expected = try NIfTIFile(folder.appendingPathComponent("response-maps/\(test).nii.gz"))
    let responses = filter.responses(to: image)
    #expect(responses.count == 1)
    let found = try responses[0].image.get()
    #expect(found.size == expected.size)
    let difference = largestDifference(found.values, expected.values)
    #expect(difference <= 0.01, "\(test): \(difference)")
  }

  @Test("Every map at hand is tested")
  func completeness() throws {
    let folder = try #require(SharedData.root).appendingPathComponent("ibsi/2/response-maps")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".nii.gz") }
    #expect(Set(files) == Set(Self.maps.map { $0.test + ".nii.gz" }))
  }
}
