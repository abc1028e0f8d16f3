import Classifiers
import Testing

@Suite("A table of features")
struct FeatureMatrixTests {
  @Test("Rows of another width and names that occur twice are refused")
  func refusals() throws {
    #expect(throws: ClassifierError.self) { try FeatureMatrix(names: ["a", "a"], rows: []) }
    #expect(throws: ClassifierError.self) { try FeatureMatrix(names: ["a", "b"], rows: [[1, 2], [3]]) }
    let matrix = try FeatureMatrix(names: ["a", "b"], rows: [[1, 2], [3, 4]])
    #expect(matrix.column(1) == [2, 4])
    #expect(Array(matrix.row(1)) == [3, 4])
  }
}
