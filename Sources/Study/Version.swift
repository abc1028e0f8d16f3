/// The version of RenalGrade, as runs and `renalgrade --version` state it.
public let renalGradeVersion = "0.1.0"
