// Freehand: the outline is what the pointer draws while it is pressed, closed on release. Loops of the hand are cut off.

import { withoutLoops, withoutRepeats } from "../polygon.js";
import { Tool } from "./tool.js";

export class FreehandTool extends Tool {
  vertices = [];

  press(viewport, point) {
    if (this.isDrawing) return;
    this.begin(viewport);
    this.vertices = [point];
  }

  drag(viewport, points) {
    if (this.isDrawing) this.vertices = withoutRepeats([...this.vertices, ...points]);
  }

  release() { this.accept(); }

  accept() {
    if (!this.isDrawing) return;
    this.context.addOutlines(this.at, [withoutLoops(this.vertices)], "freehand");
    this.end();
  }

  end() {
    super.end();
    this.vertices = [];
  }

  draft(viewport) { return this.isAt(viewport) ? { lines: [this.vertices] } : null; }
}
