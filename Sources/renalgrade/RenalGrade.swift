import ArgumentParser

@main
struct RenalGrade: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "renalgrade", abstract: "x")
}
