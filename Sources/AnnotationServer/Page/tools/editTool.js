// Edit: a press on a vertex moves it, a press on an edge adds a vertex there and moves it, Alt with a press on a vertex
// removes it, a press inside selects the outline (Delete removes it), and a press with Shift inside moves it whole.

import { contains, nearestEdge, nearestVertex } from "../polygon.js";
import { Tool, scaleAt } from "./tool.js";

const grip = 8; // screen pixels

export class EditTool extends Tool {
  object = null;
  vertices = [];

  press(viewport, point, event) {
    if (this.isDrawing) return;
    const reach = grip / scaleAt(viewport, point);
    const outlines = this.context.outlinesAt(viewport, null);
    const byVertex = outlines.map((object) => ({ object, ...nearestVertex(object.vertices, point) }))
      .filter(({ distance }) => distance <= reach).sort((a, b) => a.distance - b.distance)[0];
    if (byVertex && event?.altKey) return this.#remove(viewport, byVertex);
    if (byVertex) return this.#start(viewport, byVertex.object, byVertex.object.vertices, byVertex.index, point);
    const byEdge = outlines.map((object) => ({ object, ...nearestEdge(object.vertices, point) }))
      .filter(({ distance }) => distance <= reach).sort((a, b) => a.distance - b.distance)[0];
    if (byEdge) {
      const vertices = byEdge.object.vertices.toSpliced(byEdge.index + 1, 0, point);
      this.#start(viewport, byEdge.object, vertices, byEdge.index + 1, point);
      this.isChanged = true;
      return;
    }
    const inside = outlines.findLast((object) => contains([object.vertices], ...point));
    this.context.select(inside?.object ?? null);
    if (inside && event?.shiftKey) this.#start(viewport, inside, inside.vertices, null, point);
  }

  #start(viewport, object, vertices, index, point) {
    this.begin(viewport);
    Object.assign(this, { object, vertices, index, start: point, original: vertices, isChanged: false });
    // Where the grip was not hit exactly, the vertex does not jump.
    this.grab = index === null ? [0, 0] : [vertices[index][0] - point[0], vertices[index][1] - point[1]];
    this.context.select(object.object);
  }

  #remove(viewport, { object, index }) {
    const at = { series: viewport.series, slice: viewport.slice };
    if (object.vertices.length === 3) return this.context.replaceOutlines(at, [object], [], object.tool, "delete outline");
    this.context.changeOutlines(at, [[object, object.vertices.toSpliced(index, 1)]], object.tool);
  }

  drag(viewport, points) {
    if (!this.isDrawing || !this.isAt(viewport)) return;
    const [x, y] = points.at(-1);
    this.isChanged = true;
    this.vertices = this.index === null
      ? this.original.map(([vx, vy]) => [vx + x - this.start[0], vy + y - this.start[1]])
      : this.original.with(this.index, [x + this.grab[0], y + this.grab[1]]);
  }

  release() { this.accept(); }

  accept() {
    if (!this.isDrawing) return;
    if (this.isChanged) this.context.changeOutlines(this.at, [[this.object, this.vertices]], this.object.tool);
    this.end();
  }

  end() {
    super.end();
    [this.object, this.vertices] = [null, []];
  }

  draft(viewport) {
    if (!this.isAt(viewport)) return null;
    return { lines: [this.vertices], isClosed: true, points: this.vertices, replaces: [this.object] };
  }
}
