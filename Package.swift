// swift-tools-version: 6.0
import Foundation
import PackageDescription

// Where libtorch is: LIBTORCH (a folder with lib/ and include/), or what scripts/setup unpacked.
let libtorch =
  Context.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
  ?? "\(Context.packageDirectory)/.deps/libtorch/torch"
// Without libtorch the rooms that need none still build and test; RENALGRADE_WITHOUT_TORCH=1 asks for that on purpose.
let hasTorch =
  Context.environment["RENALGRADE_WITHOUT_TORCH"] == nil
  && FileManager.default.fileExists(atPath: "\(libtorch)/lib/libtorch_cpu.so")

// Only scripts/docs needs it, which sets RENALGRADE_DOCS.
let documentation: [Package.Dependency] =
  Context.environment["RENALGRADE_DOCS"] == nil
  ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0")]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let settings: [SwiftSetting] = [.enableUpcomingFeature("InternalImportsByDefault")]

/// One room and its tests: `Sources/<name>`, `Tests/<name>Tests`.
///
/// It may import only rooms that stand above it here;
/// `tests` are what its tests alone need besides, `data` the files that are built into it.
func room(
  _ name: String, imports: [Target.Dependency] = [], tests: [Target.Dependency] = [], fixtures: [String] = [],
  data: [String] = []
) -> [Target] {
  [
    .target(
      name: name, dependencies: imports, resources: data.map { .embedInCode($0) }, swiftSettings: settings),
    .testTarget(
      name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + imports + tests,
      resources: fixtures.map { .copy($0) }, swiftSettings: settings),
  ]
}

let shims: [Target] = [
  .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
  .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
  .systemLibrary(name: "CLibSVM", providers: [.apt(["libsvm-dev"])]),
  .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
  .systemLibrary(name: "CXGBoost", providers: [.apt(["libxgboost-dev"])]),
  .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
  .systemLibrary(name: "CSpawn"),
  .target(
    name: "CDICOM",
    linkerSettings: [
      "dcmjpeg", "ijg8", "ijg12", "ijg16", "dcmjpls", "dcmtkcharls", "dcmimgle", "dcmdata", "oflog", "ofstd", "openjp2",
      "z",
    ]
    .map { .linkedLibrary($0) }),
  .target(
    name: "CDIMSE", dependencies: ["CDICOM"],
    linkerSettings: ["dcmnet", "dcmtls", "dcmdata", "oflog", "ofstd", "crypto"].map { .linkedLibrary($0) }),
  .target(name: "CHDF5", linkerSettings: [.linkedLibrary("hdf5_serial")]),
  .target(
    name: "CNIfTI", cSettings: [.unsafeFlags(["-isystem", "/usr/include/nifti"])],
    linkerSettings: [.linkedLibrary("nifti2"), .linkedLibrary("znz")]),
  // A program that the rooms start, not code that they link: it is built whenever they are.
  .executableTarget(
    name: "renalgrade-decoder", dependencies: ["CDICOM", "CHDF5", "CNIfTI"],
    // C++20 would take the shims' headers for modules, which SwiftPM makes for Swift alone.
    cxxSettings: [.unsafeFlags(["-fno-cxx-modules"])]),
]

let torchShim: [Target] = [
  .target(
    name: "CTorch",
    cxxSettings: [
      .unsafeFlags([
        "-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include", "-w",
      ])
    ],
    linkerSettings: [
      .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
      .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
    ])
]

let roomsWithoutTorch: [Target] =
  [
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .target(
      name: "BrowserSupport", dependencies: ["TestSupport", "Support", "HTTP"], path: "Tests/BrowserSupport",
      swiftSettings: settings),
    .target(
      name: "RunFixtures", dependencies: ["TestSupport", "Support", "Study", "Experiment", "Analysis"],
      path: "Tests/RunFixtures",
      swiftSettings: settings),
    .target(
      name: "ReaderFixtures",
      dependencies: ["TestSupport", "Support", "Imaging", "DICOM", "Study", "Annotation", "Intake", "ROI"],
      path: "Tests/ReaderFixtures", swiftSettings: settings),
  ]
  + room("Support", imports: ["CCrypto", "CSpawn"])
  + room("Clinical", fixtures: ["Fixtures"], data: ["Data"])
  + room("Archives", imports: ["CArchive"])
  + room("HTTP", imports: ["Support", "CCrypto", "CCurl"])
  + room("Imaging", imports: ["Support"], fixtures: ["Fixtures"])
  + room("Radiomics", imports: ["Support"], fixtures: ["Fixtures"])
  + room("Classifiers", imports: ["Support", "CLibSVM", "CXGBoost"], fixtures: ["Fixtures"])
  + room(
    "DICOM", imports: ["Support", "Imaging", "CDICOM", "renalgrade-decoder"], fixtures: ["Fixtures"])
  + room("Deidentification", imports: ["Support", "Clinical", "DICOM"], fixtures: ["Fixtures"], data: ["Data"])
  + room("Study", imports: ["Support", "Clinical", "DICOM", grdb, "Yams"])
  + room("PACS", imports: ["Support", "HTTP", "DICOM", "Study", "CDIMSE"], tests: ["Imaging"])
  + room("Annotation", imports: ["Support", "Imaging", "DICOM", "Study", grdb], fixtures: ["Fixtures"])
  + room(
    "Intake",
    imports: [
      "Support", "Clinical", "Imaging", "Archives", "DICOM", "Study", "Annotation", "CHDF5", "CNIfTI", "CZlib", grdb,
    ],
    tests: ["ROI", "Experiment"], fixtures: ["Fixtures"])
  + room("Evaluation", imports: ["Support"], fixtures: ["Fixtures"])
  + room("Phases", imports: ["Support", "Imaging", "DICOM", "Study", grdb])
  + room(
    "Cohort", imports: ["Support", "Clinical", "Study", "Evaluation", "Phases", grdb],
    tests: ["DICOM", "Intake", "Phantom"])
  + room(
    "ROI", imports: ["Support", "Imaging", "DICOM", "Study", "Annotation", "Intake", "CPNG", grdb],
    tests: ["ReaderFixtures"], fixtures: ["Fixtures"])
  + room(
    "LesionFeatures", imports: ["Support", "Imaging", "Radiomics", "Classifiers", "Study", "ROI"],
    tests: ["DICOM", "Annotation", "Intake", "Experiment", grdb])
  + room(
    "Experiment",
    imports: [
      "Support", "Clinical", "Imaging", "Classifiers", "DICOM", "Study", "Intake", "Evaluation", "Phases", "ROI",
      "LesionFeatures", grdb,
    ],
    tests: ["Annotation", "ReaderFixtures"], fixtures: ["Fixtures"], data: ["Rivals"])
  + room(
    "Analysis",
    imports: [
      "Support", "Imaging", "Classifiers", "Evaluation", "Study", "Annotation", "Cohort", "ROI", "Experiment",
    ],
    tests: ["RunFixtures", "ReaderFixtures"])
  + room(
    "Report", imports: ["Support", "Evaluation", "Study", "Cohort", "ROI", "Experiment", "Analysis"],
    tests: ["RunFixtures", "ReaderFixtures"], data: ["Data"])
  + room("Phantom", imports: ["Support", "Imaging", "DICOM", "Study", "Annotation"])
  + room(
    "AnnotationServer", imports: ["Support", "DICOM", "Study", "Annotation", "CCrypto", "CMicroHTTPD", grdb],
    tests: ["BrowserSupport", "HTTP", "Imaging", "Intake", "ROI"], data: ["Page"])

let roomsWithTorch: [Target] =
  room("Torch", imports: ["Support", "Archives", "CTorch"], fixtures: ["Fixtures"])
  + room("Backbones", imports: ["Support", "Archives", "HTTP", "Torch"], tests: ["DICOM"], fixtures: ["Fixtures"])
  + room(
    "Training", imports: ["Support", "Imaging", "Study", "ROI", "Experiment", "Torch", "Backbones"],
    tests: ["DICOM", "Annotation", "Intake", grdb])
  + [
    .executableTarget(
      name: "renalgrade",
      dependencies: [
        "Support", "DICOM", "Deidentification", "Study", "PACS", "Annotation", "Intake", "Evaluation", "Phases",
        "Cohort", "ROI", "LesionFeatures", "Experiment", "Analysis", "Report", "Phantom", "AnnotationServer",
        "Torch", "Backbones", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "renalgrade-bench",
      dependencies: [
        "Support", "Radiomics", "Classifiers", "Study", "Intake", "ROI", "Experiment", "Torch", "Backbones", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .target(
      name: "Fuzzing",
      dependencies: [
        "Support", "Clinical", "Archives", "Imaging", "DICOM", "Deidentification", "Study", "Annotation", "Intake",
        "Experiment",
        "Analysis", "Torch",
      ],
      path: "Tests/Fuzzing", swiftSettings: settings),
    .executableTarget(
      name: "renalgrade-fuzz",
      dependencies: ["Fuzzing", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/renalgrade-fuzz", swiftSettings: settings),
    .testTarget(
      name: "renalgradeTests",
      dependencies: [
        "renalgrade", "renalgrade-fuzz", "Fuzzing", grdb, "Support", "DICOM", "Study", "Annotation", "Evaluation",
        "ROI", "Experiment", "Analysis",
        "Report", "Phantom", "Torch", "Backbones", "TestSupport", "BrowserSupport", "HTTP", "Imaging",
      ],
      swiftSettings: settings),
  ]

let package = Package(
  name: "RenalGrade",
  platforms: [.macOS(.v14)],
  products: hasTorch ? [.executable(name: "renalgrade", targets: ["renalgrade"])] : [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ] + documentation,
  targets: shims + roomsWithoutTorch + (hasTorch ? torchShim + roomsWithTorch : []),
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
