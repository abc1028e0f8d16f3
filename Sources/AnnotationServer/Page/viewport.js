// An axial slice of one series.

import { svg } from "./dom.js";
import { Pane } from "./pane.js";

/** A number for the screen, with a true minus sign. */
export const shown = (value, digits = 0) => (Math.abs(value) < 0.5 / 10 ** digits ? 0 : value).toFixed(digits).replace("-", "−");

export class Viewport extends Pane {
  /** Ordinal of the series, and of the slice that is shown or on its way. */
  slice = 0;
  /** mm along the normal by which this phase is shifted against the others. */
  offset = 0;

  /** `geometry` is the series' SeriesGeometry, `slices` the loader. */
  constructor(geometry, slices) {
    super(geometry.name, { ...geometry, sides: geometry.sides });
    Object.assign(this, { geometry, slices, series: geometry.series });
    this.element.dataset.series = String(geometry.series);
    this.slice = Math.floor(geometry.slices.length / 2);
    this.direction = 1;
    this.#describe();
  }

  get count() { return this.geometry.slices.length; }
  get pixelsPerSlice() { return Math.max(3, Math.min(24, this.element.clientHeight / (1.5 * this.count))); }

  /** Shows a slice; one outside of the series is the nearest that there is. "slice" is announced where that changes. */
  showSlice(number) {
    const slice = Math.min(this.count - 1, Math.max(0, number));
    if (slice !== this.slice) {
      this.direction = slice > this.slice ? 1 : -1;
      this.slice = slice;
      this.events.dispatchEvent(new CustomEvent("slice"));
    }
    this.refresh();
  }

  /** Shows what the loader holds of the slice: the image, a reason why there is none, or nothing yet. */
  refresh() {
    const image = this.slices.image(this.series, this.slice);
    if (image === null || image !== this.image) this.show(image);
    this.#describe();
  }

  drawn() {
    this.element.dataset.slice = String(this.slice);
    this.describeCursor();
  }

  #describe() {
    const { geometry, slice, count } = this;
    const height = geometry.slices[slice]?.height;
    const position = Number.isFinite(height) ? `${shown(height, 1)} mm` : "position unknown";
    this.title.replaceChildren(strong(geometry.name), ` ${slice + 1} of ${count} · ${position}`);
    this.element.setAttribute("aria-label", `${geometry.name}, slice ${slice + 1} of ${count}, ${position}`);
    const failure = this.slices.failure(this.series, slice);
    const notes = [];
    if (failure) notes.push(`This slice cannot be shown: ${failure}`);
    if (this.distance > 0.05) notes.push(`nearest slice, ${shown(this.distance, 1)} mm away`);
    if (this.offset) notes.push(`shifted by ${this.offset > 0 ? "+" : ""}${shown(this.offset, 1)} mm`);
    if (!geometry.normal || !geometry.placed.length) notes.push("not linked: the position is unknown");
    this.note.textContent = notes.join(" · ");
    this.note.classList.toggle("warning", Boolean(failure));
  }

  /** HU and position in the patient (mm; left, posterior, superior) under the cursor. */
  describeCursor(point = this.cursor) {
    const value = point && this.hounsfield(...point);
    if (value === null || value === undefined) return void (this.reading.textContent = "");
    const position = this.geometry.toPatient(this.slice, point);
    const text = position ? ` · L ${shown(position[0], 1)}  P ${shown(position[1], 1)}  S ${shown(position[2], 1)} mm` : "";
    this.reading.replaceChildren(strong(`${shown(value, Number.isInteger(value) ? 0 : 1)} HU`), text);
  }

  /** Draws the ROI's boxes: corners [left, top, right, bottom] in image coordinates. */
  showBoxes(boxes) {
    this.marks.replaceChildren(...boxes.map(([left, top, right, bottom]) => svg("rect", {
      class: "roi", x: left, y: top, width: right - left, height: bottom - top,
    })));
  }
}

function strong(text) {
  const node = document.createElement("strong");
  node.textContent = text;
  return node;
}
