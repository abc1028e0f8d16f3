// One image on the screen with zoom, pan, window, overlay and the pointer's gestures. It knows pixels, not slices or series.
//
// The canvas has the image's own pixels, and CSS scales it: its bytes are the window's greys whatever zoom, pan and device
// pixel ratio are, and zooming draws nothing anew. Image coordinates: an integer is a pixel's centre.

import { element, svg } from "./dom.js";

const scales = { least: 0.05, greatest: 60 };

export class Pane {
  /**
   * "frame" {slice, time}, "pointerdown", "pointermove", "pointerup" {points, original}; for the viewer also "activate",
   * "scroll" {steps}, "window" {center, width}, "view", "cursor" {point}.
   */
  events = new EventTarget();
  /** {columns, rows, values, slope, intercept} of what is shown; null while there is nothing. */
  image = null;
  /** While set, the primary button is the tool's. */
  pointerTool = null;
  /** Where the pointer is in image coordinates; null outside. */
  cursor = null;
  #view = null;
  #isFitted = true;
  #tables = null;
  #pixels = null;
  #size = [0, 0];
  #isDue = false;
  #gesture = null;
  #wheel = 0;

  /** `name` for screen readers; `pixelWidth`, `pixelHeight` in mm; `sides` are letters of the patient's sides. */
  constructor(name, { columns, rows, pixelWidth, pixelHeight, sides }) {
    Object.assign(this, { name, columns, rows, pixelWidth, pixelHeight });
    /** Width and height in mm that fit into the pane; the viewer sets those of its largest phase, so that all have one scale. */
    this.extent = [columns * pixelWidth, rows * pixelHeight];
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d", { alpha: false });
    /** Holds outlines; maps image coordinates to the screen. */
    this.overlay = svg("g", { class: "overlay" });
    /** The viewer's own marks in image coordinates, under the outlines. */
    this.marks = svg("g", { class: "marks" });
    this.crosshair = svg("path", { class: "crosshair", d: "M-11 0H-3M3 0H11M0 -11V-3M0 3V11", visibility: "hidden" });
    this.surface = svg("svg", { class: "surface", "aria-hidden": "true" }, this.marks, this.overlay, this.crosshair);
    this.title = element("p", { class: "title" });
    this.note = element("p", { class: "note" });
    this.reading = element("p", { class: "reading" });
    this.settings = element("p", { class: "settings" });
    this.element = element("section", { class: "pane", tabindex: "0", role: "group", "aria-label": name, "data-frame": "0" },
      this.canvas, this.surface, this.title, this.note, this.reading, this.settings,
      ...Object.entries(sides).map(([edge, letter]) => element("span", { class: `side ${edge}`, "aria-hidden": "true" }, letter)));
    this.#listen();
  }

  // --- image and window

  /** Shows an image, or nothing with null. */
  show(image) {
    this.image = image;
    this.invalidate();
  }

  /** Sets the window by its tables. */
  setWindow(tables) {
    this.#tables = tables;
    this.invalidate();
  }

  /** Draws with the screen's next frame. */
  invalidate() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame((time) => {
      this.#isDue = false;
      this.#draw(time);
    });
  }

  #draw(time) {
    this.prepare();
    const { image, canvas } = this;
    this.element.classList.toggle("empty", !image);
    if (!image || !this.#tables) return;
    if (this.#pixels?.width !== image.columns || this.#pixels?.height !== image.rows) {
      [canvas.width, canvas.height] = [image.columns, image.rows];
      this.#pixels = this.context.createImageData(image.columns, image.rows);
    }
    this.#tables.paint(image, this.#pixels);
    this.context.putImageData(this.#pixels, 0, 0);
    this.drawn();
    this.element.dataset.frame = String(Number(this.element.dataset.frame) + 1);
    this.events.dispatchEvent(new CustomEvent("frame", { detail: { slice: this.slice, time } }));
  }

  /** Called before each frame is drawn. */
  prepare() {}

  /** Called with each frame, before it is announced. */
  drawn() {}

  /** HU of the pixel at image coordinates; null off the image, or where nothing is shown. */
  hounsfield(x, y) {
    const { image } = this, column = Math.round(x), row = Math.round(y);
    if (!image || column < 0 || row < 0 || column >= image.columns || row >= image.rows) return null;
    return image.values[row * image.columns + column] * image.slope + image.intercept;
  }

  // --- zoom and pan

  /** {scale: CSS pixels per mm, x, y: image coordinates at the pane's centre}. */
  get view() { return this.#view; }

  /** Sets the view; `null` fits the image into the pane, and keeps it fitted when the pane's size changes. */
  setView(view) {
    this.#isFitted = view === null;
    this.#view = view ?? this.#fitting();
    this.#place();
  }

  #fitting() {
    const [width, height] = this.#size;
    const [wide, high] = this.extent;
    const scale = Math.min(width / wide, height / high);
    return { scale: Math.max(scale, scales.least), x: (this.columns - 1) / 2, y: (this.rows - 1) / 2 };
  }

  /** Zooms so that the image point under a place on the screen stays there; by default about the pane's centre. */
  zoom(factor, client = null) {
    if (!this.#view) return;
    const { scale, x, y } = this.#view;
    const next = Math.min(scales.greatest, Math.max(scales.least, scale * factor));
    const [px, py] = client ? this.toImage(...client) : [x, y];
    const kept = scale / next;
    this.setView({ scale: next, x: px + (x - px) * kept, y: py + (y - py) * kept });
    this.#tell("view");
  }

  /** Moves the image by so many CSS pixels. */
  pan(dx, dy) {
    const { scale, x, y } = this.#view;
    this.setView({ scale, x: x - dx / (scale * this.pixelWidth), y: y - dy / (scale * this.pixelHeight) });
    this.#tell("view");
  }

  /** CSS pixels per image pixel, and where image coordinate 0, 0 lies in the pane. */
  #transform() {
    const { scale, x, y } = this.#view, [width, height] = this.#size;
    const a = scale * this.pixelWidth, d = scale * this.pixelHeight;
    return { a, d, e: width / 2 - x * a, f: height / 2 - y * d };
  }

  #place() {
    const { a, d, e, f } = this.#transform();
    this.canvas.style.transform = `matrix(${a}, 0, 0, ${d}, ${e - a / 2}, ${f - d / 2})`;
    // Beyond four screen pixels to a pixel, one sees the pixels that there are.
    this.canvas.style.imageRendering = a > 4 ? "pixelated" : "auto";
    const matrix = `matrix(${a} 0 0 ${d} ${e} ${f})`;
    this.overlay.setAttribute("transform", matrix);
    this.marks.setAttribute("transform", matrix);
    this.placed();
  }

  /** Called when zoom or pan changed. */
  placed() {}

  /** Image coordinates of a place in the window, in CSS pixels. */
  toImage(clientX, clientY) {
    if (!this.#view) return [0, 0];
    const { a, d, e, f } = this.#transform(), box = this.element.getBoundingClientRect();
    return [(clientX - box.left - e) / a, (clientY - box.top - f) / d];
  }

  /** The place in the window, in CSS pixels, of image coordinates. */
  toScreen(x, y) {
    if (!this.#view) return [0, 0];
    const { a, d, e, f } = this.#transform(), box = this.element.getBoundingClientRect();
    return [x * a + e + box.left, y * d + f + box.top];
  }

  /** Marks image coordinates by a crosshair; null takes it away. */
  mark(point) {
    if (!point || !this.#view) return this.crosshair.setAttribute("visibility", "hidden");
    const { a, d, e, f } = this.#transform();
    this.crosshair.setAttribute("transform", `translate(${point[0] * a + e} ${point[1] * d + f})`);
    this.crosshair.setAttribute("visibility", "visible");
  }

  // --- gestures

  #tell(name, detail = null) { this.events.dispatchEvent(new CustomEvent(name, { detail })); }

  #listen() {
    const node = this.element;
    this.resizing = new ResizeObserver(() => {
      this.#size = [node.clientWidth, node.clientHeight];
      if (this.#size[0] && this.#size[1]) this.setView(this.#isFitted ? null : this.#view);
    });
    this.resizing.observe(node);
    node.addEventListener("pointerdown", (event) => this.#press(event));
    node.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, (event) => this.#release(event));
    node.addEventListener("pointerleave", () => this.#setCursor(null));
    node.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
    node.addEventListener("contextmenu", (event) => event.preventDefault());
    node.addEventListener("focus", () => this.#tell("activate"));
  }

  #points(event) {
    // Coalesced events hold the places between two frames: a fast stroke has no gaps.
    const events = event.getCoalescedEvents?.() ?? [];
    return (events.length ? events : [event]).map(({ clientX, clientY }) => this.toImage(clientX, clientY));
  }

  #press(event) {
    this.element.focus({ preventScroll: true });
    this.#tell("activate");
    this.element.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault();
    this.#gesture = this.#gestureOf(event);
    this.#tell("pointerdown", { points: [this.toImage(event.clientX, event.clientY)], original: event });
  }

  #gestureOf({ button, shiftKey, ctrlKey, clientX, clientY }) {
    const start = { x: clientX, y: clientY, rest: 0 };
    if (button === 1) return { ...start, kind: "pan" };
    if (button === 2) return { ...start, kind: "window" };
    if (button !== 0 || this.pointerTool) return null;
    return { ...start, kind: shiftKey ? "pan" : ctrlKey ? "window" : "scroll" };
  }

  #move(event) {
    const points = this.#points(event);
    this.#setCursor(points.at(-1));
    if (this.#gesture) this.#drag(this.#gesture, event);
    this.#tell("pointermove", { points, original: event });
  }

  #drag(gesture, { clientX, clientY }) {
    const dx = clientX - gesture.x, dy = clientY - gesture.y;
    [gesture.x, gesture.y] = [clientX, clientY];
    if (gesture.kind === "pan") return this.pan(dx, dy);
    if (gesture.kind === "window") return this.#tell("window", { center: dy, width: dx });
    gesture.rest -= dy;
    const steps = Math.trunc(gesture.rest / this.pixelsPerSlice);
    if (steps) this.#tell("scroll", { steps });
    gesture.rest -= steps * this.pixelsPerSlice;
  }

  /** How far a drag goes from one slice to the next, in CSS pixels. */
  get pixelsPerSlice() { return 6; }

  #release(event) {
    this.#gesture = null;
    this.#tell("pointerup", { points: [this.toImage(event.clientX, event.clientY)], original: event });
  }

  #turn(event) {
    event.preventDefault();
    // Lines and pages, which some browsers send, in pixels.
    const delta = event.deltaY * [1, 40, 400][event.deltaMode];
    if (event.ctrlKey) return this.zoom(Math.exp(-delta / 400), [event.clientX, event.clientY]);
    this.#tell("activate");
    // A notch of a wheel is one slice; the small steps of a touchpad add up.
    if (Math.abs(delta) >= 50) return this.#tell("scroll", { steps: delta > 0 ? -1 : 1 });
    this.#wheel += delta;
    const steps = Math.trunc(this.#wheel / 30);
    if (steps) this.#tell("scroll", { steps: -steps });
    this.#wheel -= steps * 30;
  }

  #setCursor(point) {
    this.cursor = point;
    this.#tell("cursor", { point });
  }

  close() { this.resizing.disconnect(); }
}
