// The window: HU to grey by a table of 65,536 entries, one for each stored value. The function is DICOM's LINEAR_EXACT
// (PS3.3, C.11.2.1.3.2), as the ROIs have it, and equals `WindowTable` of the room Imaging byte for byte.

/** The presets of the keys 1 to 4 in HU; the first is the protocol's window. */
export const presets = (protocolWindow) => [
  { name: "Soft tissue", ...protocolWindow },
  { name: "Lung", center: -600, width: 1500 },
  { name: "Liver", center: 90, width: 150 },
  { name: "Bone", center: 480, width: 2500 },
];

/** The least and the greatest width and the farthest centre that dragging reaches, in HU. */
const limits = { width: [1, 8000], center: [-4000, 8000] };

export class Window {
  constructor({ center, width }, isInverted = false) { Object.assign(this, { center, width, isInverted }); }

  /** The window after a drag by so many HU. */
  moved(center, width) {
    const within = (value, [low, high]) => Math.min(high, Math.max(low, Math.round(value)));
    return new Window({
      center: within(this.center + center, limits.center), width: within(this.width + width, limits.width),
    }, this.isInverted);
  }

  /** The grey of a value in HU, 0 to 255. */
  grey(hounsfield) {
    const lower = this.center - this.width / 2, upper = this.center + this.width / 2;
    const part = (Math.min(Math.max(hounsfield, lower), upper) - lower) / (upper - lower);
    return Math.floor((this.isInverted ? 1 - part : part) * 255 + 0.5);
  }
}

/** An opaque pixel (RGBA, in the order of this machine's bytes) of a grey. */
const opaque = (() => {
  const word = new Uint32Array(1), bytes = new Uint8Array(word.buffer);
  return (grey) => {
    bytes.set([grey, grey, grey, 255]);
    return word[0];
  };
})();

/** Tables by slope and intercept for one window, made when first used. */
export class WindowTables {
  #tables = new Map();
  constructor(window) { this.window = window; }

  /** Pixels at stored value + 32,768. */
  table(slope, intercept) {
    const key = `${slope} ${intercept}`;
    let table = this.#tables.get(key);
    if (!table) {
      table = new Uint32Array(65536);
      const [first, last] = this.#range(slope, intercept);
      const pixel = (index) => opaque(this.window.grey((index - 32768) * slope + intercept));
      // Only the values within the window differ from one another.
      table.fill(pixel(0), 0, first);
      for (let i = first; i < last; i++) table[i] = pixel(i);
      table.fill(pixel(65535), last);
      // Series whose slices differ in slope (PET, some scanners) must not fill the memory.
      if (this.#tables.size >= 16) this.#tables.clear();
      this.#tables.set(key, table);
    }
    return table;
  }

  /** The entries from the first to before the last that may be neither of the window's ends. */
  #range(slope, intercept) {
    const { center, width } = this.window;
    const entries = [center - width / 2, center + width / 2].map((edge) => (edge - intercept) / slope + 32768).sort((a, b) => a - b);
    if (!entries.every(Number.isFinite)) return [0, 65536];
    const within = (index) => Math.min(65536, Math.max(0, index));
    return [within(Math.floor(entries[0]) - 1), within(Math.ceil(entries[1]) + 2)];
  }

  /** Fills `pixels`, an ImageData of the image's size. */
  paint({ values, slope, intercept }, pixels) {
    const table = this.table(slope, intercept);
    const target = new Uint32Array(pixels.data.buffer);
    for (let i = 0; i < values.length; i++) target[i] = table[values[i] + 32768];
  }
}
