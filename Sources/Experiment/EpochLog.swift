public import Foundation
import Study
public import Support

/// A log of epochs: one JSON object a line, each of which is on the disk before the next epoch begins.
public struct EpochLog: Sendable {
  let url: URL

  /// Takes the file, which need not be there.
  public init(_ url: URL) { self.url = url }

  /// Appends an epoch.
  ///
  /// - Throws: `StudyError` where the file cannot be written, or a loss is not a finite number.
  public func append(_ epoch: Run.Epoch) throws(StudyError) { try AtomicFile.append(line: Self.line(epoch), to: url) }

  /// Replaces the log.
  ///
  /// - Throws: `StudyError` where the file cannot be written, or a loss is not a finite number.
  public func replace(by epochs: [Run.Epoch]) throws(StudyError) {
    var text = ""
    for epoch in epochs { text += try Self.line(epoch) + "\n" }
    try AtomicFile.write(text, to: url)
  }

  /// The epochs logged so far, none where there is no log; a last line that a crash cut short, before its end, is ignored.
  ///
  /// - Throws: `StudyError` of kind `.run` where the log cannot be read, or a whole line is no epoch.
  public func epochs() throws(StudyError) -> [Run.Epoch] {
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    let text: String
    do {
      text = try String(contentsOf: url, encoding: .utf8)
    } catch {
      throw StudyError(.run, "\(url.lastPathComponent) cannot be read: \(error.localizedDescription)")
    }
    let lines = text.split(separator: "\n")
    let isCutShort = text.last != "\n"
    var epochs: [Run.Epoch] = []
    for (place, line) in lines.enumerated() {
      if let epoch = try? JSONDecoder().decode(Run.Epoch.self, from: Data(line.utf8)), Run.folds.contains(epoch.fold) {
        epochs.append(epoch)
      } else if place < lines.count - 1 || !isCutShort {
        throw StudyError(
          .run,
          "\(url.lastPathComponent):\(place + 1): expected an epoch as JSON; the file was changed. Remove the run's folder and "
            + "start it again")
      }
    }
    return epochs
  }

  private static func line(_ epoch: Run.Epoch) throws(StudyError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(epoch) else {
      throw StudyError(.run, "an epoch's loss is not a finite number")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
