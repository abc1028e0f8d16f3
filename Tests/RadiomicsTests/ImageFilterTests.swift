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

  /// IBSI's filters by the reference's names.
  static let convolutional: [String: any ImageFilter] = [
    "mean": MeanImage(support: 5, bySlice: true, boundary: .nearest),
    "logSampled": SampledLaplacianOfGaussian(sigma: 1.2, boundary: .zero),
    "laws": LawsImage(kernels: "L5E5S3"),
    "lawsEnergy": LawsImage(kernels: "L5E5S3", pooling: .max, energyDistance: 2, boundary: .periodic),
    "waveletBand": WaveletBand(wavelet: .db3, band: "LHH", level: 2, pooling: .mean),
    "waveletBandBySlice": WaveletBand(wavelet: .db2, band: "LH", pooling: .mean, boundary: .zero),
    "gabor": GaborImage(sigma: 1.5, wavelength: 3, aspectRatio: 0.8, angle: 30),
    "simoncelli": NonSeparableWavelet(),
    "simoncelliRiesz": NonSeparableWavelet(level: 2, riesz: RieszOrder(x: 1, y: 0, z: 2)),
  ]

  @Test("IBSI's filters are those of scipy, PyWavelets and numpy, with every boundary")
  func convolutionalFilters() throws {
    let fixture = try ImageFixture.read()
    let image = try #require(fixture.filters["odd"]).image()
    #expect(Set(fixture.convolutional.keys) == Set(Self.convolutional.keys))
    for (key, values) in fixture.convolutional {
      let found = try #require(Self.convolutional[key]).responses(to: image)
      #expect(found.count == 1)
      let difference = try largestDifference(found[0].image.get().values, unpacked(values))
      #expect(difference < 1e-12, "\(key): \(difference)")
    }
  }

  @Test("Voxels that are not as wide as high are no image for a kernel in mm, by slice or not")
  func anisotropy() throws {
    let image = try #require(ImageFixture.read().filters["even"]).image()
    func isDefined(_ filter: any ImageFilter) -> Bool { (try? filter.responses(to: image)[0].image.get()) != nil }
    #expect(isDefined(SampledLaplacianOfGaussian(sigma: 1, bySlice: true)))
    #expect(!isDefined(SampledLaplacianOfGaussian(sigma: 1)))
    #expect(isDefined(GaborImage(sigma: 1, wavelength: 2)))
    #expect(!isDefined(GaborImage(sigma: 1, wavelength: 2, inAllPlanes: true)))
  }

  @Test("Settings are read and written, and each filter is in the registry once")
  func settings() throws {
    let filters = Self.filters.map(\.filter) + Self.convolutional.values
    #expect(Set(filters.map { type(of: $0).key }) == Set(ImageFilters.all.map { $0.key }))
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
      #"{"filter": "mean", "support": 4}"#, #"{"filter": "laws", "kernels": "L5X5"}"#,
      #"{"filter": "laws", "kernels": "L5"}"#, #"{"filter": "logSampled", "sigma": 0}"#,
      #"{"filter": "gabor", "sigma": 1, "wavelength": -1}"#, #"{"filter": "nonSeparableWavelet", "level": 0}"#,
      #"{"filter": "waveletBand", "wavelet": "coif1", "band": "LX"}"#,
      #"{"filter": "nonSeparableWavelet", "riesz": {"x": 0, "y": 0, "z": 0}}"#,
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

  @Test("Extreme spacings, values and sizes end in images or reasons")
  func extremes() throws {
    var generator = FixedGenerator(3)
    for _ in 0..<20 {
      let size = SIMD3((0..<3).map { _ in Int.random(in: 1...9, using: &generator) })
      let spacing = SIMD3(
        (0..<3).map { _ in [1e-300, 1e-3, 1, 1, 1, 1e3, 1e300].randomElement(using: &generator) ?? 1 })
      let count = size.x * size.y * size.z
      let extreme =
        [0, -0.0, .leastNonzeroMagnitude, 1e308, -1e308, .nan, .infinity].randomElement(using: &generator) ?? 0
      let values = (0..<count).map { _ in
        Int.random(in: 0...4, using: &generator) == 0 ? extreme : Double.random(in: -1000...1000, using: &generator)
      }
      let mask = (0..<count).map { _ in Bool.random(using: &generator) }
      let image = try LesionImage(size: size, spacing: spacing, values: values, mask: mask)
      for filter in Self.filters.map(\.filter) + Self.convolutional.values {
        for response in filter.responses(to: image) {
          guard let made = try? response.image.get() else { continue }
          #expect(made.size == size && zip(made.values, mask).allSatisfy { !$1 || $0.isFinite })
        }
      }
      for resampling in [Resampling.pyradiomics(spacing: [1, 1, 0]), .ibsi(spacing: [0, 2, 2])] {
        if let made = try? resampling.applied(to: image) { #expect(made.mask.contains(true)) }
      }
      if let made = try? Resegmentation(lowest: -500, outlierSigmas: 2).applied(to: image) {
        #expect(zip(made.values, made.mask).allSatisfy { !$1 || $0 >= -500 })
      }
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
