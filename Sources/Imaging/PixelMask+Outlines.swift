extension PixelMask {
  /// The pixels inside an odd number of `outlines`, so an outline within another is a hole; each must be valid on the image.
  public init(_ outlines: [Polygon], columns: Int, rows: Int, _ rasterisation: Rasterisation = .exact) {
    self = outlines.reduce(PixelMask(columns: columns, rows: rows)) { mask, outline in
      let inside = outline.mask(columns: columns, rows: rows, rasterisation)
      return PixelMask(columns: columns, rows: rows, values: zip(mask.values, inside.values).map { $0 != $1 })
    }
  }
}
