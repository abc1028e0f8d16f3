import DICOM

/// One run over the elements of a file: what the profile decides is done, and noted.
struct DeidentificationPass {
  let file: DataSet
  let key: PseudonymKey
  let profile: ConfidentialityProfile
  let identity: Identity
  /// The file's compressed pixel data, without what is no image.
  let pixels: EncapsulatedPixels?
  var audit = DeidentificationAudit()

  /// The elements that are left of a data set or an item, in the order of their tags.
  mutating func elements(_ elements: [DataElement], isItem: Bool = false) -> [DataElement] {
    var left: [DataElement] = []
    for (element, action) in profile.decisions(for: elements, in: file, isItem: isItem) {
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
    case .discard: return (nil, .unreadable)
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
        return unreadable(element)
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

  /// The element without its value, which is not what it should be.
  private func unreadable(_ element: DataElement) -> (DataElement, DeidentificationAudit.Outcome) {
    let (element, outcome) = emptied(element)
    return (element, outcome == .emptied ? .unreadable : outcome)
  }

  private func changed(
    _ element: DataElement, _ old: String, _ new: String, _ outcome: DeidentificationAudit.Outcome
  ) -> (DataElement, DeidentificationAudit.Outcome) {
    (element.with(.bytes(Array(new.utf8))), old == new ? .kept : outcome)
  }

  private mutating func keep(_ element: DataElement) -> (DataElement?, DeidentificationAudit.Outcome) {
    switch element.value {
    case .items(let items):
      let kept = items.map { elements($0, isItem: true) }
      // Items whose every element has gone would only say that there was something.
      if !items.isEmpty, kept.allSatisfy(\.isEmpty) { return (nil, .removed) }
      return (element.with(.items(kept)), .kept)
    case .fragments: return (element.with(pixels.map { .fragments($0.fragments) } ?? element.value), .kept)
    case .source, .bytes:
      switch element.tag {
      case .pixelData, .floatPixelData, .doubleFloatPixelData: return (file.withoutExcess(element), .kept)
      case .extendedOffsetTable, .extendedOffsetTableLengths:
        let isTrue = pixels?.confirms(element.tag, file.value(of: element)) ?? false
        return (isTrue ? element : nil, isTrue ? .kept : .removed)
      default: return text(element)
      }
    }
  }

  private func text(_ element: DataElement) -> (DataElement?, DeidentificationAudit.Outcome) {
    guard element.vr.isCharacters, let text = file.characters(of: element) else { return (element, .kept) }
    guard let kept = KeptText.text(text, of: element) else { return unreadable(element) }
    // What stays keeps its padding too.
    guard kept != text else { return (element, .kept) }
    return changed(element, text, kept, element.vr == .as ? .replaced : .cleaned)
  }
}

extension DataElement {
  func with(_ value: Value) -> DataElement { DataElement(tag, vr, value) }
}
