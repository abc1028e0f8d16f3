import BrowserSupport
import Testing

/// Chromium on the real server; one browser after the other, so that each has the machine.
@Suite(.serialized, .enabled(if: WebDriver.isInstalled, "\(WebDriver.missing)"), .timeLimit(.minutes(15)))
enum ServedTests {}
