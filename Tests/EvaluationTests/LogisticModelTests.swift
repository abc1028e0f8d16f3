import Evaluation
import Foundation
import Testing

/// A model that was kept as JSON and whose numbers do not belong together is none.
struct LogisticModelTests {
  @Test(arguments: [
    ("[0,0]", "[1,1]", "[1,2]"), ("[0,0]", "[1]", "[1,2,3]"), ("[0]", "[1]", "[]"), ("[]", "[]", "[]"),
    ("[0]", "[1,1]", "[1,2]"), ("[0]", "[1]", "[1,2,3]"),
  ])
  func `numbers that do not belong together are refused`(_ means: String, _ deviations: String, _ coefficients: String)
  {
    let json = #"{"means":\#(means),"deviations":\#(deviations),"coefficients":\#(coefficients)}"#
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(LogisticBaseline.Model.self, from: Data(json.utf8))
    }
  }

  @Test func `others are read as they were written`() throws {
    let model = try LogisticBaseline.Model(
      rows: [[1, 2], [2, 1], [3, 5], [4, 3]], labels: [false, true, false, true], ridge: 1)
    let again = try JSONDecoder().decode(LogisticBaseline.Model.self, from: JSONEncoder().encode(model))
    #expect(again == model && again.probability([2, 2]) == model.probability([2, 2]))
  }
}
