// Where a series lies in the patient: DICOM's coordinates (left, posterior, superior; mm). PS3.3, C.7.6.2.1.1.

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
/** a + factor x b. */
export const along = (a, b, factor) => [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];

/** A series of `GET /api/cases/C` with its geometry; what is unknown there is null here. */
export class SeriesGeometry {
  constructor(series) {
    Object.assign(this, series);
    const isKnown = series.across && series.down && series.rowSpacing > 0 && series.columnSpacing > 0;
    this.normal = isKnown ? cross(series.across, series.down) : null;
    /** Slices with a known position, from the lowest to the highest. */
    this.placed = isKnown ? series.slices.filter((s) => s.position && Number.isFinite(s.height)) : [];
    /** Pixel size for display: a pixel of unknown size is square. */
    this.pixelWidth = series.columnSpacing > 0 ? series.columnSpacing : 1;
    this.pixelHeight = series.rowSpacing > 0 ? series.rowSpacing : 1;
  }

  get name() { return this.phase ?? `series ${this.series + 1}`; }

  /** Image coordinates of a slice in the patient; null where its position is unknown. */
  toPatient(slice, [x, y]) {
    const position = this.slices[slice]?.position;
    if (!position || !this.normal) return null;
    return along(along(position, this.across, x * this.columnSpacing), this.down, y * this.rowSpacing);
  }

  /** A point of the patient seen along the normal, in image coordinates of a slice; null where its position is unknown. */
  toImage(slice, point) {
    const position = this.slices[slice]?.position;
    if (!position || !this.normal) return null;
    const offset = along(point, position, -1);
    return [dot(offset, this.across) / this.columnSpacing, dot(offset, this.down) / this.rowSpacing];
  }

  /** The slice nearest to a point of the patient, and how far off it lies in mm; null where positions are unknown. */
  nearest(point) {
    if (!this.placed.length) return null;
    const height = dot(point, this.normal);
    let best = null;
    for (const { slice, height: own } of this.placed) {
      const distance = Math.abs(own - height);
      if (!best || distance < best.distance) best = { slice, distance };
    }
    return best;
  }

  /** Half the greatest distance of two neighbouring slices in mm: a point farther off lies outside of the series. */
  get reach() {
    const heights = this.placed.map((s) => s.height);
    return Math.max(0, ...heights.slice(1).map((h, i) => h - heights[i])) / 2;
  }

  /** Letters of the patient's sides at the image's left, right, top and bottom edges; empty where unknown. */
  get sides() {
    if (!this.normal) return { left: "", right: "", top: "", bottom: "" };
    return sidesOf(this.across, this.down);
  }
}

/** Letters of the sides that an image whose axes point `right` and `down` shows at its edges. */
export function sidesOf(right, down) {
  const negative = (v) => v.map((x) => -x);
  return { left: side(negative(right)), right: side(right), top: side(negative(down)), bottom: side(down) };
}

/** The side to which a direction points, the greater component first, as PS3.3, C.7.6.1.1.1, writes it: `L`, `PH`. */
function side(direction) {
  const letters = [["L", "R"], ["P", "A"], ["H", "F"]];
  return direction.map((value, axis) => ({ size: Math.abs(value), letter: letters[axis][value > 0 ? 0 : 1] }))
    .filter(({ size }) => size > 0.25).sort((a, b) => b.size - a.size).slice(0, 2).map(({ letter }) => letter).join("");
}
