import Foundation
import TestSupport
import Testing

extension LoopbackServer {
  /// The root of its DICOMweb service.
  var root: URL { get throws { try #require(URL(string: url("dicom-web"))) } }
}

extension LoopbackServer.Response {
  static func json(_ text: String) -> Self {
    Self(headers: ["Content-Type: application/dicom+json"], body: Data(text.utf8))
  }

  static func multipart(_ parts: [Data], cutAfter: Int? = nil) -> Self {
    var body = Data()
    for part in parts { body += Data("\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n".utf8) + part }
    body += Data("\r\n--edge--\r\n".utf8)
    let type = #"Content-Type: multipart/related; type="application/dicom"; boundary="edge""#
    return Self(headers: [type], body: body, cutAfter: cutAfter)
  }
}
