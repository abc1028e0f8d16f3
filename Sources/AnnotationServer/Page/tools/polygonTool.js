// Polygon: each press sets a vertex. A press on the first vertex, a second press on the last one (a double click) or Enter
// closes the outline.

import { Tool, screenDistance } from "./tool.js";

const grip = 6; // screen pixels around the first vertex that close the outline

export class PolygonTool extends Tool {
  static tool = "polygon";
  vertices = [];
  cursor = null;

  press(viewport, point) {
    if (!this.isDrawing) {
      this.begin(viewport);
      this.vertices = [point];
      return;
    }
    const canClose = this.vertices.length >= 3;
    if (canClose && screenDistance(viewport, point, this.vertices[0]) <= grip) return this.accept();
    if (screenDistance(viewport, point, this.vertices.at(-1)) <= 1) return canClose ? this.accept() : undefined;
    this.vertices.push(point);
  }

  hover(viewport, point) { this.cursor = point; }
  drag(viewport, points) { this.cursor = points.at(-1); }

  accept() {
    if (!this.isDrawing) return;
    if (this.context.addOutlines(this.at, [this.vertices], this.constructor.tool)) this.end();
  }

  removePoint() {
    if (!this.isDrawing) return;
    this.vertices.pop();
    if (!this.vertices.length) this.end();
  }

  end() {
    super.end();
    [this.vertices, this.cursor] = [[], null];
  }

  draft(viewport) {
    if (!this.isAt(viewport)) return null;
    return { lines: [this.cursor ? [...this.vertices, this.cursor] : this.vertices], points: this.vertices };
  }
}
