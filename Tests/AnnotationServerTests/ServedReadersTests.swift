import BrowserSupport
import Foundation
import Study
import Support
import Testing

@testable import Annotation

extension ServedTests {
  /// Several readers, and several windows of one, on the real server.
  struct ServedReadersTests {
    /// A triangle none of whose coordinates another call gives.
    private func corners(_ number: Int) -> [SIMD2<Double>] {
      let offset = SIMD2(repeating: Double(number) / 2)
      return [SIMD2(18, 11) + offset, SIMD2(38, 16.5) + offset, SIMD2(28, 26.5) + offset]
    }

    /// Ids, vertices and words of a reader's journal that nobody else may get.
    private func secrets(_ served: ServedStudy, of reader: String) throws -> [String] {
      try served.study.read { database in
        let readings = try Reading.fetchAll(database).filter { $0.reader == reader }.map(\.id)
        let entries = try Journal.Entry.fetchAll(database).filter { readings.contains($0.readingId) }
        return try entries.flatMap { entry in
          let object = try entry.decoded().object
          let vertices = object?.outline?.vertices.map { "\($0.x),\($0.y)" } ?? []
          return [entry.editId, entry.objectId].compactMap { $0 } + vertices
        } + [reader]
      }
    }

    @Test func twoReadersAtOnceStayBlindToEachOtherAndToRepeats() async throws {
      let served = try ServedStudy(patients: 2) { settings in
        (settings.annotation.repeats, settings.annotation.washoutDays) = (1, 0)
      }
      let driver = try await WebDriver()
      let readers = ["anna", "ben"]
      var pages: [String: CasePage] = [:]
      for reader in readers { pages[reader] = try await served.page(driver, reader, isRecorded: true) }
      func page(_ reader: String) throws -> CasePage { try #require(pages[reader]) }
      var details: [String: Set<String>] = [:]
      for number in 1...4 {
        let name = "case-000\(number)"
        // Both have the case open before one of them draws.
        for reader in readers { try await page(reader).open(name) }
        for (index, reader) in readers.enumerated() {
          let page = try page(reader)
          #expect(try await page.outlines().isEmpty, "\(reader) begins \(name) with nothing")
          let note: String = try await page.browser.value("document.querySelector('.panel textarea').value")
          #expect(note == "")
          try await page.drawPolygon(corners(2 * number + index))
          try await page.write(note: "a remark by \(reader) on \(name)")
          try await page.saved()
        }
        for reader in readers {
          let page = try page(reader)
          try await page.finish()
          // The repeats of exams whose washout is over come behind the last case, as any other case does.
          try await page.browser.run("location.hash = ''")
          try await page.browser.wait(until: "document.body.dataset.state === 'worklist'")
        }
      }
      let occasions = try served.study.read { try Reading.fetchAll($0) }
      #expect(occasions.filter { $0.occasion == 2 }.count == 4 && occasions.count == 8, "two hidden repeats each")

      // Readers get their own work back.
      for number in 1...4 { for reader in readers { try await page(reader).open("case-000\(number)") } }
      for (reader, other) in [("anna", "ben"), ("ben", "anna")] {
        let received = try await page(reader).browser.received()
        #expect(received.count > 50)
        let mine = try secrets(served, of: reader), theirs = try secrets(served, of: other)
        // Ids of edits that change a case's state are the server's own.
        let found = mine.filter { secret in received.contains { $0.contains(secret) } }
        #expect(found.count == mine.count - 4, "the search finds what is there")
        for secret in theirs {
          #expect(!received.contains { $0.contains(secret) }, "\(reader) received \(secret) of \(other)")
        }
        // A repeat looks like any other case: the same keys, nothing of the first reading, no word of it.
        for answer in received where answer.hasPrefix("/api/cases/case-000") && answer.contains("\"revision\":0,") {
          let json = try #require(answer.range(of: "{\"case\"")).lowerBound
          let object = try JSONSerialization.jsonObject(with: Data(answer[json...].utf8)) as? [String: Any]
          #expect(object?["roi"] != nil)
          details[reader, default: []].insert(try #require(object).keys.sorted().joined(separator: " "))
          #expect((object?["objects"] as? [Any])?.isEmpty == true)
        }
        #expect(details[reader]?.count == 1)
        for word in ["occasion", "repeat", "washout", "2.25.", "SECRET", "grade"] {
          #expect(!received.contains { $0.localizedCaseInsensitiveContains(word) }, "\(reader) received \(word)")
        }
      }
      // The numbering of a repeat's slices does not tell of which case it is one.
      let numberings = try readers.flatMap { reader in
        try (1...4).map { try served.desk().detail(of: "case-000\($0)", reader: reader).numbering }
      }
      #expect(Set(numberings).count == 8)

      // Every route, by the other's token and by names of cases that there are not.
      let token = try served.token(of: "ben")
      let annas = try secrets(served, of: "anna")
      for path in [
        "worklist", "adjudication", "adjudication/adjudication-0001", "cases/case-0009", "cases/case-0001/profile",
        "cases/../cases/case-0001", "cases/anna", "cases/case-0001/series/0/slices/0",
        "cases/case-0001/series/9/slices/0",
      ] + (1...4).map({ "cases/case-000\($0)" }) {
        let answer = try served.get("/api/\(path)", token: token)
        for secret in annas { #expect(!answer.head.contains(secret) && !answer.body.contains(secret)) }
      }
    }

    @Test func theLaterOfTwoWindowsIsToldAndChooses() async throws {
      let served = try ServedStudy()
      let driver = try await WebDriver()
      let first = try await served.page(driver, "anna"), second = try await served.page(driver, "anna")
      for page in [first, second] {
        try await page.open("case-0001")
        try await page.showSlice(2)
      }
      func stored() throws -> [String: [SIMD2<Double>]] {
        try served.study.read { database in
          Dictionary(
            uniqueKeysWithValues: try StoredContour.fetchAll(database).map { ($0.annotationID, $0.vertices.vertices) })
        }
      }
      try await first.drawPolygon(corners(1))
      try await first.saved()
      let before = try stored()
      #expect(before.count == 1)

      try await second.drawPolygon(corners(2))
      let conflict = "document.querySelector('.panel .saving').dataset.state === 'conflict'"
      try await second.browser.wait(until: conflict)
      #expect(try stored() == before, "nothing was overwritten")
      let mark: String = try await second.browser.value("document.querySelector('.panel .saving').textContent")
      #expect(
        mark == "1 edit not saved: another window saved this case in the meantime. Nothing was overwritten.")
      let mine = try #require(try await second.outlines().first)
      try await second.click("[data-action=mine]")
      try await second.saved()
      #expect(try stored() == before.merging([mine.object: mine.points]) { $1 })
      #expect(try await Set(second.outlines().map(\.object)) == Set(stored().keys))

      // Now the first window is the later one, and takes what the other saved.
      try await first.drawPolygon(corners(3))
      try await first.browser.wait(until: conflict)
      try await first.click("[data-action=theirs]")
      try await first.saved()
      try await first.browser.wait(
        until: "document.querySelectorAll('.pane.active .outlines path[data-object]').length === 2")
      #expect(try await Set(first.outlines().map(\.object)) == Set(stored().keys))
      #expect(try stored().count == 2)
      #expect(try served.desk().verify().problems == [])
    }

    @Test func theAdjudicatorTakesOneReadersOutlinesTheOthersOrDraws() async throws {
      let served = try ServedStudy()
      let driver = try await WebDriver()
      for (index, reader) in ["anna", "ben"].enumerated() {
        let page = try await served.page(driver, reader)
        try await page.open("case-0001")
        for slice in 2...4 {
          try await page.showSlice(slice)
          try await page.drawPolygon(corners(index == 0 ? slice : slice + 3))
        }
        try await page.saved()
        try await page.finish()
        page.browser.kill()
      }
      let page = try await served.page(driver, "ada", .adjudicator, isRecorded: true)
      try await page.browser.wait(until: "document.querySelector('button.case') !== null")
      try await page.click("button.case")
      try await page.shown()
      let strip: [String] = try await page.browser.value(
        "[...document.querySelectorAll('.strip button')].map((b) => b.dataset.slice)")
      #expect(strip == ["2", "3", "4"])
      for (slice, choice) in [(2, "A"), (3, "B")] {
        try await page.showSlice(slice)
        try await page.click("[data-take=\(choice)]")
      }
      try await page.showSlice(4)
      try await page.drawPolygon(corners(9))
      try await page.saved()
      let disagreement = try served.desk().disagreement("adjudication-0001", by: "ada")
      let consensus = disagreement.detail.objects.compactMap(\.outline)
      #expect(consensus.map(\.slice) == [2, 3, 4])
      for (outline, reader) in zip(consensus, [0, 1]) {
        let taken = disagreement.readings[reader].objects.compactMap(\.outline).first { $0.slice == outline.slice }
        #expect(outline.vertices == taken?.vertices && outline.tool == "consensus")
      }
      #expect(try await page.outlines().first?.points == consensus.last?.vertices)
      let stored = try served.study.read { try StoredContour.fetchAll($0) }.filter { $0.reader == Reader.consensus }
      #expect(Set(stored.map(\.vertices.vertices)) == Set(consensus.map(\.vertices)))
      try await page.finish()
      #expect(try served.desk().disagreements(for: "ada").first?.state == .done)
      for answer in try await page.browser.received() {
        #expect(
          !answer.contains("anna") && !answer.contains("ben"), "the adjudicator does not know whose outlines these are")
      }
    }
  }
}
