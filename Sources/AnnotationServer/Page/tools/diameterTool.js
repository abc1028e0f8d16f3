// Diameter: one drag draws the longest diameter, the next one its perpendicular, which stays at right angles in mm.

import { Tool } from "./tool.js";

export class DiameterTool extends Tool {
  ends = null;
  perpendicular = null;

  press(viewport, point) {
    if (!this.isDrawing) {
      this.begin(viewport);
      [this.ends, this.perpendicular] = [[point, point], null];
    } else if (this.isAt(viewport)) {
      this.perpendicular = [point, point];
    }
  }

  drag(viewport, points) {
    if (!this.isDrawing || !this.isAt(viewport)) return;
    const point = points.at(-1);
    if (this.perpendicular) this.perpendicular = [this.perpendicular[0], this.#atRightAngle(this.perpendicular[0], point)];
    else this.ends = [this.ends[0], point];
  }

  release() {
    if (!this.isDrawing) return;
    const line = this.perpendicular ?? this.ends;
    if (line[0][0] === line[1][0] && line[0][1] === line[1][1]) {
      if (this.perpendicular) this.perpendicular = null;
      else this.end();
    } else if (this.perpendicular) {
      this.accept();
    }
  }

  #atRightAngle(from, to) {
    const { columnSpacing, rowSpacing } = this.context.seriesOf(this.at.series);
    const ux = -(this.ends[1][1] - this.ends[0][1]) * rowSpacing, uy = (this.ends[1][0] - this.ends[0][0]) * columnSpacing;
    const dx = (to[0] - from[0]) * columnSpacing, dy = (to[1] - from[1]) * rowSpacing;
    const t = (dx * ux + dy * uy) / (ux * ux + uy * uy);
    return [from[0] + (t * ux) / columnSpacing, from[1] + (t * uy) / rowSpacing];
  }

  accept() {
    if (!this.isDrawing || !this.perpendicular) return;
    this.context.setDiameter(this.at, this.ends, this.perpendicular);
    this.end();
  }

  removePoint() { this.cancel(); }

  end() {
    super.end();
    [this.ends, this.perpendicular] = [null, null];
  }

  draft(viewport) {
    if (!this.isAt(viewport)) return null;
    return { lines: [this.ends, this.perpendicular].filter(Boolean) };
  }
}
