import ArgumentParser
import Foundation
import Study
import Support

@main
struct RenalGrade: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renalgrade",
    abstract: "Predict from contrast-enhanced CT whether a clear cell renal cell carcinoma is low or high grade.",
    discussion: """
      A study is a folder. The usual sequence of commands:

        renalgrade init my-study --protocol Protocols/paper.yaml
        renalgrade import my-study --dicom scans --pathology pathology.csv --contours mdai.json
        renalgrade rois build my-study
        renalgrade rois montage my-study
        renalgrade crossvalidate my-study
        renalgrade predict my-study/runs/RUN --dicom exam --contours exam.json

      Research use only: RenalGrade is not a medical device.
      """,
    version: renalGradeVersion,
    subcommands: [
      Init.self, PACSCommand.self, Deidentify.self, DeidentifyTable.self, Import.self, CohortCommand.self, Status.self,
      ContoursCommand.self, Annotate.self, AnnotationsCommand.self, ROIs.self, RadiomicsCommand.self,
      CrossValidate.self, SweepCommand.self, NestedCommand.self, RivalsCommand.self, AgreementCommand.self,
      ControlsCommand.self, VerifyCommand.self, Explain.self,
      ReportCommand.self, CompareCommand.self, PaperCommand.self, Predict.self, Weights.self, PhantomCommand.self,
      Doctor.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      let code = exitCode(for: error)
      guard code != .success else { exit(withError: error) }
      // An error may quote the name of a file or a value of a header, which must not steer the terminal.
      let message = fullMessage(for: error).printable(keepsLines: true)
      if !message.isEmpty { FileHandle.standardError.write(Data("\(message)\n".utf8)) }
      exit(withError: code)
    }
  }
}
