import Foundation
import TestSupport
import Testing

@testable import Radiomics

@Suite(
  "IBSI 1: the CT phantom after resampling and resegmentation",
  .enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
struct IBSIResamplingTests {
  /// The configurations with a new grid: B resamples slices alone.
  static let configurations: [String: (resampling: Resampling, resegmentation: Resegmentation)] = [
    "B": (.ibsi(spacing: [2, 2, 0], interpolation: .linear), Resegmentation(lowest: -500, highest: 400)),
    "C": (.ibsi(spacing: [2, 2, 2], interpolation: .linear), Resegmentation(lowest: -1000, highest: 400)),
    "D": (.ibsi(spacing: [2, 2, 2], interpolation: .linear), Resegmentation(outlierSigmas: 3)),
    "E": (.ibsi(spacing: [2, 2, 2]), Resegmentation(lowest: -1000, highest: 400, outlierSigmas: 3)),
  ]

  @Test("Sizes, boxes, counts and intensities are within IBSI's tolerance", arguments: configurations.keys.sorted())
  func diagnostics(_ name: String) throws {
    let folder = try #require(SharedData.root).appendingPathComponent("ibsi/1")
    let (resampling, resegmentation) = try #require(Self.configurations[name])
    let image = try resampling.applied(to: CTPhantom(folder.appendingPathComponent("ct-phantom")).image, margin: 1000)
    let lesion = try resegmentation.applied(to: image)
    var found: [String: Double] = [:]
    for (axis, letter) in ["x", "y", "z"].enumerated() {
      found["img_dim_\(letter)_interp_img"] = Double(image.size[axis])
      found["vox_dim_\(letter)_interp_img"] = image.spacing[axis]
    }
    found["mean_int_interp_img"] = image.values.reduce(0, +) / Double(image.values.count)
    found["min_int_interp_img"] = image.values.min()
    found["max_int_interp_img"] = image.values.max()
    // The morphological mask is not resegmented.
    for (stage, intensities) in [("interp", image), ("reseg", lesion)] {
      for (kind, image) in [("int", intensities), ("morph", image)] {
        let box = try image.box()
        for (axis, letter) in ["x", "y", "z"].enumerated() {
          found["\(kind)_mask_dim_\(letter)_\(stage)_roi"] = Double(image.size[axis])
          found["\(kind)_mask_bb_dim_\(letter)_\(stage)_roi"] = Double(box.last[axis] - box.first[axis] + 1)
        }
        found["\(kind)_mask_vox_count_\(stage)_roi"] = Double(image.mask.count { $0 })
      }
      let values = zip(intensities.values, intensities.mask).compactMap { $1 ? $0 : nil }
      found["int_mask_mean_int_\(stage)_roi"] = values.reduce(0, +) / Double(values.count)
      found["int_mask_min_int_\(stage)_roi"] = values.min()
      found["int_mask_max_int_\(stage)_roi"] = values.max()
    }
    let table = try String(contentsOf: folder.appendingPathComponent("config_\(name).csv"), encoding: .utf8)
    var compared = 0
    for line in table.split(whereSeparator: \.isNewline) where line.contains("Diagnostics-") {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let tag = try #require(cells.last)
      // The image before resampling is the file's, not ours.
      if tag.contains("_init_") { continue }
      let own = try #require(found[tag], "\(tag)")
      let (value, tolerance) = (try #require(Double(cells[4])), try #require(Double(cells[5])))
      #expect(abs(own - value) <= tolerance, "\(name) \(tag): \(own), expected \(value) within \(tolerance)")
      compared += 1
    }
    #expect(compared > 35)
  }
}
