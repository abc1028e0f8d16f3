// Geometry of outlines in image coordinates (an integer is a pixel's centre). An outline is a list of [x, y], closed
// without repeating the first vertex. Several outlines of one slice are combined by even-odd, so that one inside another is
// a hole; where outlines cross, what both enclose is inside, as in ROIs. Pure functions: no DOM, no state.

/** Signed area in square pixels (shoelace formula). */
export function signedArea(outline) {
  let sum = 0;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    sum += outline[j][0] * outline[i][1] - outline[i][0] * outline[j][1];
  }
  return sum / 2;
}

/** Whether a point lies inside the outlines by the even-odd rule. */
export function contains(outlines, x, y) {
  let isInside = false;
  for (const outline of outlines) {
    for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
      const [ax, ay] = outline[j], [bx, by] = outline[i];
      if ((ay > y) !== (by > y) && x < ax + ((y - ay) * (bx - ax)) / (by - ay)) isInside = !isInside;
    }
  }
  return isInside;
}

/** Even-odd area in square pixels: outlines at an odd depth are holes. Null where outlines cross one another. */
export function area(outlines) {
  if (overlap(outlines)) return null;
  return outlines.reduce((sum, outline, index) => {
    // The middle of an edge: outlines of pixels may share corners, never edges.
    const [x, y] = [(outline[0][0] + outline[1][0]) / 2, (outline[0][1] + outline[1][1]) / 2];
    const depth = outlines.filter((other, i) => i !== index && contains([other], x, y)).length;
    return sum + Math.abs(signedArea(outline)) * (depth % 2 ? -1 : 1);
  }, 0);
}

/** Area centroid of one outline; the mean of its vertices where it has no area. */
export function centroid(outline) {
  const twice = 2 * signedArea(outline);
  if (twice === 0) return [0, 1].map((axis) => outline.reduce((sum, p) => sum + p[axis], 0) / outline.length);
  let x = 0, y = 0;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const cross = outline[j][0] * outline[i][1] - outline[i][0] * outline[j][1];
    x += (outline[j][0] + outline[i][0]) * cross;
    y += (outline[j][1] + outline[i][1]) * cross;
  }
  return [x / (3 * twice), y / (3 * twice)];
}

/** The smallest box around outlines: [left, top, right, bottom]. */
export function bounds(outlines) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const outline of outlines) {
    for (const [x, y] of outline) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
  }
  return box;
}

/** Calls `run(row, first, last)` for each run of pixels whose centres lie inside the outlines (even-odd). */
export function forEachRun(outlines, columns, rows, run) {
  const [, top, , bottom] = bounds(outlines);
  for (let row = Math.max(0, Math.ceil(top)); row <= Math.min(rows - 1, Math.floor(bottom)); row++) {
    const crossings = [];
    for (const outline of outlines) {
      for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
        const [ax, ay] = outline[j], [bx, by] = outline[i];
        if ((ay > row) !== (by > row)) crossings.push(ax + ((row - ay) * (bx - ax)) / (by - ay));
      }
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil(crossings[i]));
      const last = Math.min(columns - 1, Math.ceil(crossings[i + 1]) - 1);
      if (first <= last) run(row, first, last);
    }
  }
}

/** Whether two of the outlines cross. */
export function overlap(outlines) { return outlines.some((a, i) => outlines.slice(0, i).some((b) => cross(a, b))); }

/** Whether each outline is a hole: all of its corners lie within an odd number of larger ones. */
function holes(outlines) {
  const areas = outlines.map((outline) => Math.abs(signedArea(outline)));
  return outlines.map((outline, i) => outlines.filter((other, k) =>
    areas[k] > areas[i] && outline.every(([x, y]) => contains([other], x, y))).length % 2 === 1);
}

/** The outlines as a mask of one byte a pixel, row by row. */
export function mask(outlines, columns, rows) {
  const result = new Uint8Array(columns * rows);
  const fill = (some, value) => forEachRun(some, columns, rows, (row, first, last) =>
    result.fill(value, row * columns + first, row * columns + last + 1));
  if (!overlap(outlines)) {
    if (outlines.length) fill(outlines, 1);
    return result;
  }
  const isHole = holes(outlines);
  const order = outlines.map((outline, i) => [Math.abs(signedArea(outline)), i]).sort((a, b) => b[0] - a[0]);
  for (const [, i] of order) fill([outlines[i]], isHole[i] ? 0 : 1);
  return result;
}

/**
 * The borders of a mask's pixels as outlines (vertices at half pixels), which rasterise to the same mask again.
 * Holes come out as outlines of their own, and no outline touches itself: it is split at a corner that it visits twice.
 */
export function outlinesOfMask(pixels, columns, rows) {
  const at = (x, y) => x >= 0 && y >= 0 && x < columns && y < rows && pixels[y * columns + x] !== 0;
  const width = columns + 1;
  // Directed edges between corners, with the inside on the right: at most two leave a corner.
  const next = new Map();
  const add = (ax, ay, bx, by) => {
    const from = ay * width + ax;
    if (!next.has(from)) next.set(from, []);
    next.get(from).push(by * width + bx);
  };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!at(x, y)) continue;
      if (!at(x, y - 1)) add(x, y, x + 1, y);
      if (!at(x + 1, y)) add(x + 1, y, x + 1, y + 1);
      if (!at(x, y + 1)) add(x + 1, y + 1, x, y + 1);
      if (!at(x - 1, y)) add(x, y + 1, x, y);
    }
  }
  const outlines = [];
  for (const start of [...next.keys()]) {
    while (next.has(start)) {
      const path = [start];
      const place = new Map([[start, 0]]);
      for (let corner = start; ;) {
        const targets = next.get(corner);
        const target = targets.pop();
        if (targets.length === 0) next.delete(corner);
        if (place.has(target)) {
          const loop = path.splice(place.get(target));
          loop.forEach((visited) => place.delete(visited));
          outlines.push(straightened(loop.map((c) => [(c % width) - 0.5, Math.floor(c / width) - 0.5])));
          if (path.length === 0) break;
        }
        path.push(target);
        place.set(target, path.length - 1);
        corner = target;
      }
    }
  }
  return outlines;
}

/** Without the vertices that lie in the middle of a straight run of unit steps. */
function straightened(outline) {
  return outline.filter((vertex, i) => {
    const before = outline[(i + outline.length - 1) % outline.length], after = outline[(i + 1) % outline.length];
    return (vertex[0] - before[0]) * (after[1] - vertex[1]) !== (vertex[1] - before[1]) * (after[0] - vertex[0]);
  });
}

/** Where two segments properly cross or overlap, as fractions along each; null where they do not meet. */
function crossing(a, b, c, d) {
  const rx = b[0] - a[0], ry = b[1] - a[1], sx = d[0] - c[0], sy = d[1] - c[1];
  const cross = rx * sy - ry * sx;
  if (cross === 0) return null;
  const t = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / cross;
  const u = ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / cross;
  return t >= 0 && t <= 1 && u >= 0 && u <= 1 ? { t, u } : null;
}

const isProper = ({ t, u }) => t > 0 && t < 1 && u > 0 && u < 1;

/**
 * The first pair of edges of an outline that cross, or with `touching` meet, without being neighbours: {i, j, point}; null for
 * a simple outline.
 */
export function selfCrossing(outline, { touching = false } = {}) {
  const count = outline.length;
  for (let i = 0; i < count; i++) {
    const a = outline[i], b = outline[(i + 1) % count];
    const left = Math.min(a[0], b[0]), right = Math.max(a[0], b[0]);
    const top = Math.min(a[1], b[1]), bottom = Math.max(a[1], b[1]);
    for (let j = i + 2; j < count; j++) {
      if (i === 0 && j === count - 1) continue;
      const c = outline[j], d = outline[(j + 1) % count];
      if (Math.max(c[0], d[0]) < left || Math.min(c[0], d[0]) > right) continue;
      if (Math.max(c[1], d[1]) < top || Math.min(c[1], d[1]) > bottom) continue;
      const found = crossing(a, b, c, d);
      if (found && (touching || isProper(found))) return { i, j, point: [a[0] + found.t * (b[0] - a[0]), a[1] + found.t * (b[1] - a[1])] };
    }
  }
  return null;
}

/** Whether two outlines cross properly; to touch is not to cross. */
export function cross(a, b) {
  const one = bounds([a]), other = bounds([b]);
  if (one[0] > other[2] || other[0] > one[2] || one[1] > other[3] || other[1] > one[3]) return false;
  return a.some((p, i) => b.some((r, k) => {
    const found = crossing(p, a[(i + 1) % a.length], r, b[(k + 1) % b.length]);
    return found !== null && isProper(found);
  }));
}

/** Without vertices that repeat the one before. */
export function withoutRepeats(outline) {
  return outline.filter((vertex, i) => {
    const before = outline[(i + outline.length - 1) % outline.length];
    return outline.length === 1 || vertex[0] !== before[0] || vertex[1] !== before[1];
  });
}

/** A stroke made simple: at each crossing the larger loop is kept. Untouched where nothing crosses. */
export function withoutLoops(outline) {
  let result = withoutRepeats(outline);
  const meeting = () => selfCrossing(result, { touching: true });
  for (let found = meeting(); found && result.length > 3; found = meeting()) {
    const { i, j, point } = found;
    const inner = withoutRepeats([point, ...result.slice(i + 1, j + 1)]);
    const outer = withoutRepeats([...result.slice(0, i + 1), point, ...result.slice(j + 1)]);
    const larger = Math.abs(signedArea(inner)) > Math.abs(signedArea(outer)) ? inner : outer;
    if (larger.length >= result.length && larger === outer && inner.length < 3) return larger;
    result = larger;
  }
  return result;
}

/** Why an outline cannot be saved, in words; null for a good one. */
export function fault(outline, columns, rows) {
  if (outline.length < 3) return "An outline needs at least 3 vertices.";
  if (outline.some(([x, y]) => !(x >= -0.5 && y >= -0.5 && x <= columns - 0.5 && y <= rows - 0.5))) {
    return "A vertex lies outside the image.";
  }
  if (Math.abs(signedArea(outline)) < 1e-6) return "The outline encloses no area.";
  if (selfCrossing(outline)) return "The outline crosses itself: move or remove a vertex.";
  return null;
}

/** The vertex nearest to a point: {index, distance}, in image pixels. */
export function nearestVertex(outline, [x, y]) {
  let best = { index: -1, distance: Infinity };
  outline.forEach(([vx, vy], index) => {
    const distance = Math.hypot(vx - x, vy - y);
    if (distance < best.distance) best = { index, distance };
  });
  return best;
}

/** The edge nearest to a point: {index of its first vertex, distance, point on it}. */
export function nearestEdge(outline, [x, y]) {
  let best = { index: -1, distance: Infinity, point: null };
  outline.forEach(([ax, ay], index) => {
    const [bx, by] = outline[(index + 1) % outline.length];
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
    const t = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    const point = [ax + t * dx, ay + t * dy];
    const distance = Math.hypot(point[0] - x, point[1] - y);
    if (distance < best.distance) best = { index, distance, point };
  });
  return best;
}

/**
 * The longest diameter of outlines (between two vertices) and the longest span at right angles to it, in mm, with the ends in
 * image coordinates: {length, ends, perpendicularLength, perpendicular}; null without outlines.
 * `columnSpacing` and `rowSpacing` are mm between neighbouring columns and rows.
 */
export function diameters(outlines, columnSpacing, rowSpacing) {
  const points = outlines.flat().map(([x, y]) => [x * columnSpacing, y * rowSpacing]);
  const hull = convexHull(points);
  let longest = { length: 0, ends: null };
  for (const a of hull) {
    for (const b of hull) {
      const length = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (length > longest.length) longest = { length, ends: [a, b] };
    }
  }
  if (!longest.ends) return null;
  const [a, b] = longest.ends;
  const ux = (b[0] - a[0]) / longest.length, uy = (b[1] - a[1]) / longest.length;
  // Along the diameter (s) and across it (t): the span in t is linear between vertices, so its maximum is at a vertex.
  const turned = outlines.map((outline) =>
    outline.map(([x, y]) => [x * columnSpacing, y * rowSpacing]).map(([x, y]) => [x * ux + y * uy, y * ux - x * uy]));
  let across = { span: 0, s: 0, low: 0, high: 0 };
  for (const [s] of turned.flat()) {
    let low = Infinity, high = -Infinity;
    for (const outline of turned) {
      for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
        const [as, at] = outline[i], [bs, bt] = outline[j];
        if (Math.min(as, bs) > s || Math.max(as, bs) < s) continue;
        const ends = as === bs ? [at, bt] : [at + ((s - as) / (bs - as)) * (bt - at)];
        low = Math.min(low, ...ends);
        high = Math.max(high, ...ends);
      }
    }
    if (high - low > across.span) across = { span: high - low, s, low, high };
  }
  const toImage = ([x, y]) => [x / columnSpacing, y / rowSpacing];
  const back = (s, t) => toImage([s * ux - t * uy, s * uy + t * ux]);
  return {
    length: longest.length, ends: longest.ends.map(toImage),
    perpendicularLength: across.span, perpendicular: [back(across.s, across.low), back(across.s, across.high)],
  };
}

/** Andrew's monotone chain. */
function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list) => {
    const chain = [];
    for (const p of list) {
      while (chain.length > 1) {
        const [a, b] = chain.slice(-2);
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0) break;
        chain.pop();
      }
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half(sorted.reverse())];
}

/** Count, mean and SD of HU over the pixels whose centres lie inside; SD is null for fewer than two pixels. */
export function hounsfieldInside(outlines, image) {
  let count = 0, mean = 0, squares = 0;
  const add = (i) => {
    const value = image.values[i] * image.slope + image.intercept;
    count++;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  };
  if (overlap(outlines)) {
    mask(outlines, image.columns, image.rows).forEach((isInside, i) => { if (isInside) add(i); });
  } else if (outlines.length) {
    forEachRun(outlines, image.columns, image.rows, (row, first, last) => {
      for (let i = row * image.columns + first; i <= row * image.columns + last; i++) add(i);
    });
  }
  return { count, mean: count ? mean : null, sd: count > 1 ? Math.sqrt(squares / (count - 1)) : null };
}
