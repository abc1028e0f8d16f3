import Testing

@testable import Study

@Suite struct XMLTextTests {
  @Test func whatHasAMeaningIsEscapedAndComesBack() {
    let text = "<a href=\"x\">'&lt;'</a> & é\n\t"
    #expect(text.xmlEscaped == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;lt;&#39;&lt;/a&gt; &amp; é\n\t")
    #expect(text.xmlEscaped.xmlUnescaped == text)
  }

  @Test func whatXMLDoesNotAllowIsReplaced() {
    #expect("a\u{0}b\u{1B}\u{FFFF}".xmlEscaped == "a\u{FFFD}b\u{FFFD}\u{FFFD}")
  }
}
