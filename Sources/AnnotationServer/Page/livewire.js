// The cheapest path between two pixels along edges: Dijkstra over the 8 neighbours, where a step costs little on a strong
// gradient (Mortensen and Barrett, Intelligent scissors, 1995; only its gradient term). Pure functions.

const margin = 24; // pixels around the two ends in which the path is sought
const edge = 50; // HU per pixel at which a step costs half

/** The path from one point to another as pixel centres; the ends stay where they are. */
export function livewire(image, from, to) {
  const clamp = (v, limit) => Math.min(limit - 1, Math.max(0, Math.round(v)));
  const start = [clamp(from[0], image.columns), clamp(from[1], image.rows)];
  const end = [clamp(to[0], image.columns), clamp(to[1], image.rows)];
  const left = Math.max(0, Math.min(start[0], end[0]) - margin), top = Math.max(0, Math.min(start[1], end[1]) - margin);
  const width = Math.min(image.columns - 1, Math.max(start[0], end[0]) + margin) - left + 1;
  const height = Math.min(image.rows - 1, Math.max(start[1], end[1]) + margin) - top + 1;
  const cost = costs(image, left, top, width, height);
  const total = new Float64Array(width * height).fill(Infinity);
  const previous = new Int32Array(width * height).fill(-1);
  const source = (start[1] - top) * width + start[0] - left, target = (end[1] - top) * width + end[0] - left;
  const heap = new Heap();
  total[source] = 0;
  heap.push(0, source);
  while (heap.size) {
    const [distance, node] = heap.pop();
    if (node === target) break;
    if (distance > total[node]) continue;
    const x = node % width, y = (node - x) / width;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const nx = x + dx, ny = y + dy;
        if ((!dx && !dy) || nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
        const neighbour = ny * width + nx;
        const sum = distance + cost[neighbour] * (dx && dy ? Math.SQRT2 : 1);
        if (sum < total[neighbour]) {
          total[neighbour] = sum;
          previous[neighbour] = node;
          heap.push(sum, neighbour);
        }
      }
    }
  }
  const path = [];
  for (let node = previous[target]; node !== -1 && node !== source; node = previous[node]) {
    path.push([left + (node % width), top + Math.floor(node / width)]);
  }
  return [from, ...path.reverse(), to];
}

/** Cost of a step onto each pixel of a window: 1 on flat ground, towards 0 on a strong edge. */
function costs(image, left, top, width, height) {
  const at = (x, y) => image.values[
    Math.min(image.rows - 1, Math.max(0, y)) * image.columns + Math.min(image.columns - 1, Math.max(0, x))];
  const result = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const gx = (at(left + x + 1, top + y) - at(left + x - 1, top + y)) / 2;
      const gy = (at(left + x, top + y + 1) - at(left + x, top + y - 1)) / 2;
      result[y * width + x] = 0.02 + 1 / (1 + (Math.hypot(gx, gy) * Math.abs(image.slope)) / edge);
    }
  }
  return result;
}

/** A binary heap of (key, value) with the smallest key first. */
class Heap {
  #keys = [];
  #values = [];
  get size() { return this.#keys.length; }
  push(key, value) {
    let i = this.#keys.length;
    for (; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (this.#keys[parent] <= key) break;
      this.#keys[i] = this.#keys[parent];
      this.#values[i] = this.#values[parent];
      i = parent;
    }
    this.#keys[i] = key;
    this.#values[i] = value;
  }
  pop() {
    const top = [this.#keys[0], this.#values[0]];
    const key = this.#keys.pop(), value = this.#values.pop();
    const count = this.#keys.length;
    if (count) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= count) break;
        if (child + 1 < count && this.#keys[child + 1] < this.#keys[child]) child++;
        if (this.#keys[child] >= key) break;
        this.#keys[i] = this.#keys[child];
        this.#values[i] = this.#values[child];
        i = child;
      }
      this.#keys[i] = key;
      this.#values[i] = value;
    }
    return top;
  }
}
