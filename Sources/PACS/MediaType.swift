/// What a `Content-Type` states (RFC 9110 section 8.3): a type, and parameters that may be quoted.
struct MediaType: Equatable {
  /// Type and subtype in lowercase letters, such as `multipart/related`.
  let name: String
  /// The parameters by their names in lowercase letters; of several with one name the first.
  let parameters: [String: String]

  /// Nil where there is no type.
  init?(_ text: String?) {
    var rest = Substring(text ?? "")
    func blank(_ character: Character) -> Bool { character == " " || character == "\t" }
    func token(upTo end: (Character) -> Bool) -> String {
      let token = rest.prefix { !end($0) }
      rest = rest[token.endIndex...]
      return String(token.drop(while: blank).reversed().drop(while: blank).reversed())
    }
    func value() -> String {
      rest = rest.drop(while: blank)
      guard rest.first == "\"" else { return token { $0 == ";" } }
      rest.removeFirst()
      var value = ""
      while let character = rest.popFirst(), character != "\"" {
        if character == "\\" {
          rest.popFirst().map { value.append($0) }
        } else {
          value.append(character)
        }
      }
      rest = rest.drop { $0 != ";" }
      return value
    }
    name = token { $0 == ";" }.lowercased()
    guard !name.isEmpty else { return nil }
    var parameters: [String: String] = [:]
    while rest.popFirst() != nil {
      let name = token { $0 == "=" || $0 == ";" }.lowercased()
      guard rest.first == "=" else { continue }
      rest.removeFirst()
      let value = value()
      if parameters[name] == nil { parameters[name] = value }
    }
    self.parameters = parameters
  }
}
