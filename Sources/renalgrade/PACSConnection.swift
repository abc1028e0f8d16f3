import ArgumentParser
import Foundation
import PACS

/// Which PACS a subcommand speaks to, and how.
struct PACSConnection: ParsableArguments {
  @Option(help: "A DICOMweb service, such as https://pacs.example.org/dicom-web.")
  var url: String?

  @Option(help: "A PACS that speaks DIMSE, as HOST:PORT.")
  var dimse: String?

  @Option(help: "DIMSE: the PACS's AE title.")
  var called: String?

  @Option(help: "DIMSE: our AE title, which the PACS must know.")
  var calling = "RENALGRADE"

  @Option(help: "DIMSE: the port to listen on for C-MOVE, if the PACS offers no C-GET.")
  var listen: UInt16?

  @Option(
    help: "The certificate authorities to trust, a PEM file. With --dimse this turns TLS on.", completion: .file(),
    transform: PathArgument.file)
  var ca: String?

  @Option(help: "DIMSE over TLS: our own certificate, a PEM file.", completion: .file(), transform: PathArgument.file)
  var certificate: String?

  @Option(
    help: "DIMSE over TLS: the certificate's private key, a PEM file.", completion: .file(),
    transform: PathArgument.file)
  var certificateKey: String?

  @Option(help: "DICOMweb: the environment variable with user:password, or a token.")
  var credentialsVariable: String?

  @Option(help: "DICOMweb: a file with user:password, or a token.", completion: .file(), transform: PathArgument.file)
  var credentialsFile: String?

  @Flag(help: "DICOMweb: send the credentials even if the URL is http://, which does not encrypt them.")
  var credentialsOverHttp = false

  @Option(help: "How many seconds the PACS may take before it sends anything.")
  var timeout = 60

  @Option(help: "How many seconds the PACS may take in total to send one series; a query may take at most 600.")
  var seriesTimeout = 3600

  func validate() throws {
    guard (url == nil) != (dimse == nil) else { throw ValidationError("Give either --url or --dimse.") }
    guard dimse == nil || called != nil else { throw ValidationError("--dimse needs --called, the PACS's AE title.") }
    guard (certificate == nil) == (certificateKey == nil) else {
      throw ValidationError("--certificate and --certificate-key must be given together.")
    }
    let longest = 7 * 86400
    guard (1...longest).contains(timeout) else {
      throw ValidationError("--timeout must be from 1 to \(longest), found \(timeout).")
    }
    guard (1...longest).contains(seriesTimeout) else {
      throw ValidationError("--series-timeout must be from 1 to \(longest), found \(seriesTimeout).")
    }
    guard !credentialsOverHttp || credentialsVariable != nil || credentialsFile != nil else {
      throw ValidationError("--credentials-over-http needs --credentials-variable or --credentials-file.")
    }
  }

  /// The client; nothing is sent yet.
  func client() throws -> any PACSClient {
    func file(_ path: String?) -> URL? { path.map { URL(fileURLWithPath: $0) } }
    if let url {
      guard let root = URL(string: url) else { throw ValidationError("\(url) is not a URL.") }
      let credentials = try Credentials.read(variable: credentialsVariable, file: file(credentialsFile))
      var configuration = DICOMwebClient.Configuration(root: root, credentials: credentials, authorities: file(ca))
      configuration.allowsCredentialsOverHTTP = credentialsOverHttp
      configuration.readTimeout = .seconds(timeout)
      configuration.queryTimeout = .seconds(min(600, seriesTimeout))
      configuration.pullTimeout = .seconds(seriesTimeout)
      return try DICOMwebClient(configuration)
    }
    let parts = (dimse ?? "").split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]), let called else {
      throw ValidationError("--dimse must be HOST:PORT, such as pacs.example.org:104.")
    }
    let tls = file(ca).map {
      DIMSEClient.TLS(authorities: $0, certificate: file(certificate), key: file(certificateKey))
    }
    var configuration = DIMSEClient.Configuration(
      host: String(parts[0]), port: port, calledTitle: called, callingTitle: calling, tls: tls, listeningPort: listen)
    configuration.answerTimeout = .seconds(timeout)
    configuration.queryTimeout = .seconds(min(600, seriesTimeout))
    configuration.pullTimeout = .seconds(seriesTimeout)
    return try DIMSEClient(configuration)
  }
}
