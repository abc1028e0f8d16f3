internal import CDICOM

/// DCMTK and OpenJPEG as a whole.
public enum DICOMLibrary {
  /// The versions, such as `DCMTK 3.6.7, OpenJPEG 2.5.0`.
  public static var version: String {
    "DCMTK \(String(cString: cd_dcmtk_version())), OpenJPEG \(String(cString: cd_openjpeg_version()))"
  }

  /// Whether DCMTK found its data dictionary, without which files in implicit VR cannot be read and none written.
  public static var hasDictionary: Bool { cd_has_dictionary() }
}
