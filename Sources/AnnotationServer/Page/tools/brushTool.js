// Brush and eraser: the lesion's pixels on the slice within a circle are added or taken away, on request only those whose HU
// lie in a range. The outlines that the stroke touches become the borders of their pixels; the others keep their vertices.

import { bounds, mask, outlinesOfMask } from "../polygon.js";
import { Tool } from "./tool.js";

export class BrushTool extends Tool {
  erases = false;
  pixels = null;
  cursor = null;

  press(viewport, point) {
    if (this.isDrawing) return;
    if (!viewport.image) return this.context.tell("The slice is still loading.");
    const existing = this.context.outlinesAt(viewport);
    if (this.erases && !existing.length) return this.context.tell("There is nothing of this lesion to erase on this slice.");
    this.begin(viewport);
    this.image = viewport.image;
    this.existing = existing;
    this.pixels = mask(existing.map((o) => o.vertices), this.image.columns, this.image.rows);
    this.changed = [Infinity, Infinity, -Infinity, -Infinity];
    this.last = point;
    this.cursor = point;
    this.#paint(point, point);
  }

  drag(viewport, points) {
    for (const point of this.isDrawing ? points : []) {
      this.#paint(this.last, point);
      this.last = this.cursor = point;
    }
  }

  hover(viewport, point) { this.cursor = point; }
  release() { this.accept(); }

  accept() {
    if (!this.isDrawing) return;
    const [left, top, right, bottom] = this.changed;
    if (left <= right) {
      const isTouched = ({ vertices }) => {
        const box = bounds([vertices]);
        return box[0] <= right + 1 && box[2] >= left - 1 && box[1] <= bottom + 1 && box[3] >= top - 1;
      };
      const touched = this.existing.filter(isTouched), kept = this.existing.filter((o) => !isTouched(o));
      const { columns, rows } = this.image;
      // Even-odd: what the kept outlines contribute is taken out again.
      const others = mask(kept.map((o) => o.vertices), columns, rows);
      const outlines = outlinesOfMask(this.pixels.map((value, i) => value ^ others[i]), columns, rows);
      this.context.replaceOutlines(this.at, touched, outlines, "brush", this.erases ? "erase" : "brush");
    }
    this.end();
  }

  /** A capsule from `a` to `b`, so that a fast stroke has no gaps. */
  #paint(a, b) {
    const { radius, threshold } = this.context.settings;
    const { columns, rows, values, slope, intercept } = this.image;
    const dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
    const value = this.erases ? 0 : 1;
    const firstRow = Math.max(0, Math.ceil(Math.min(a[1], b[1]) - radius));
    const lastRow = Math.min(rows - 1, Math.floor(Math.max(a[1], b[1]) + radius));
    const firstColumn = Math.max(0, Math.ceil(Math.min(a[0], b[0]) - radius));
    const lastColumn = Math.min(columns - 1, Math.floor(Math.max(a[0], b[0]) + radius));
    for (let y = firstRow; y <= lastRow; y++) {
      for (let x = firstColumn; x <= lastColumn; x++) {
        const t = length ? Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / length)) : 0;
        if (Math.hypot(a[0] + t * dx - x, a[1] + t * dy - y) > radius) continue;
        const i = y * columns + x;
        const hounsfield = values[i] * slope + intercept;
        if (threshold.isOn && (hounsfield < threshold.low || hounsfield > threshold.high)) continue;
        if (this.pixels[i] === value) continue;
        this.pixels[i] = value;
        const box = this.changed;
        this.changed = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
      }
    }
  }

  end() {
    super.end();
    [this.pixels, this.image, this.existing] = [null, null, null];
  }

  draft(viewport) {
    const circle = this.cursor && this.context.isUnderPointer(viewport) ? [...this.cursor, this.context.settings.radius] : null;
    if (!this.isAt(viewport)) return circle ? { lines: [], circle } : null;
    return {
      lines: outlinesOfMask(this.pixels, this.image.columns, this.image.rows), isClosed: true, circle, replaces: this.existing,
    };
  }
}

export class EraserTool extends BrushTool {
  erases = true;
}
