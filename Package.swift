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

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
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
  .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
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
  [.target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings)]
  + room("DICOM", imports: ["CDICOM", crypto], fixtures: ["Fixtures"])
  + room("Deidentification", imports: ["DICOM", crypto], fixtures: ["Fixtures"], data: ["Data"])
  + room(
    "Study", imports: ["DICOM", "CArchive", grdb, crypto, "Yams", "SwiftCSV"], fixtures: ["Fixtures"])
  + room(
    "PACS",
    imports: [
      "DICOM", "Study", "CDIMSE", crypto, .product(name: "AsyncHTTPClient", package: "async-http-client"),
      .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "NIOSSL", package: "swift-nio-ssl"),
    ])
  + room("Annotation", imports: ["DICOM", "Study", grdb], fixtures: ["Fixtures"])
  + room(
    "PublicCohorts", imports: ["DICOM", "Study", "Annotation", "CHDF5", "CNIfTI", grdb], tests: ["ROI"],
    fixtures: ["Fixtures"])
  + room("ROI", imports: ["DICOM", "Study", "Annotation", "CPNG", grdb, crypto], fixtures: ["Fixtures"])
  + room("Evaluation", fixtures: ["Fixtures"])
  + room("Cohort", imports: ["DICOM", "Study", "Evaluation", grdb], tests: ["Phantom"])
  + room("Report", imports: ["Evaluation", "Study", "Cohort", crypto], data: ["Data"])
  + room("Phantom", imports: ["DICOM", "Study", "Annotation"])

let roomsWithTorch: [Target] =
  room("Torch", imports: ["CTorch", crypto], fixtures: ["Fixtures"])
  + room(
    "Backbones", imports: ["Torch", crypto, .product(name: "AsyncHTTPClient", package: "async-http-client")],
    tests: ["DICOM"], fixtures: ["Fixtures"])
  + room("Training", imports: ["Torch", "Backbones", "ROI", "Study", crypto], tests: ["DICOM", "Annotation", grdb])
  + [
    .executableTarget(
      name: "renalgrade",
      dependencies: [
        "DICOM", "Deidentification", "Study", "PACS", "Annotation", "PublicCohorts", "ROI", "Torch", "Backbones",
        "Training", "Evaluation", "Cohort", "Report", "Phantom",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "renalgrade-bench",
      dependencies: [
        "Study", "ROI", "Torch", "Backbones", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "renalgradeTests",
      dependencies: [
        "renalgrade", grdb, "DICOM", "Study", "Annotation", "ROI", "Evaluation", "Report", "Phantom", "Torch",
        "Backbones", "TestSupport",
      ],
      swiftSettings: settings),
  ]

let package = Package(
  name: "RenalGrade",
  platforms: [.macOS(.v14)],
  products: hasTorch ? [.executable(name: "renalgrade", targets: ["renalgrade"])] : [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
  ],
  targets: shims + roomsWithoutTorch + (hasTorch ? torchShim + roomsWithTorch : []),
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
