// A coronal or sagittal reformat of a series, from the slices that are loaded: linear between slices by their true heights,
// with square pixels, the head at the top.

import { svg } from "./dom.js";
import { along, dot, sidesOf } from "./geometry3d.js";
import { Pane } from "./pane.js";
import { shown } from "./viewport.js";

/** The largest side of a reformat in pixels. */
const largest = 2048;
/** What stands for "not loaded" in a reformat: below any window. */
const nothing = -32768;

/** The rows of a reformat from top to bottom: two neighbouring slices, and how far the row lies from the first to the second. */
export function rowsBetween(geometry, pixelSize) {
  const { placed } = geometry;
  const [lowest, highest] = [placed[0].height, placed.at(-1).height];
  const count = Math.min(largest, Math.round((highest - lowest) / pixelSize) + 1);
  const isHeadUp = geometry.normal[2] >= 0;
  let index = 0;
  const rows = Array.from({ length: count }, (_, i) => {
    const height = Math.min(highest, lowest + i * pixelSize);
    while (index < placed.length - 2 && placed[index + 1].height <= height) index++;
    const below = placed[index], above = placed[Math.min(index + 1, placed.length - 1)];
    const gap = above.height - below.height;
    return { height, below, above, part: gap > 0 ? (height - below.height) / gap : 0 };
  });
  return isHeadUp ? rows.reverse() : rows;
}

export class Reformat extends Pane {
  /** `kind` is "coronal" (a row of each slice) or "sagittal" (a column). */
  constructor(kind, geometry, slices) {
    const isCoronal = kind === "coronal";
    const pixel = isCoronal ? geometry.columnSpacing : geometry.rowSpacing;
    const rows = rowsBetween(geometry, pixel);
    const upward = geometry.normal.map((v) => (geometry.normal[2] >= 0 ? v : -v));
    super(`${kind}, ${geometry.name}`, {
      columns: isCoronal ? geometry.columns : geometry.rows, rows: rows.length, pixelWidth: pixel, pixelHeight: pixel,
      sides: sidesOf(isCoronal ? geometry.across : geometry.down, upward.map((v) => -v)),
    });
    Object.assign(this, { kind, geometry, slices, isCoronal, lines: rows });
    this.element.classList.add("reformat");
    this.at = [(geometry.columns - 1) / 2, (geometry.rows - 1) / 2];
    this.line = svg("path", { class: "reference" });
    this.marks.append(this.line);
    this.values = new Int16Array(this.columns * this.rows);
  }

  /** Cuts through image coordinates of the axial slices. */
  cut([x, y]) {
    this.at = [x, y];
    this.refresh();
  }

  /** The place in the patient that is cut through, on the lowest slice. */
  get patient() { return this.geometry.toPatient(this.geometry.placed[0].slice, this.at); }

  /** Makes the image from what is loaded, with the screen's next frame. */
  refresh() {
    this.isStale = true;
    this.show({ columns: this.columns, rows: this.rows, values: this.values, slope: 1, intercept: 0 });
  }

  prepare() {
    if (this.isStale) this.#fill();
    this.isStale = false;
  }

  #fill() {
    const { geometry, columns, values, isCoronal } = this;
    const first = geometry.placed[0].position;
    const lines = new Map();
    // The slice's pixels along the cut, in HU. Where slices are shifted in their plane (a tilted gantry), the nearest pixel.
    const line = ({ slice, position }) => {
      if (!lines.has(slice)) lines.set(slice, this.#pixels(slice, along(position, first, -1)));
      return lines.get(slice);
    };
    this.lines.forEach(({ below, above, part }, row) => {
      const a = line(below), b = part > 0 ? line(above) : a;
      const start = row * columns;
      if (!a || !b) return void values.fill(nothing, start, start + columns);
      for (let i = 0; i < columns; i++) {
        const isKnown = a[i] !== nothing && b[i] !== nothing;
        values[start + i] = isKnown ? Math.round(a[i] + (b[i] - a[i]) * part) : nothing;
      }
    });
    const axis = this.patient[isCoronal ? 1 : 0];
    this.title.textContent = `${isCoronal ? "Coronal" : "Sagittal"} · ${geometry.name} · ${isCoronal ? "P" : "L"} ${shown(axis, 1)} mm`;
    const missing = geometry.placed.filter(({ slice }) => !this.slices.image(geometry.series, slice)).length;
    this.note.textContent = missing ? `${missing} of ${geometry.placed.length} slices are not loaded` : "";
  }

  #pixels(slice, offset) {
    const image = this.slices.image(this.geometry.series, slice);
    if (!image) return null;
    const { geometry, isCoronal, columns } = this;
    const dx = dot(offset, geometry.across) / geometry.columnSpacing, dy = dot(offset, geometry.down) / geometry.rowSpacing;
    const pixels = new Int16Array(columns).fill(nothing);
    const fixed = Math.round(isCoronal ? this.at[1] - dy : this.at[0] - dx);
    if (fixed < 0 || fixed >= (isCoronal ? image.rows : image.columns)) return pixels;
    for (let i = 0; i < columns; i++) {
      const moving = Math.round(i - (isCoronal ? dx : dy));
      if (moving < 0 || moving >= columns) continue;
      const index = isCoronal ? fixed * image.columns + moving : moving * image.columns + fixed;
      pixels[i] = Math.min(32767, Math.max(nothing + 1, Math.round(image.values[index] * image.slope + image.intercept)));
    }
    return pixels;
  }

  hounsfield(x, y) {
    const value = super.hounsfield(x, y);
    return value === nothing ? null : value;
  }

  /** Draws where the axial slice lies. */
  showSlice(slice) {
    const height = this.geometry.slices[slice]?.height;
    const row = this.#row(height);
    this.line.setAttribute("d", row === null ? "" : `M-0.5 ${row}H${this.columns - 0.5}`);
  }

  #row(height) {
    if (!Number.isFinite(height)) return null;
    const top = this.lines[0].height, bottom = this.lines.at(-1).height;
    return top === bottom ? 0 : ((height - top) / (bottom - top)) * (this.rows - 1);
  }

  /** The place in the patient of image coordinates of the reformat, and the axial coordinates that belong to it. */
  place([x, y]) {
    const row = Math.min(this.rows - 1, Math.max(0, Math.round(y)));
    const axial = this.isCoronal ? [x, this.at[1]] : [this.at[0], x];
    const { geometry } = this, first = geometry.placed[0];
    const origin = geometry.toPatient(first.slice, axial);
    return { axial, patient: along(origin, geometry.normal, this.lines[row].height - first.height) };
  }

  /** Where a point of the patient lies on the reformat. */
  project(point) {
    const { geometry } = this;
    const [x, y] = geometry.toImage(geometry.placed[0].slice, point);
    return [this.isCoronal ? x : y, this.#row(dot(point, geometry.normal))];
  }
}
