import DICOM

/// One run over the elements of a file: what the profile decides is done, and noted.
struct DeidentificationPass {
  let file: DataSet
  let key: PseudonymKey
  let profile: ConfidentialityProfile
  let identity: Identity
  var audit = DeidentificationAudit()

  /// The elements that are left of a data set or an item, in the order of their tags.
  mutating func elements(_ elements: [DataElement]) -> [DataElement] {
    var left: [DataElement] = []
    for (element, action) in profile.decisions(for: elements, in: file) {
      let (changed, outcome) = apply(action, to: element)
      audit.note(element.tag, outcome)
      if let changed { left.append(changed) }
    }
    return left
  }

  private mutating func apply(
    _ action: ConfidentialityProfile.Action, to element: DataElement
  ) -> (DataElement?, DeidentificationAudit.Outcome) {
    switch action {
    case .remove: return (nil, .removed)
    case .empty: return emptied(element)
    case .replace:
      let value = element.vr == .sq ? DataElement.Value.items([[]]) : .bytes(element.vr.dummy)
      return (element.with(value), .replaced)
    case .keep: return keep(element)
    case .map:
      guard element.vr == .ui, let text = file.characters(of: element) else { return emptied(element) }
      let uids = text.split(separator: "\\", omittingEmptySubsequences: false).map { key.uid($0.filter { $0 != " " }) }
      return changed(element, text, uids.joined(separator: "\\"), .mapped)
    case .clean:
      guard element.vr.content == .text, let text = file.characters(of: element) else { return emptied(element) }
      return changed(element, text, DescriptorCleaner.clean(text), .cleaned)
    case .shift:
      guard let text = file.characters(of: element), let moved = identity.dateShift.moved(text, element.vr) else {
        return emptied(element)
      }
      return changed(element, text, moved, .shifted)
    }
  }

  private func emptied(_ element: DataElement) -> (DataElement, DeidentificationAudit.Outcome) {
    let isEmpty: Bool
    switch element.value {
    case .items(let items): isEmpty = items.isEmpty
    case .fragments: isEmpty = false
    case .source, .bytes: isEmpty = file.value(of: element).isEmpty
    }
    return (element.with(element.vr == .sq ? .items([]) : .bytes([])), isEmpty ? .kept : .emptied)
  }

  private func changed(
    _ element: DataElement, _ old: String, _ new: String, _ outcome: DeidentificationAudit.Outcome
  ) -> (DataElement, DeidentificationAudit.Outcome) {
    (element.with(.bytes(Array(new.utf8))), old == new ? .kept : outcome)
  }

  private mutating func keep(_ element: DataElement) -> (DataElement?, DeidentificationAudit.Outcome) {
    switch element.value {
    case .items(let items):
      let kept = items.map { elements($0) }
      // Items whose every element has gone would only say that there was something.
      if !items.isEmpty, kept.allSatisfy(\.isEmpty) { return (nil, .removed) }
      return (element.with(.items(kept)), .kept)
    case .source(let range):
      if element.tag == .patientAge { return age(element) }
      guard element.tag == .pixelData, file.excessPixelByteCount > 0 else { return (element, .kept) }
      return (element.with(.source(range.lowerBound..<range.upperBound - file.excessPixelByteCount)), .kept)
    case .fragments, .bytes: return (element, .kept)
    }
  }

  private func age(_ element: DataElement) -> (DataElement?, DeidentificationAudit.Outcome) {
    guard let text = file.characters(of: element) else { return (element, .kept) }
    return Self.cappedAge(text).map { changed(element, text, $0, .replaced) } ?? emptied(element)
  }

  /// An age such as `064Y`, nil where it is none.
  ///
  /// Ages over 89 years are rare enough to name a person: they become 90 (45 CFR 164.514(b)(2)(i)(C)).
  static func cappedAge(_ text: String) -> String? {
    guard text.utf8.count == 4, let number = Int(text.prefix(3)) else { return nil }
    return text.hasSuffix("Y") && number > 89 ? "090Y" : text
  }
}

extension DataElement {
  func with(_ value: Value) -> DataElement { DataElement(tag, vr, value) }
}
