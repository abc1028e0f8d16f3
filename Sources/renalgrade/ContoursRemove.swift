import Annotation
import ArgumentParser
import Study

extension ContoursCommand {
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a reader's imported outlines, and those carried from them.",
      discussion: "What was drawn with `renalgrade annotate` is never removed. Run `renalgrade rois build` afterwards.")

    @OptionGroup var study: StudyOption

    @Argument(help: "The reader, as the imported file names them.")
    var reader: String

    func run() async throws {
      try await study.locked { study in
        let removed = try ContourImport.remove(reader, from: study)
        print("Removed \(removed) imported contours of \(reader).")
      }
    }
  }
}
