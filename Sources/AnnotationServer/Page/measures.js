// Area, volume and HU of what is outlined. Pure functions over the case's series and the outlines.

import { area, hounsfieldInside } from "./polygon.js";

/** Area in mm2 of the outlines of one slice; null where the series' spacing is unknown or outlines cross one another. */
export function areaInSquareMillimetres(outlines, series) {
  const pixel = series.rowSpacing * series.columnSpacing, pixels = area(outlines);
  return pixel > 0 && pixels !== null ? pixels * pixel : null;
}

/** Thickness that a slice stands for, in mm: half the way to each neighbour; null where positions are unknown. */
export function sliceDistance(series, slice) {
  const height = (i) => series.slices[i]?.height ?? null;
  const gaps = [[slice - 1, slice], [slice, slice + 1]].filter(([a, b]) => height(a) !== null && height(b) !== null)
    .map(([a, b]) => Math.abs(height(b) - height(a)));
  return gaps.length ? gaps.reduce((a, b) => a + b) / gaps.length : null;
}

/** Volume in ml of a lesion on one series: areas x slice distance; null where one of them is unknown. */
export function volume(objects, series) {
  const bySlice = Map.groupBy(objects, (o) => o.slice);
  let sum = 0;
  for (const [slice, outlines] of bySlice) {
    const thickness = sliceDistance(series, slice), size = areaInSquareMillimetres(outlines.map((o) => o.vertices), series);
    if (thickness === null || size === null) return null;
    sum += size * thickness;
  }
  return sum / 1000;
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Outlines of one series' slice in the image coordinates of another's, by position in mm; null where that is unknown. */
export function carried(outlines, from, fromSlice, to, toSlice) {
  const source = from.slices[fromSlice]?.position, target = to.slices[toSlice]?.position;
  if (!source || !target || !(from.rowSpacing > 0) || !(to.rowSpacing > 0)) return null;
  return outlines.map((outline) => outline.map(([x, y]) => {
    const offset = [0, 1, 2].map((i) => source[i] - target[i]
      + from.across[i] * x * from.columnSpacing + from.down[i] * y * from.rowSpacing);
    return [dot(offset, to.across) / to.columnSpacing, dot(offset, to.down) / to.rowSpacing];
  }));
}

/**
 * HU inside the outlines of the drawn viewport, on each viewport that shows a slice at (almost) the same position:
 * [{series, phase, count, mean, sd}]. `offsets` maps a series to its shift along the normal in mm.
 */
export function hounsfieldByPhase(outlines, viewport, viewports, allSeries, offsets = {}) {
  const own = allSeries.find((s) => s.series === viewport.series);
  const seen = new Set();
  return viewports.flatMap((other) => {
    const series = allSeries.find((s) => s.series === other.series);
    if (!series || !other.image || seen.has(series.series)) return [];
    seen.add(series.series);
    if (other.series === viewport.series) {
      return other.slice === viewport.slice ? [{ ...labels(series), ...hounsfieldInside(outlines, other.image) }] : [];
    }
    const a = own.slices[viewport.slice]?.height, b = series.slices[other.slice]?.height;
    const reach = sliceDistance(series, other.slice);
    const moved = carried(outlines, own, viewport.slice, series, other.slice);
    if (moved === null || reach === null || a === null || b === null) return [];
    const apart = b - (offsets[other.series] ?? 0) - (a - (offsets[viewport.series] ?? 0));
    return Math.abs(apart) <= reach ? [{ ...labels(series), ...hounsfieldInside(moved, other.image) }] : [];
  });
}

function labels({ series, phase }) { return { series, phase: phase ?? `series ${series + 1}` }; }
