import Testing

@testable import Experiment
