import Testing

@testable import Imaging

@Suite struct WindowTableTests {
  /// Values worked out by hand from PS3.3, C.11.2.1.3.2, for the window of 400 HU around 40 HU.
  @Test func edgesAndHalvesAreAsTheStandardStates() {
    let table = WindowTable(centre: 40, width: 400)
    let expected: [(Int16, UInt8)] = [
      (-32_768, 0), (-1000, 0), (-160, 0), (-159, 1), (40, 128), (239, 254), (240, 255), (241, 255), (32_767, 255),
    ]
    for (hounsfield, grey) in expected { #expect(table.grey(hounsfield) == grey, "at \(hounsfield) HU") }
  }

  @Test(arguments: [(40.0, 400.0), (-600, 1500), (90, 150), (480, 2500), (40, 1), (0.5, 3)])
  func greysRiseFromBlackToWhite(centre: Double, width: Double) {
    let table = WindowTable(centre: centre, width: width)
    #expect(table.greys.count == 65_536)
    #expect(zip(table.greys, table.greys.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(table.greys.first == 0 && table.greys.last == 255)
  }

  @Test func storedValuesAreRescaledBeforeTheWindow() {
    let plain = WindowTable(centre: 40, width: 400)
    let rescaled = WindowTable(centre: 40, width: 400, slope: 2, intercept: -1024)
    for stored in stride(from: 0, through: 2000, by: 7) {
      #expect(rescaled.grey(Int16(stored)) == plain.grey(Int16(2 * stored - 1024)))
    }
  }

  @Test func anInvertedWindowIsTheMirrorImage() {
    // A width of 255 HU has one grey for each HU, so that nothing is rounded.
    let table = WindowTable(centre: 127.5, width: 255)
    let inverted = WindowTable(centre: 127.5, width: 255, isInverted: true)
    for hounsfield in Int16(-10)...265 { #expect(inverted.grey(hounsfield) == 255 - table.grey(hounsfield)) }
  }
}
