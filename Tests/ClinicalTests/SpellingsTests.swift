import Foundation
import Testing

@testable import Clinical

/// The spellings of `Fixtures/spellings.csv`, with the reading that a clinician would give them.
@Suite struct SpellingsTests {
  struct Spelling: Sendable, CustomTestStringConvertible {
    let kind: String
    let cell: String
    let reading: String
    var testDescription: String { "\(kind) \"\(cell)\"" }

    /// What the grammar says, as the table writes it.
    var found: String {
      let grammars: [String: ClinicalGrammar] = [
        "grade": .grade, "stage": .stage, "presence": .presence, "date": .date, "size cm": .size(.centimetres),
        "size mm": .size(.millimetres), "subtype": .subtype, "laterality": .side,
      ]
      switch grammars[kind]?.read(cell) {
      case .understood(let value): return value
      case .unknown: return "unknown"
      case .notUnderstood, nil: return "not understood"
      }
    }

    /// The table's reading as a grammar words it.
    var expected: String {
      guard reading != "unknown", reading != "not understood" else { return reading }
      if kind == "stage" { return reading.replacingOccurrences(of: "+", with: " with nodes or metastases") }
      return kind.hasPrefix("size") ? "\(Double(reading) ?? 0) mm" : reading
    }

    var isClear: Bool { reading != "unknown" && reading != "not understood" }
  }

  static func all() throws -> [Spelling] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/spellings.csv")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
      // The one cell with a comma or a quotation mark stands in quotation marks.
      var cells: [String] = [""]
      var isQuoted = false
      for character in line {
        if character == "\"" {
          if !isQuoted, !cells[cells.count - 1].isEmpty { cells[cells.count - 1].append("\"") }
          isQuoted.toggle()
        } else if character == ",", !isQuoted {
          cells.append("")
        } else {
          cells[cells.count - 1].append(character)
        }
      }
      return Spelling(kind: cells[0], cell: cells[1], reading: cells[2])
    }
  }

  @Test func noSpellingIsReadAsAnotherValue() throws {
    let all = try Self.all()
    #expect(all.count >= 400)
    for spelling in all where spelling.found != spelling.expected {
      // Less than there is may be understood, but never anything else.
      #expect(spelling.isClear && spelling.found == "not understood", "\(spelling): \(spelling.found)")
    }
  }

  @Test func clearSpellingsAreUnderstood() throws {
    let clear = try Self.all().filter(\.isClear)
    for (kind, spellings) in Dictionary(grouping: clear, by: \.kind) {
      let understood = spellings.filter { $0.found == $0.expected }
      #expect(Double(understood.count) >= 0.95 * Double(spellings.count), "\(kind)")
    }
  }

  @Test func caseAndSurroundingBlanksDoNotCount() throws {
    for spelling in try Self.all() where !spelling.cell.contains("Pn") {
      let other = Spelling(kind: spelling.kind, cell: "  \(spelling.cell.uppercased())\t", reading: spelling.reading)
      #expect(other.found == spelling.found, "\(other)")
    }
  }

  /// A word that no list has makes any value one that is not understood.
  @Test func anUnknownWordBesideAValueIsNeverPassedOver() throws {
    for spelling in try Self.all() where spelling.isClear {
      let other = Spelling(kind: spelling.kind, cell: spelling.cell + " qzqz", reading: "not understood")
      #expect(other.found == "not understood", "\(other)")
    }
  }
}
