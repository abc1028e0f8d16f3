import Foundation
import TestSupport
import Testing

@testable import Radiomics

@Suite(
  "IBSI 2, phase 2: statistics of the filtered CT phantom", .enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
struct IBSIFilteredFeatureTests {
  /// The filters of the tests 1 to 9, by slice (A) and in 3D (B), and how far they reach in voxels; nil for all of the
  /// image.
  static let filters: [String: (filter: any ImageFilter, reach: Int?)] = [
    "1.A": (OriginalImage(), 0), "1.B": (OriginalImage(), 0),
    "2.A": (MeanImage(support: 5, bySlice: true), 2), "2.B": (MeanImage(support: 5), 2),
    "3.A": (SampledLaplacianOfGaussian(sigma: 1.5, bySlice: true), 7),
    "3.B": (SampledLaplacianOfGaussian(sigma: 1.5), 7),
    "4.A": (LawsImage(kernels: "L5E5", pooling: .max, energyDistance: 7), 9),
    "4.B": (LawsImage(kernels: "L5E5E5", pooling: .max, energyDistance: 7), 9),
    "5.A": (GaborImage(sigma: 5, wavelength: 2, aspectRatio: 1.5, angleStep: 22.5), 36),
    "5.B": (GaborImage(sigma: 5, wavelength: 2, aspectRatio: 1.5, angleStep: 22.5, inAllPlanes: true), 36),
    "6.A": (WaveletBand(wavelet: .db3, band: "LH", pooling: .mean), 4),
    "6.B": (WaveletBand(wavelet: .db3, band: "LLH", pooling: .mean), 4),
    "7.A": (WaveletBand(wavelet: .db3, band: "HH", level: 2, pooling: .mean), 12),
    "7.B": (WaveletBand(wavelet: .db3, band: "HHH", level: 2, pooling: .mean), 12),
    "8.A": (NonSeparableWavelet(level: 1, bySlice: true), nil), "8.B": (NonSeparableWavelet(level: 1), nil),
    "9.A": (NonSeparableWavelet(level: 2, bySlice: true), nil), "9.B": (NonSeparableWavelet(level: 2), nil),
  ]

  /// All of them in an optimised build, which `make test` is; those that take seconds otherwise.
  static let quickest: [String] = {
    #if DEBUG
      ["1.A", "2.A", "6.A"]
    #else
      filters.keys.sorted()
    #endif
  }()

  @Test("Statistics are within IBSI's tolerance", arguments: quickest)
  func statistics(_ test: String) throws {
    let root = try #require(SharedData.root).appendingPathComponent("ibsi")
    let table = try String(contentsOf: root.appendingPathComponent("2/reference_values.csv"), encoding: .utf8)
    let rows = table.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ";", omittingEmptySubsequences: false)
    }
    let phantom = try CTPhantom(root.appendingPathComponent("1/ct-phantom")).image
    let (filter, reach) = try #require(Self.filters[test])
    let image =
      test.hasSuffix("A")
      ? try phantom.cropped(margin: reach ?? .max)
      : try Resampling.ibsi(spacing: [1, 1, 1]).applied(to: phantom, margin: reach ?? 1000)
    let lesion = try Resegmentation(lowest: -1000, highest: 400).applied(to: image)
    let response = try filter.responses(to: lesion)[0].image.get()
    let found = Statistics(zip(response.values, response.mask).compactMap { $1 ? $0 : nil }).values
    var compared = 0
    for row in rows where row.count == 5 && String(row[0]) == test {
      let own = try #require(found[String(row[2])], "\(row[2])")
      compared += 1
      // Teams agreed on all but one of these values.
      guard let value = Double(row[3]), let tolerance = Double(row[4]) else {
        #expect("\(test) \(row[2])" == "8.B stat_qcod")
        continue
      }
      #expect(abs(own - value) <= tolerance, "\(test) \(row[1]): \(own), expected \(value) within \(tolerance)")
    }
    #expect(compared == 18)
  }
}

/// The 18 statistics of IBSI 1, by their tags.
private struct Statistics {
  let values: [String: Double]

  init(_ numbers: [Double]) {
    let sorted = numbers.sorted()
    let count = Double(numbers.count)
    func mean(_ list: [Double]) -> Double { list.reduce(0, +) / Double(list.count) }
    func percentile(_ share: Double) -> Double {
      let place = share * (count - 1)
      let low = Int(place)
      return sorted[low] + (sorted[min(low + 1, sorted.count - 1)] - sorted[low]) * (place - Double(low))
    }
    let average = mean(numbers)
    func moment(_ order: Double) -> Double { mean(numbers.map { pow($0 - average, order) }) }
    let variance = moment(2)
    let (median, p10, p90) = (percentile(0.5), percentile(0.1), percentile(0.9))
    let (p25, p75) = (percentile(0.25), percentile(0.75))
    let robust = numbers.filter { $0 >= p10 && $0 <= p90 }
    let robustMean = mean(robust)
    let energy = numbers.reduce(0) { $0 + $1 * $1 }
    values = [
      "stat_mean": average, "stat_var": variance, "stat_skew": moment(3) / pow(variance, 1.5),
      "stat_kurt": moment(4) / (variance * variance) - 3, "stat_median": median, "stat_min": sorted[0],
      "stat_p10": p10, "stat_p90": p90, "stat_max": sorted[sorted.count - 1], "stat_iqr": p75 - p25,
      "stat_range": sorted[sorted.count - 1] - sorted[0], "stat_mad": mean(numbers.map { abs($0 - average) }),
      "stat_rmad": mean(robust.map { abs($0 - robustMean) }), "stat_medad": mean(numbers.map { abs($0 - median) }),
      "stat_cov": variance.squareRoot() / average, "stat_qcod": (p75 - p25) / (p75 + p25), "stat_energy": energy,
      "stat_rms": (energy / count).squareRoot(),
    ]
  }
}
