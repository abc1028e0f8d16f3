import Testing
@testable import ROI
