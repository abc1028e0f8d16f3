import Testing

@testable import Evaluation

/// What the paper prints, and what can't be so.
@Suite struct PrintedTests {
  func number(_ text: String) throws -> PrintedNumber { try #require(PrintedNumber(text)) }

  func result(_ sensitivity: String, _ specificity: String, _ accuracy: String) throws -> PrintedResult {
    PrintedResult([
      .sensitivity: try number(sensitivity), .specificity: try number(specificity), .accuracy: try number(accuracy),
    ])
  }

  @Test func numbersAreReadAsPrinted() throws {
    for (text, value) in [(".67", 0.67), ("0.67", 0.67), ("67%", 0.67), ("44.0 %", 0.44), ("1", 1.0), ("1.00", 1.0)] {
      #expect(agree(try number(text).value, value), "\(text)")
    }
    for text in ["", ".", "-0.3", "0.6.7", "0,67", "NaN", "%", "0.", "0.12345678901", "99999999999999999999"] {
      #expect(PrintedNumber(text) == nil, "\(text)")
    }
  }

  @Test func aHalfRoundsEitherWay() throws {
    #expect(try number(".12").isShare(1, of: 8) && number(".13").isShare(1, of: 8))
    #expect(try !number(".14").isShare(1, of: 8))
    #expect(try number(".67").parts(of: 3) == 2...2)
    #expect(try number(".67").parts(of: 14) == nil)
    #expect(try number("0").parts(of: 5) == 0...2 && number("1").parts(of: 5) == 3...5)
  }

  /// Every table of a few cases is found again from its own rounded rates, and only true neighbours beside it.
  @Test func whatCountsCanGiveIsNeverAContradiction() throws {
    for positives in 1...7 {
      for negatives in 1...7 {
        for hits in 0...positives {
          for rejections in 0...negatives {
            let matrix = ConfusionMatrix(
              truePositives: hits, falsePositives: negatives - rejections, trueNegatives: rejections,
              falseNegatives: positives - hits)
            func printed(_ value: Double?) throws -> PrintedNumber? {
              guard let value else { return nil }
              let hundredths = Int((value * 100).rounded())
              return try number("\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)")
            }
            var rates: [PrintedResult.Rate: PrintedNumber] = [:]
            rates[.sensitivity] = try printed(matrix.sensitivity)
            rates[.specificity] = try printed(matrix.specificity)
            rates[.accuracy] = try printed(matrix.accuracy)
            rates[.positivePredictiveValue] = try printed(matrix.positivePredictiveValue)
            rates[.negativePredictiveValue] = try printed(matrix.negativePredictiveValue)
            let result = PrintedResult(rates)
            let sizes = [PrintedResult.Sizes(positives: positives, negatives: negatives)]
            #expect(result.contradictions(sizes).isEmpty)
            #expect(result.matrices(sizes) == [matrix])
          }
        }
      }
    }
  }

  @Test func thePapersRatesCannotComeFromItsFortyPatients() throws {
    let sizes = [
      PrintedResult.Sizes(positives: 14, negatives: 26), PrintedResult.Sizes(positives: 16, negatives: 24),
    ]
    let found = try result(".67", ".94", ".84").contradictions(sizes)
    #expect(found.map(\.place) == ["sensitivity", "specificity", "accuracy"])
    #expect(
      found[0].description
        == "A sensitivity of .67 can't come from 14 or 16 positive cases: 9 of 14 is 0.643, 10 of 14 is 0.714; "
        + "10 of 16 is 0.625, 11 of 16 is 0.688.")
    #expect(
      found[2].description == "An accuracy of .84 can't come from 40 cases: 33 of 40 is 0.825, 34 of 40 is 0.850.")
    // Nor from any other division of 40.
    #expect(
      try result(".67", ".94", ".84").contradictions(PrintedResult.Sizes.all(of: 40)).map(\.place) == ["accuracy"])
    for (sensitivity, specificity, accuracy) in [(".55", ".88", ".77"), (".53", ".81", ".71")] {
      #expect(try !result(sensitivity, specificity, accuracy).contradictions(sizes).isEmpty)
    }
  }

  @Test func thePapersRatesImplyTheShareOfItsSlices() throws {
    let results = [
      try result(".67", ".94", ".84"), try result(".55", ".88", ".77"), try result(".53", ".81", ".71"),
    ]
    let share = try #require(PrintedResult.impliedPositiveShare(results))
    #expect(agree([share.lowerBound, share.upperBound], [0.09 / 0.27, 0.12 / 0.33]))
    #expect(share.contains(14.0 / 40) && !share.contains(16.0 / 40) && !share.contains(144.0 / 505))
    #expect(try result(".6", ".6", ".6").impliedPositiveShare == 0...1)
    #expect(try result(".90", ".80", ".50").impliedPositiveShare == nil)
    #expect(PrintedResult.impliedPositiveShare([results[0], try result(".90", ".80", ".89")]) == nil)
    #expect(PrintedResult([:]).impliedPositiveShare == nil)
  }

  @Test func ratesThatFitAloneButNotTogetherAreFound() throws {
    let sizes = [PrintedResult.Sizes(positives: 10, negatives: 10)]
    #expect(try result(".90", ".80", ".85").contradictions(sizes).isEmpty)
    let found = try result(".90", ".80", ".75").contradictions(sizes)
    #expect(found.count == 1 && found[0].description.contains("together"))
    #expect(try result(".90", ".80", ".75").contradictions([]).isEmpty)
  }

  /// Contradictions of the paper's kinds: Table 4's header against its rows, 222 of 505 as 43.0%, 514 against 505.
  @Test func thePapersTablesDoNotAddUp() throws {
    let table4 = PrintedTable(
      columns: [PrintedTable.Column("low", total: 24), PrintedTable.Column("high", total: 16)],
      variables: [
        PrintedTable.Variable(
          "laterality",
          [
            PrintedTable.Row("left", [12, 6]), PrintedTable.Row("right", [14, 8], total: 23),
          ]),
        PrintedTable.Variable(
          "procedure",
          [
            PrintedTable.Row("surgery", [20, 12]), PrintedTable.Row("biopsy", [6, 4]),
          ]),
      ], total: 40)
    #expect(
      table4.contradictions.map(\.description) == [
        "The rows of laterality make 26 in column low, its heading says 24.",
        "The rows of laterality make 14 in column high, its heading says 16.",
        "The cells of right make 22, the row says 23.",
        "The rows of procedure make 26 in column low, its heading says 24.",
      ])
    let table3 = PrintedTable(
      columns: [PrintedTable.Column("all", total: 505)],
      variables: [
        PrintedTable.Variable(
          "laterality",
          [
            PrintedTable.Row("left", [PrintedTable.Cell(222, try number("43.0%"))]),
            PrintedTable.Row("right", [PrintedTable.Cell(283, try number("56.0%"))]),
          ])
      ], total: 514)
    #expect(
      table3.contradictions.map(\.description) == [
        "The headings say 505, the text says 514.", "222 of 505 is 44.0%, printed is 43.0%.",
      ])
    let right = PrintedTable(
      columns: [PrintedTable.Column("low", total: 361), PrintedTable.Column("high", total: 144)],
      variables: [
        PrintedTable.Variable("sex", [PrintedTable.Row("women", [100, 44]), PrintedTable.Row("men", [261, 100])])
      ],
      total: 505)
    #expect(right.contradictions.isEmpty)
  }
}
