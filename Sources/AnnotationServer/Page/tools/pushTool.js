// Push edge: a circle moves the edge of the lesion's outlines before it, outwards from within and inwards from outside.

import { withoutLoops } from "../polygon.js";
import { Tool } from "./tool.js";

export class PushTool extends Tool {
  outlines = [];
  cursor = null;

  press(viewport, point) {
    if (this.isDrawing) return;
    const existing = this.context.outlinesAt(viewport);
    if (!existing.length) return this.context.tell("There is no outline of this lesion to push on this slice.");
    this.begin(viewport);
    this.outlines = existing.map((object) => ({ object, vertices: object.vertices, isMoved: false }));
    this.cursor = point;
    this.#push(point);
  }

  drag(viewport, points) {
    for (const point of this.isDrawing ? points : []) {
      // Steps of half a radius, so that a fast stroke does not jump over an edge.
      const from = this.cursor;
      const steps = Math.ceil(Math.hypot(point[0] - from[0], point[1] - from[1]) / (this.context.settings.radius / 2)) || 1;
      for (let i = 1; i <= steps; i++) {
        this.#push([from[0] + ((point[0] - from[0]) * i) / steps, from[1] + ((point[1] - from[1]) * i) / steps]);
      }
      this.cursor = point;
    }
  }

  hover(viewport, point) { this.cursor = point; }
  release() { this.accept(); }

  accept() {
    if (!this.isDrawing) return;
    const moved = this.outlines.filter((o) => o.isMoved);
    if (moved.length) {
      this.context.changeOutlines(this.at, moved.map(({ object, vertices }) => [object, withoutLoops(vertices)]), "push");
    }
    this.end();
  }

  #push([x, y]) {
    const radius = this.context.settings.radius;
    for (const outline of this.outlines) {
      const near = ([vx, vy]) => Math.hypot(vx - x, vy - y) < radius;
      const dense = refined(outline.vertices, [x, y], radius);
      if (!dense.some(near)) continue;
      outline.isMoved = true;
      outline.vertices = dense.map((vertex) => {
        const dx = vertex[0] - x, dy = vertex[1] - y, distance = Math.hypot(dx, dy);
        if (distance >= radius || distance === 0) return vertex;
        return [x + (dx / distance) * radius, y + (dy / distance) * radius];
      });
    }
  }

  end() {
    super.end();
    this.outlines = [];
  }

  draft(viewport) {
    const circle = this.cursor && this.context.isUnderPointer(viewport) ? [...this.cursor, this.context.settings.radius] : null;
    if (!this.isAt(viewport)) return circle ? { lines: [], circle } : null;
    return {
      lines: this.outlines.map((o) => o.vertices), isClosed: true, circle, replaces: this.outlines.map((o) => o.object),
    };
  }
}

/** With vertices added on long edges close to the circle, so that they can bend around it. */
function refined(vertices, [x, y], radius) {
  const step = Math.max(0.5, radius / 4);
  return vertices.flatMap((a, i) => {
    const b = vertices[(i + 1) % vertices.length];
    const dx = b[0] - a[0], dy = b[1] - a[1], length = Math.hypot(dx, dy);
    if (length <= step) return [a];
    const t = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (length * length)));
    if (Math.hypot(a[0] + t * dx - x, a[1] + t * dy - y) >= radius) return [a];
    const parts = Math.ceil(length / step);
    return Array.from({ length: parts }, (_, k) => [a[0] + (dx * k) / parts, a[1] + (dy * k) / parts]);
  });
}
