import Radiomics
import Testing

@Suite("A lesion's image")
struct LesionImageTests {
  @Test("Counts and spacings that do not fit are refused")
  func refusals() throws {
    #expect(throws: RadiomicsError.self) {
      try LesionImage(size: [2, 2, 1], spacing: [1, 1, 1], values: [1, 2, 3], mask: [true, true, true])
    }
    for spacing in [SIMD3<Double>(0, 1, 1), [1, -1, 1], [1, 1, .nan], [.infinity, 1, 1]] {
      #expect(throws: RadiomicsError.self) {
        try LesionImage(size: [1, 1, 1], spacing: spacing, values: [1], mask: [true])
      }
    }
    let image = try LesionImage(
      size: [2, 1, 2], spacing: [1, 1, 3], values: [0, 1, 2, 3], mask: [true, true, true, false])
    #expect(image.values[image.index(1, 0, 1)] == 3)
  }
}
