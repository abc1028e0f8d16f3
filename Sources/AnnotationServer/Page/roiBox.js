// The box that the ROI is cut by, as `ROICutter` has it: whole pixels, of which the first is the centroid minus (n - 1) / 2,
// rounded half up; on the grid of the protocol's pixel size where slices are resampled.

import { centroid, signedArea } from "./polygon.js";

/** Corners [left, top, right, bottom] in image coordinates; null where there is nothing to centre on. */
export function boxAround(outlines, geometry, { box, pixelSpacing }) {
  const drawn = outlines.filter((outline) => outline.length > 2);
  const areas = drawn.map((outline) => Math.abs(signedArea(outline)));
  const total = areas.reduce((a, b) => a + b, 0);
  if (!(total > 0)) return null;
  const centre = [0, 1].map((axis) => drawn.reduce((sum, outline, i) => sum + (centroid(outline)[axis] * areas[i]) / total, 0));
  // Pixels of the cut's grid for one pixel of the slice; a slice whose pixel size is unknown cannot be resampled.
  const factors = pixelSpacing === null ? [1, 1] : [geometry.columnSpacing / pixelSpacing, geometry.rowSpacing / pixelSpacing];
  if (!factors.every((factor) => factor > 0)) return null;
  const edges = centre.map((value, axis) => {
    const factor = factors[axis];
    const first = Math.floor((value + 0.5) * factor - 0.5 - (box - 1) / 2 + 0.5 + 1e-6);
    return [first / factor - 0.5, (first + box) / factor - 0.5];
  });
  return [edges[0][0], edges[1][0], edges[0][1], edges[1][1]];
}
