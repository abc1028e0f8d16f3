import Testing

@testable import AnnotationServer
