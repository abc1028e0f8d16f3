// Livewire: presses set anchors, and between them the outline follows the strongest edge. Closed as a polygon is; the way
// back to the first anchor follows the edge too.

import { livewire } from "../livewire.js";
import { withoutLoops } from "../polygon.js";
import { Tool, screenDistance } from "./tool.js";

const grip = 6;

export class LivewireTool extends Tool {
  /** Paths from anchor to anchor; the first holds the first anchor alone. */
  paths = [];
  preview = [];

  press(viewport, point) {
    if (!viewport.image) return this.context.tell("The slice is still loading.");
    if (!this.isDrawing) {
      this.begin(viewport);
      this.image = viewport.image;
      this.paths = [[point]];
      return;
    }
    const canClose = this.paths.length >= 3;
    if (canClose && screenDistance(viewport, point, this.paths[0][0]) <= grip) return this.accept();
    if (screenDistance(viewport, point, this.last) <= 1) return canClose ? this.accept() : undefined;
    this.paths.push(livewire(this.image, this.last, point).slice(1));
    this.preview = [];
  }

  hover(viewport, point) {
    if (this.isDrawing && this.isAt(viewport)) this.preview = livewire(this.image, this.last, point).slice(1);
  }

  get last() { return this.paths.at(-1).at(-1); }

  accept() {
    if (!this.isDrawing) return;
    const back = livewire(this.image, this.last, this.paths[0][0]).slice(1, -1);
    const outline = withoutLoops([...this.paths.flat(), ...back]);
    if (this.context.addOutlines(this.at, [outline], "livewire")) this.end();
  }

  removePoint() {
    if (!this.isDrawing) return;
    this.paths.pop();
    this.preview = [];
    if (!this.paths.length) this.end();
  }

  end() {
    super.end();
    [this.paths, this.preview, this.image] = [[], [], null];
  }

  draft(viewport) {
    if (!this.isAt(viewport)) return null;
    return { lines: [[...this.paths.flat(), ...this.preview]], points: this.paths.map((path) => path.at(-1)) };
  }
}
