import TestSupport
import Testing

/// Compares text with a committed file of Fixtures, whole; RECORD=1 rewrites it.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let difference = Golden.difference(text, from: TestFile.fixture(name))
  #expect(difference == nil, sourceLocation: sourceLocation)
}
