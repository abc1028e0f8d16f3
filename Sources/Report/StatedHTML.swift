import Analysis
import Evaluation

extension HTML {
  /// A paragraph in smaller print.
  static func remark(_ text: String) -> HTML { .element("p", ["class": "remark"], HTML(text: text)) }

  /// Why something can't be stated: each sentence once, after all the subjects that it applies to.
  static func reasons(_ entries: [(subject: String, note: String?)]) -> [HTML] {
    var order: [String] = []
    var subjects: [String: [String]] = [:]
    for (subject, note) in entries {
      guard let note else { continue }
      if subjects[note] == nil { order.append(note) }
      subjects[note, default: []].append(subject)
    }
    return order.map { note in .remark("\(Format.heading((subjects[note] ?? []).joined(separator: "; "))): \(note)") }
  }

  /// By what method each interval was made, as they are in the results themselves.
  static func methods(_ metrics: [Metric], _ levels: [(name: String, result: LevelMetrics)]) -> HTML {
    var order: [String] = []
    var uses: [String: [(metrics: String, levels: [String])]] = [:]
    for (name, result) in levels {
      let methods = metrics.map { (metric: $0, method: result[$0].interval?.method) }
      for method in Set(methods.compactMap(\.method)).sorted() {
        let names = methods.filter { $0.method == method }.map(\.metric.name).joined(separator: ", ")
        if uses[method] == nil { order.append(method) }
        if let place = uses[method]?.firstIndex(where: { $0.metrics == names }) {
          uses[method]?[place].levels.append(name)
        } else {
          uses[method, default: []].append((names, [name]))
        }
      }
    }
    guard !order.isEmpty else { return .remark("No interval can be stated.") }
    let text = order.map { method -> String in
      let used = (uses[method] ?? []).map { "\($0.metrics) (\($0.levels.joined(separator: ", ")))" }
      return "\(Format.heading(method)): \(used.joined(separator: "; "))"
    }.joined(separator: ". ")
    return .remark("Methods of the intervals. \(text).")
  }
}

extension Format {
  /// A stated number with its interval below it, or a dash.
  static func cell(_ stated: Stated) -> HTML { cell(stated.estimate) }

  /// A p-value: two decimals, three where it is small.
  static func pValue(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    return value < 0.001 ? "< 0.001" : number(value, decimals: value < 0.1 ? 3 : 2)
  }

  /// A p-value in a sentence: "p = 0.03", "p < 0.001".
  static func pStatement(_ value: Double?) -> String {
    let text = pValue(value)
    return text.hasPrefix("<") ? "p \(text)" : "p = \(text)"
  }

  /// A difference with its sign.
  static func difference(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    return (value < 0 ? "−" : "+") + number(abs(value))
  }
}
