// What all tools share. A tool is a machine of two states:
//
//   idle     -- press -->  drawing   (or stays idle where there is nothing to do at that point)
//   drawing  -- press, drag, release, removePoint -->  drawing
//   drawing  -- accept, or a release or press that ends the stroke -->  idle, with one command on the store's stack
//   drawing  -- cancel -->  idle, without a trace
//
// Whatever arrives in a state that does not list it is ignored. A drawing belongs to the series and slice on which it began:
// the slice may be scrolled away meanwhile, but a press on another one is refused in words, as is a change of tool.

export class Tool {
  state = "idle";
  /** {series, slice} of the drawing. */
  at = null;
  constructor(context) { this.context = context; }

  get isDrawing() { return this.state === "drawing"; }
  isAt(viewport) {
    return this.at !== null && this.at.series === viewport.series && this.at.slice === viewport.slice;
  }

  press() {}
  drag() {}
  hover() {}
  release() {}
  accept() {}
  removePoint() {}
  cancel() { this.end(); }
  /** What to show of the drawing on a viewport: {lines, isClosed, circle: [x, y, radius]}; null for nothing. */
  draft() { return null; }

  begin(viewport) {
    this.state = "drawing";
    this.at = { series: viewport.series, slice: viewport.slice };
  }
  end() {
    this.state = "idle";
    this.at = null;
  }
}

/** Screen pixels per image pixel at a point. */
export function scaleAt(viewport, [x, y]) {
  const a = viewport.toScreen(x, y), b = viewport.toScreen(x + 1, y);
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

/** Distance of two image points in screen pixels. */
export function screenDistance(viewport, a, b) {
  const p = viewport.toScreen(a[0], a[1]), q = viewport.toScreen(b[0], b[1]);
  return Math.hypot(q[0] - p[0], q[1] - p[1]);
}
