import Foundation
import Testing

@testable import Radiomics

@Suite("Image filters")
struct ImageFilterTests {
  /// The reference's name of a filter, and the filter; those of `exact` are equal to the last bit.
  static let filters: [(key: String, filter: any ImageFilter, isExact: Bool)] = [
    ("original", OriginalImage(), true),
    ("square", SquareImage(), false),
    ("squareRoot", SquareRootImage(), false),
    ("logarithm", LogarithmImage(), false),
    ("exponential", ExponentialImage(), false),
    ("gradient", GradientImage(), true),
    ("log", LaplacianOfGaussian(sigmas: [1, 2.5, 4]), true),
    ("wavelet", StationaryWavelet(), true),
    ("waveletBySlice", StationaryWavelet(bySlice: true), true),
    ("waveletHaar", StationaryWavelet(wavelet: .haar), true),
    ("lbp2D", LocalBinaryPattern2D(), true),
    ("lbp3D", LocalBinaryPattern3D(), false),
  ]

  @Test("Each response is pyradiomics', on even, odd, flat and anisotropic images, single slices and zeros")
  func parity() throws {
    var compared = 0
    for (name, expected) in try ImageFixture.read().filters.sorted(by: { $0.key < $1.key }) {
      let image = try expected.image()
      for (key, filter, isExact) in Self.filters {
        let responses = filter.responses(to: image)
        #expect(responses.map(\.name) == filter.names)
        let references = try #require(expected.responses[key])
        for response in responses {
          let label = "\(name), \(response.name)"
          guard let reference = references.first(where: { $0.name == response.name }) else {
            // pyradiomics gives no image; ours is a reason.
            #expect(throws: RadiomicsError.self, "\(label)") { try response.image.get() }
            continue
          }
          let values = try unpacked(reference.values)
          let isDefined = zip(values, image.mask).allSatisfy { !$1 || $0.isFinite }
          guard isDefined else {
            #expect(throws: RadiomicsError.self, "\(label)") { try response.image.get() }
            continue
          }
          let found = try response.image.get()
          #expect(found.size == image.size && found.spacing == image.spacing && found.mask == image.mask)
          if isExact {
            #expect(found.values == values, "\(label): \(largestDifference(found.values, values))")
          } else {
            #expect(largestDifference(found.values, values, where: image.mask) < 1e-12, "\(label)")
          }
          compared += 1
        }
        #expect(Set(references.map(\.name)).isSubset(of: filter.names), "\(name), \(key)")
      }
    }
    #expect(compared > 140)
  }

  @Test("Settings are read and written, and each filter is in the registry once")
  func settings() throws {
    let filters: [any ImageFilter] = Self.filters.map(\.filter)
    #expect(Set(filters.map { type(of: $0).key }).isSubset(of: ImageFilters.all.map { $0.key }))
    #expect(Set(ImageFilters.all.map { $0.key }).count == ImageFilters.all.count)
    let selected = filters.map { SelectedFilter($0) }
    let written = try JSONEncoder().encode(selected)
    #expect(try JSONDecoder().decode([SelectedFilter].self, from: written) == selected)
    func read(_ text: String) throws -> SelectedFilter {
      try JSONDecoder().decode(SelectedFilter.self, from: Data(text.utf8))
    }
    #expect(try read(#"{"filter": "wavelet"}"#) == SelectedFilter(StationaryWavelet()))
    #expect(try read(#"{"filter": "lbp2D", "samples": 12}"#) == SelectedFilter(LocalBinaryPattern2D(samples: 12)))
    #expect(SelectedFilter(SquareImage()) != SelectedFilter(SquareRootImage()))
    #expect(SelectedFilter(LaplacianOfGaussian(sigmas: [1])) != SelectedFilter(LaplacianOfGaussian(sigmas: [2])))
    for wrong in [
      #"{"filter": "sharpen"}"#, #"{"filter": "log", "sigmas": []}"#, #"{"filter": "log", "sigmas": [-1]}"#,
      #"{"filter": "lbp2D", "radius": 0}"#, #"{"filter": "lbp3D", "radius": -2}"#,
    ] {
      #expect(throws: RadiomicsError.self, "\(wrong)") { try read(wrong) }
    }
  }

  @Test("A filter with impossible parameters has reasons, not images")
  func impossibleParameters() throws {
    let image = try LesionImage(
      size: [5, 5, 5], spacing: [1, 1, 1], values: Array(repeating: 1, count: 125),
      mask: Array(repeating: true, count: 125))
    for filter in [LaplacianOfGaussian(sigmas: [1, -1]), LocalBinaryPattern3D(radius: .nan)] as [any ImageFilter] {
      let responses = filter.responses(to: image)
      #expect(responses.count == filter.names.count)
      for response in responses { #expect(throws: RadiomicsError.self) { try response.image.get() } }
    }
  }

  @Test("Filters give the same on an image as on one many times its lines, in every axis' blocks")
  func blocks() throws {
    // More lines than eight lanes and more columns than one piece, so that the last, partial block is reached.
    let size = SIMD3(301, 5, 6)
    var generator = FixedGenerator(7)
    let values = (0..<size.x * size.y * size.z).map { _ in Double.random(in: -100...100, using: &generator).rounded() }
    let image = try LesionImage(
      size: size, spacing: [0.8, 0.9, 2.5], values: values, mask: Array(repeating: true, count: values.count))
    // The same image with x and y exchanged; the responses are, too.
    var exchanged = values
    for z in 0..<6 {
      for y in 0..<5 { for x in 0..<301 { exchanged[(z * 301 + x) * 5 + y] = values[image.index(x, y, z)] } }
    }
    let other = try LesionImage(size: [5, 301, 6], spacing: [0.9, 0.8, 2.5], values: exchanged, mask: image.mask)
    for (filter, band) in [(StationaryWavelet(), 0), (StationaryWavelet(), 5)] {
      let first = filter.images(of: image)[band]
      let second = filter.images(of: other)[band]
      for z in 0..<6 {
        for y in 0..<5 {
          for x in 0..<301 {
            #expect(abs(first.values[first.index(x, y, z)] - second.values[second.index(y, x, z)]) < 1e-10)
          }
        }
      }
    }
    let first = try LaplacianOfGaussian(sigmas: [2]).images(of: image)[0]
    let second = try LaplacianOfGaussian(sigmas: [2]).images(of: other)[0]
    for z in 0..<6 {
      for y in 0..<5 {
        for x in 0..<301 {
          #expect(abs(first.values[first.index(x, y, z)] - second.values[second.index(y, x, z)]) < 1e-4)
        }
      }
    }
  }
}
