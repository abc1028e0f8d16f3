import GRDB
public import Support

extension StudyFolder {
  /// What the study holds, in the order in which it is filled: a name and a number each.
  public func counts() throws(StudyError) -> [(name: String, count: Int)] {
    let counts = try read { database in
      try ["patient", "exam", "series", "slice", "lesion", "contour", "roi"].map { table in
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM \(table)") ?? 0
      }
    }
    let excluded = try read { database in
      try Int.fetchOne(
        database, sql: "SELECT COUNT(DISTINCT patientCode) FROM setAside WHERE excludes AND patientCode IS NOT NULL")
        ?? 0
    }
    let names = ["patients", "exams", "series", "slices", "lesions", "contours", "ROIs"]
    return zip(names, counts).map { (name: $0, count: $1) } + [(name: "patients left out", count: excluded)]
  }
}
