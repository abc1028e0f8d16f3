// Loads slices: those on the screen first, then ahead in the direction of scrolling, then the rest of what is to be kept.
// Kept are the active series as a whole and 32 slices either way of the others; requests for other slices are aborted.

/** Requests at a time: browsers open six connections to one server, and one stays free for edits. */
const connections = 5;
/** Slices kept either way of what the series that are not active show. */
export const reach = 32;
/** Slices read ahead in the direction of scrolling before anything else is. */
const ahead = 12;

/**
 * What is wanted, the most urgent first, as [series, slice].
 *
 * `shown` lists what is on the screen: {series, slice, count, direction (1 or -1), isActive}.
 */
export function wanted(shown) {
  const order = [...shown].sort((a, b) => b.isActive - a.isActive);
  const seen = new Set(), list = [];
  const add = ({ series, count }, slice) => {
    const key = `${series}/${slice}`;
    if (slice < 0 || slice >= count || seen.has(key)) return;
    seen.add(key);
    list.push([series, slice]);
  };
  for (const view of order) add(view, view.slice);
  for (let step = 1; step <= ahead; step++) for (const view of order) add(view, view.slice + step * view.direction);
  for (const view of order) {
    const range = view.isActive ? view.count : reach;
    for (let step = 1; step <= range; step++) {
      add(view, view.slice + step * view.direction);
      add(view, view.slice - step * view.direction);
    }
  }
  return list;
}

export class Slices {
  /** "loaded" (detail {series, slice, image}), "failed" (detail {series, slice, message}). */
  events = new EventTarget();
  #images = new Map();
  #requests = new Map();
  #failures = new Map();
  #wanted = [];
  #urgent = 0;
  #isClosed = false;

  /** `numbering` is the case's: the server refuses to send a slice where its number no longer means the same one. */
  constructor(session, place, { series, numbering }) {
    Object.assign(this, { session, place });
    this.headers = numbering === undefined ? {} : { "Case-Numbering": numbering };
    this.series = new Map(series.map((s) => [s.series, s]));
  }

  /** The slice {columns, rows, values, slope, intercept}; null while it is not loaded. */
  image(series, slice) { return this.#images.get(`${series}/${slice}`) ?? null; }
  /** Why a slice cannot be shown; null where nothing is known against it. */
  failure(series, slice) { return this.#failures.get(`${series}/${slice}`) ?? null; }
  /** Bytes of the slices that are held. */
  get bytes() {
    let sum = 0;
    for (const { values } of this.#images.values()) sum += values.byteLength;
    return sum;
  }
  get count() { return this.#images.size; }

  /** States what is on the screen (see `wanted`). */
  focus(shown) {
    this.#wanted = wanted(shown).map(([series, slice]) => ({ key: `${series}/${slice}`, series, slice }));
    this.#urgent = shown.length;
    const keys = new Set(this.#wanted.map(({ key }) => key));
    for (const key of this.#images.keys()) if (!keys.has(key)) this.#images.delete(key);
    for (const [key, request] of this.#requests) if (!keys.has(key)) request.abort();
    // What is on the screen is asked for again where it had failed.
    for (const { key } of this.#wanted.slice(0, this.#urgent)) this.#failures.delete(key);
    this.#start();
  }

  /** Aborts all requests, and loads nothing more. */
  close() {
    this.#isClosed = true;
    for (const request of this.#requests.values()) request.abort();
    this.#images.clear();
  }

  #isMissing = ({ key }) => !this.#images.has(key) && !this.#requests.has(key) && !this.#failures.has(key);

  #start() {
    if (this.#isClosed) return;
    for (const entry of this.#wanted.slice(0, this.#urgent).filter(this.#isMissing)) {
      // A slice on the screen does not wait for one that is read ahead.
      if (this.#requests.size >= connections) this.#abortLeastUrgent();
      this.#load(entry);
    }
    for (const entry of this.#wanted) {
      if (this.#requests.size >= connections) return;
      if (this.#isMissing(entry)) this.#load(entry);
    }
  }

  #abortLeastUrgent() {
    const rank = new Map(this.#wanted.map(({ key }, i) => [key, i]));
    const [key] = [...this.#requests.keys()].sort((a, b) => (rank.get(b) ?? Infinity) - (rank.get(a) ?? Infinity));
    if ((rank.get(key) ?? Infinity) < this.#urgent) return;
    this.#requests.get(key).abort();
    this.#requests.delete(key);
  }

  async #load({ key, series, slice }) {
    const request = new AbortController();
    this.#requests.set(key, request);
    let event = null;
    try {
      const image = await this.#fetch(series, slice, request.signal);
      if (this.#wanted.some((entry) => entry.key === key)) {
        this.#images.set(key, image);
        event = new CustomEvent("loaded", { detail: { series, slice, image } });
      }
    } catch (error) {
      if (!request.signal.aborted) {
        this.#failures.set(key, error.message);
        event = new CustomEvent("failed", { detail: { series, slice, message: error.message } });
      }
    }
    if (this.#requests.get(key) === request) this.#requests.delete(key);
    if (this.#isClosed) return;
    // Before the listeners run, so that the next request is on its way while this slice is drawn.
    this.#start();
    if (event) this.events.dispatchEvent(event);
  }

  async #fetch(series, slice, signal) {
    const answer = await this.session.request(`${this.place}/series/${series}/slices/${slice}`, { signal, headers: this.headers });
    if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.message ?? `The server answered ${answer.status}.`);
    const { columns, rows } = this.series.get(series);
    const buffer = await answer.arrayBuffer();
    const slope = Number(answer.headers.get("Rescale-Slope") ?? NaN);
    const intercept = Number(answer.headers.get("Rescale-Intercept") ?? NaN);
    if (buffer.byteLength !== columns * rows * 2) {
      throw new Error(`The slice has ${buffer.byteLength} bytes, expected ${columns * rows * 2}.`);
    }
    if (!Number.isFinite(slope) || !Number.isFinite(intercept)) throw new Error("The slice states no rescale slope and intercept.");
    return { columns, rows, values: littleEndian(buffer), slope, intercept };
  }
}

function littleEndian(buffer) {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return new Int16Array(buffer);
  const view = new DataView(buffer);
  return Int16Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true));
}
