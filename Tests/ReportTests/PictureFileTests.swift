import RunFixtures
import Foundation
import Support
import TestSupport
import Testing

@testable import Report

/// Figures and reports as files: SVG, PDF, PNG.
@Suite struct PictureFileTests {
  @Test func everyFigureHasThreePicturesItsDataAndItsScript() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 40))
    try RunReport.write(run)
    let folder = run.url.appendingPathComponent("figures")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let stems = Set(names.map { ($0 as NSString).deletingPathExtension })
    #expect(stems.isSuperset(of: ["roc", "training", "confusion-patient"]))
    for stem in stems {
      for suffix in ["csv", "gp", "svg", "pdf", "png"] {
        #expect(
          try Data(contentsOf: folder.appendingPathComponent("\(stem).\(suffix)")).count > 50, "\(stem).\(suffix)")
      }
      let pdf = try Data(contentsOf: folder.appendingPathComponent("\(stem).pdf"))
      #expect(pdf.starts(with: Data("%PDF".utf8)))
      #expect(String(decoding: pdf, as: Unicode.ASCII.self).contains("/CreationDate (D:19700101000000"))
      let png = try #require(EmbeddedPicture(Data(contentsOf: folder.appendingPathComponent("\(stem).png"))))
      #expect(png.size.width >= 900 && png.size.height >= 600, "\(stem)")
    }
  }

  @Test func theSamePicturesHaveTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let figure = Figure(
      name: "line", title: "A line", alternative: "It rises.", caption: "", data: "x,y\n0,0\n1,1\n",
      script: "set datafile columnheaders\nplot 'line.csv' using 1:2 with lines", size: (300, 200))
    let suffixes = ["svg", "pdf", "png"]
    func files() throws -> [Data] {
      try suffixes.map { try Data(contentsOf: folder.url.appendingPathComponent("line.\($0)")) }
    }
    _ = try figure.draw(in: folder.url)
    let first = try files()
    // PDF counts whole seconds.
    usleep(1_100_000)
    _ = try figure.draw(in: folder.url)
    #expect(try files() == first)
  }

  @Test func aPictureTellsItsSizeAndItsWords() throws {
    let png = try #require(EmbeddedPicture(FixtureStudy.png))
    #expect(png.size == (700, 1600) && png.words == nil)
    let svg = try #require(EmbeddedPicture(FixtureStudy.svg))
    #expect(svg.size == (700, 1600) && svg.words == "Crops of A & B.")
    for text in ["", "<svg></svg>", "<html><svg width=\"1\" height=\"1\"/></html>", "%PDF"] {
      #expect(EmbeddedPicture(Data(text.utf8)) == nil, "\(text)")
    }
  }

  @Test func theMontageOfANewerRunGoesBeforeThatOfAnOlderOne() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    func image() throws -> Markup.Element? {
      try RunReport.write(run)
      let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
      try expectSound(html)
      return try Markup(html).all("img").first
    }
    #expect(try image() == nil)
    try FixtureStudy.png.write(to: run.url.appendingPathComponent("montage.png"))
    #expect(try image()?.attributes["src"]?.hasPrefix("data:image/png;") == true)
    try FixtureStudy.svg.write(to: run.montageFile)
    let newer = try image()
    #expect(newer?.attributes["src"]?.hasPrefix("data:image/svg+xml;") == true)
    #expect(newer?.attributes["alt"] == "Crops of A & B.")
    #expect(newer?.attributes["width"] == "700" && newer?.attributes["height"] == "1600")
  }

  @Test func datesAreTakenOutWithoutMovingAByte() {
    let pdf = Data("%PDF /CreationDate (D:20261125034032Z) /ModDate (D:2026) /CreationDate (D:".utf8)
    let expected = "%PDF /CreationDate (D:19700101000000Z) /ModDate (D:1970) /CreationDate (D:"
    #expect(String(decoding: UndatedPDF.undated(pdf), as: UTF8.self) == expected)
  }

  @Test func withoutChromiumItSaysWhatToInstall() throws {
    let folder = try TemporaryFolder()
    let page = folder.url.appendingPathComponent("report.html")
    let error = #expect(throws: StudyError.self) {
      try Chromium.print(page, to: folder.url.appendingPathComponent("report.pdf"), path: "/nowhere")
    }
    #expect(error?.kind == .file && error?.description.contains("apt install chromium") == true)
    // A program of that name that fails is told apart from a missing one.
    let fake = folder.url.appendingPathComponent("chromium")
    try "#!/bin/sh\necho broken >&2\nexit 3\n".write(to: fake, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake.path)
    let failed = #expect(throws: StudyError.self) {
      try Chromium.print(page, to: folder.url.appendingPathComponent("report.pdf"), path: folder.url.path)
    }
    #expect(failed?.description.contains("broken") == true)
  }

  @Test func aRunWithoutAReportHasNoPDF() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    let error = #expect(throws: StudyError.self) { try RunReport.writePDF(of: run) }
    #expect(error?.description.contains("renalgrade report") == true)
  }
}
