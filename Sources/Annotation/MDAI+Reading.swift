import Support

/// One pass over an export's tree.
struct MDAIReading {
  private struct Label {
    let name: String
    let mode: String
    let scope: String
    let isLesion: Bool
  }

  private let root: JSONTree
  private let name: String
  private let lesionLabels: LesionLabels
  private var seen: Set<String> = []
  private var result = MDAIExport(contours: [], skipped: [])

  init(_ root: JSONTree, name: String, lesionLabels: [String]) {
    self.root = root
    self.name = name
    self.lesionLabels = LesionLabels(lesionLabels)
  }

  consuming func export() throws(JSONTree.SyntaxError) -> MDAIExport {
    guard root.isObject, root["datasets"] != nil else {
      throw .init(line: root.line, message: "expected an object with the key \"datasets\"")
    }
    let labels = try readLabels()
    let datasets = try list(root, "datasets")
    var studies: Set<String> = []
    for dataset in datasets {
      for study in try list(dataset, "studies") {
        studies.formUnion([study["StudyInstanceUID"]?.text].compactMap { $0 })
      }
    }
    for (datasetIndex, dataset) in datasets.enumerated() {
      for (index, annotation) in try list(dataset, "annotations").enumerated() {
        let id = annotation["id"]?.text ?? "datasets[\(datasetIndex)].annotations[\(index)]"
        switch contours(annotation, id, labels, studies) {
        case .success(let contours):
          result.contours += contours
        case .failure(let refusal):
          result.skipped.append(
            .init(
              annotationID: id, studyInstanceUID: annotation["StudyInstanceUID"]?.text,
              seriesInstanceUID: annotation["SeriesInstanceUID"]?.text, isDamaged: refusal.isDamaged,
              reason: "line \(annotation.line): \(refusal.reason)"))
        }
        seen.insert(id)
      }
    }
    return result
  }

  /// The list under `key`; empty where the key is absent or null.
  private func list(_ parent: JSONTree, _ key: String) throws(JSONTree.SyntaxError) -> [JSONTree] {
    guard parent.isObject else { throw .init(line: parent.line, message: "expected an object that holds \"\(key)\"") }
    guard let value = parent[key] else { return [] }
    guard let elements = value.array else { throw .init(line: value.line, message: "\"\(key)\" must be a list") }
    return elements
  }

  private func readLabels() throws(JSONTree.SyntaxError) -> [String: Label] {
    var labels: [String: Label] = [:]
    for group in try list(root, "labelGroups") {
      for label in try list(group, "labels") {
        guard let id = label["id"]?.text else { throw .init(line: label.line, message: "a label has no \"id\"") }
        let labelName = label["name"]?.text ?? id
        labels[id] = Label(
          name: labelName, mode: label["annotationMode"]?.text?.lowercased() ?? "none",
          scope: label["scope"]?.text?.uppercased() ?? "INSTANCE",
          isLesion: lesionLabels.contains(labelName, id: id))
      }
    }
    return labels
  }

  private struct Refusal: Error {
    let reason: String
    var isDamaged = false
  }

  /// The outlines of one annotation: a polygon has one, a mask one per area.
  private func contours(
    _ annotation: JSONTree, _ id: String, _ labels: [String: Label], _ studies: Set<String>
  ) -> Result<[Contour], Refusal> {
    guard annotation.isObject else { return .failure(Refusal(reason: "the annotation is not an object")) }
    guard let labelID = annotation["labelId"]?.text, let label = labels[labelID] else {
      return .failure(
        Refusal(reason: "its label (\(annotation["labelId"]?.text ?? "none")) is not among the export's labelGroups"))
    }
    guard label.isLesion else {
      return .failure(Refusal(reason: "its label \"\(label.name)\" is not among annotation.lesionLabels"))
    }
    guard ["polygon", "freeform", "mask"].contains(label.mode) else {
      return .failure(
        Refusal(
          reason: "its label \"\(label.name)\" has the mode \(label.mode) and the scope \(label.scope); "
            + "only a polygon, freeform or mask annotation outlines a lesion"))
    }
    guard !seen.contains(id) else {
      return .failure(Refusal(reason: "an annotation with this id occurs earlier in the export; the first one is used"))
    }
    let study = annotation["StudyInstanceUID"]?.text ?? ""
    guard studies.isEmpty || studies.contains(study) else {
      return .failure(
        Refusal(
          reason: "its StudyInstanceUID is missing, or not among the studies that the export lists", isDamaged: true))
    }
    guard let instance = annotation["SOPInstanceUID"]?.text else {
      return .failure(
        Refusal(reason: "it names no slice (SOPInstanceUID): it labels a whole series or exam (scope \(label.scope))"))
    }
    let frame = annotation["frameNumber"]
    guard frame == nil || frame?.integer != nil else {
      return .failure(Refusal(reason: "its frameNumber is not a whole number", isDamaged: true))
    }
    return outlines(annotation["data"], isMask: label.mode == "mask").map { outlines in
      outlines.map { vertices in
        Contour(
          annotationID: id, studyInstanceUID: study, seriesInstanceUID: annotation["SeriesInstanceUID"]?.text ?? "",
          sopInstanceUID: instance, frame: frame?.integer, labelName: label.name,
          reader: annotation["createdById"]?.text ?? "unknown", vertices: vertices, width: annotation["width"]?.integer,
          height: annotation["height"]?.integer)
      }
    }
  }

  /// The corners of an annotation's outlines.
  private func outlines(_ data: JSONTree?, isMask: Bool) -> Result<[[SIMD2<Double>]], Refusal> {
    guard isMask else {
      guard let shape = data?["vertices"] else {
        return .failure(Refusal(reason: "it has no vertices (data is null or has none)", isDamaged: true))
      }
      guard let vertices = vertices(shape) else { return .failure(noVertices(shape)) }
      return .success([vertices])
    }
    var polygons: [String: [[SIMD2<Double>]]] = [:]
    for key in ["foreground", "background"] {
      let shapes = data?[key]
      guard let elements = shapes == nil ? [] : shapes?.array else {
        return .failure(
          Refusal(reason: "its \(key) (line \(shapes?.line ?? 0)) is not a list of polygons", isDamaged: true))
      }
      for element in elements {
        guard let vertices = vertices(element) else { return .failure(noVertices(element)) }
        polygons[key, default: []].append(vertices)
      }
    }
    let mask = MDAIMask(foreground: polygons["foreground"] ?? [], background: polygons["background"] ?? [])
    return mask.outlines().mapError { Refusal(reason: $0.description, isDamaged: true) }
  }

  private func noVertices(_ shape: JSONTree) -> Refusal {
    Refusal(
      reason: "its vertices (line \(shape.line)) are neither pairs [x, y] nor one flat list of x, y", isDamaged: true)
  }

  /// Pairs, or one flat list; the outline closes itself, so a last vertex that repeats the first is dropped.
  private func vertices(_ shape: JSONTree) -> [SIMD2<Double>]? {
    guard let elements = shape.array else { return nil }
    let isFlat = !elements.isEmpty && elements.allSatisfy { $0.number != nil }
    var numbers: [Double] = []
    if isFlat {
      numbers = elements.compactMap(\.number)
    } else {
      for element in elements {
        guard let pair = element.array, pair.count == 2, let x = pair[0].number, let y = pair[1].number else {
          return nil
        }
        numbers += [x, y]
      }
    }
    guard numbers.count.isMultiple(of: 2) else { return nil }
    var vertices = stride(from: 0, to: numbers.count, by: 2).map { SIMD2(numbers[$0], numbers[$0 + 1]) }
    if vertices.count > 1, vertices.first == vertices.last { vertices.removeLast() }
    return vertices
  }
}
