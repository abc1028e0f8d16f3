/// A tissue of the phantom, with its attenuation in each contrast phase.
///
/// Sources. Renal cortex, medulla and their phases follow Yuh and Cohan, AJR 1999;173:747-755, and Birnbaum et al.,
/// Radiology 1996;200:753-758: cortex far above medulla in the corticomedullary phase, a homogeneous nephrogram next,
/// excreted contrast last. Clear cell RCC follows Young et al., Radiology 2013;267:444-453 (about 125 HU in the
/// corticomedullary phase, less in the nephrographic and less again in the excretory phase); that it takes up more than other
/// subtypes is also in Sheir et al., J Urol 2005;174:451-455, and Ruppert-Kohlmayr et al., AJR 2004;183:1387-1391. Timing
/// and order of aortic, portal and hepatic enhancement follow Bae, Radiology 2010;256:32-61; trabecular bone (about 160 HU)
/// Pickhardt et al., Ann Intern Med 2013;158:588-595. The figures are rounded to a typical patient; every value
/// not named here is our own choice within what is seen in routine CT.
enum Tissue: Int, CaseIterable {
  case air, gas, skin, fat, visceralFat, muscle, corticalBone, marrow, disc, duralSac, couch
  case liver, bile, spleen, pancreas, bowelWall, bowelFluid, stool
  case aorta, cavalVein, renalVein, portalVein, mesentericVessel
  case cortex, medulla, sinusFat, urine, cyst
  case carcinoma, necrosis

  /// HU before contrast, at 40 s, at 80 s and at 240 s.
  var attenuation: SIMD4<Float> {
    switch self {
    case .air: SIMD4(repeating: -1000)
    case .gas: SIMD4(repeating: -960)
    case .skin: SIMD4(15, 22, 28, 26)
    case .fat: SIMD4(repeating: -105)
    case .visceralFat: SIMD4(-102, -101, -100, -100)
    case .muscle: SIMD4(50, 58, 65, 63)
    case .corticalBone: SIMD4(620, 624, 626, 624)
    case .marrow: SIMD4(160, 172, 180, 174)
    case .disc: SIMD4(80, 84, 88, 88)
    case .duralSac: SIMD4(25, 26, 28, 28)
    case .couch: SIMD4(repeating: 260)
    case .liver: SIMD4(55, 75, 110, 95)
    case .bile: SIMD4(repeating: 8)
    case .spleen: SIMD4(48, 130, 122, 95)
    case .pancreas: SIMD4(42, 105, 95, 75)
    case .bowelWall: SIMD4(38, 80, 92, 78)
    case .bowelFluid: SIMD4(18, 20, 22, 22)
    case .stool: SIMD4(30, 32, 34, 34)
    case .aorta: SIMD4(42, 300, 160, 110)
    case .cavalVein: SIMD4(42, 105, 148, 112)
    case .renalVein: SIMD4(42, 185, 162, 116)
    case .portalVein: SIMD4(42, 125, 172, 118)
    case .mesentericVessel: SIMD4(42, 190, 160, 110)
    case .cortex: SIMD4(32, 185, 180, 140)
    case .medulla: SIMD4(30, 82, 166, 144)
    case .sinusFat: SIMD4(-92, -88, -86, -88)
    case .urine: SIMD4(4, 6, 20, 600)
    case .cyst: SIMD4(7, 8, 9, 9)
    case .carcinoma: SIMD4(32, 125, 105, 82)
    case .necrosis: SIMD4(20, 23, 25, 25)
    }
  }
}

/// The tissues of one patient: bodies take up contrast more or less than average.
struct Palette {
  private let attenuations: [SIMD4<Float>]

  /// - Parameter uptake: factors on the enhancement at each phase, about 1.
  init(uptake: SIMD4<Float>) {
    attenuations = Tissue.allCases.map { tissue in
      let plain = tissue.attenuation
      return plain[0] + (plain - plain[0]) * uptake
    }
  }

  /// HU of a tissue in the four phases.
  subscript(tissue: Tissue) -> SIMD4<Float> { attenuations[tissue.rawValue] }
}
