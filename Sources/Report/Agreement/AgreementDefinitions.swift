/// How the figures of agreement are defined, each term once.
enum AgreementDefinitions {
  static let all = [
    (
      "Voxels",
      "A voxel belongs to an outline where its centre lies within it; an outline within another is a hole."
    ),
    (
      "Dice and Jaccard",
      "Twice the common volume by the sum of both readings' volumes; the common volume by that of either."
    ),
    (
      "Surface distances",
      "From each surface voxel of one reading to the nearest of the other, in mm in three dimensions, both directions pooled: their 95th "
        + "percentile is the Hausdorff 95 distance (as in MedPy). A lesion of one slice is compared within it, by its outline. The tables as "
        + "CSV also have the greater of both directions' percentiles (as in MONAI) and the distances weighted by the surface's area (as in "
        + "surface-distance)."
    ),
    (
      "Diameters",
      "Computed: the longest distance between two corners of the outlines of one slice. As drawn: the longest diameter that the reader drew "
        + "on the page."
    ),
    (
      "Limits of agreement",
      "The mean difference and 1.96 standard deviations of the differences (Bland and Altman 1999)."
    ),
    (
      "Intraclass correlation",
      "Of a single reading: ICC(2,1), absolute agreement of random readers; ICC(3,1), consistency of fixed readers (Shrout and Fleiss 1979)."
    ),
    (
      "Kappas",
      "Cohen's, unweighted, of two readings; of more than two readers, Krippendorff's alpha of all answers and Fleiss' kappa of the lesions "
        + "that all have answered. The questions are asked of the lesions that pathology lists. An outline means present; a reading that says "
        + "nothing of a lesion, or contradicts itself, is no answer. The outlined phase is that of the series with most outlined slices."
    ),
    (
      "Consensus",
      "Of each reader's first reading. STAPLE (Warfield 2004) is estimated in the box that reaches 24 pixels beyond all outlines and from the "
        + "first to the last outlined slice; its specificity depends on that box."
    ),
    (
      "Intervals",
      "95%. Means and kappas: percentiles over 2,000 draws of patients. Limits of agreement and intraclass correlations: by the "
        + "distributions of t and F where each patient has one lesion, otherwise over draws of patients. Shares of patients have Wilson's."
    ),
    (
      "Other outlines of a finished run",
      "Each patient is predicted by the model that has not seen the patient, and decided at the run's own threshold. AUCs are compared on "
        + "the same patients by DeLong's paired test. Outlines are moved within their slice; grown and shrunk ones have their edge moved."
    ),
  ]
}
