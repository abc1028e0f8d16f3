import Imaging
import Testing

@testable import ROI

@Suite struct WindowTests {
  /// What the reader sees is what the network is given, to half a grey.
  @Test(arguments: [(40.0, 400.0), (90, 150), (-600, 1500)])
  func theROIsWindowIsThatOfThePage(centre: Double, width: Double) {
    let settings = ROISettings(windowCentre: centre, windowWidth: width)
    let table = WindowTable(centre: centre, width: width)
    for hounsfield in Int16(-1100)...3071 {
      let value = settings.windowed(Float(hounsfield))
      #expect(abs(Float(table.grey(hounsfield)) - value * 255) <= 0.501, "at \(hounsfield) HU")
    }
  }
}
