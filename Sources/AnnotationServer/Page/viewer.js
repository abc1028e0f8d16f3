// The phases of an exam side by side under one cursor, with reformats of the active one.

import { element } from "./dom.js";
import { along, SeriesGeometry } from "./geometry3d.js";
import { Reformat } from "./reformat.js";
import { boxAround } from "./roiBox.js";
import { Slices } from "./slices.js";
import { Toolbar } from "./toolbar.js";
import { Viewport } from "./viewport.js";
import { presets, Window, WindowTables } from "./window.js";

export class Viewer {
  /** "active", "slice" (detail: viewport), "pointer" (detail {viewport, point}), "offset" (detail {series, millimetres}). */
  events = new EventTarget();
  viewports = [];
  reformats = [];
  isLinked = true;
  #following = false;

  /** `place` is the case's address; `bar` the element that gets the viewer's buttons. */
  constructor(node, caseDetail, session, { place = `/api/cases/${caseDetail.case}`, bar = null } = {}) {
    Object.assign(this, { element: node, caseDetail });
    /** The outlines on a slice, [{lesion, vertices}]. */
    this.outlinesOf = (series, slice) =>
      caseDetail.objects.filter((o) => o.kind === "outline" && o.series === series && o.slice === slice);
    this.presets = presets(caseDetail.window);
    this.slices = new Slices(session, place, caseDetail);
    this.grid = element("div", { class: "grid" });
    node.append(this.grid);
    this.viewports = caseDetail.series.map((series) => this.#viewport(new SeriesGeometry(series)));
    const extents = this.viewports.map(({ extent }) => extent);
    const largest = [0, 1].map((axis) => Math.max(...extents.map((extent) => extent[axis])));
    for (const viewport of this.viewports) viewport.extent = largest;
    const contrast = this.viewports.findIndex(({ geometry }) => geometry.phase === "late arterial");
    this.active = this.viewports[Math.max(0, contrast)] ?? null;
    this.toolbar = bar && new Toolbar(this, bar);
    this.setWindow(new Window(caseDetail.window));
    this.slices.events.addEventListener("loaded", ({ detail }) => this.#loaded(detail));
    this.slices.events.addEventListener("failed", ({ detail }) => this.#loaded(detail));
    this.resizing = new ResizeObserver(() => this.#arrange());
    this.resizing.observe(node);
    this.#arrange();
    if (this.active) this.activate(this.active);
    else node.append(element("p", { class: "sheet" }, "This case has no images."));
  }

  #viewport(geometry) {
    const viewport = new Viewport(geometry, this.slices);
    this.#listen(viewport, viewport);
    viewport.events.addEventListener("slice", () => this.#moved(viewport));
    viewport.events.addEventListener("activate", () => this.activate(viewport));
    viewport.events.addEventListener("scroll", ({ detail }) => viewport.showSlice(viewport.slice + detail.steps));
    viewport.events.addEventListener("view", () => this.#followView(viewport));
    viewport.events.addEventListener("cursor", ({ detail }) => this.#point(viewport, detail.point));
    viewport.events.addEventListener("pointerdown", ({ detail }) => {
      // A tool's strokes must not move the reformats.
      if (detail.original.button === 0 && !viewport.pointerTool) this.#cut(detail.points[0]);
    });
    viewport.events.addEventListener("frame", () => this.#showBox(viewport));
    return viewport;
  }

  /** What all panes share: the window is dragged for all of them. */
  #listen(pane) {
    pane.events.addEventListener("window", ({ detail }) => {
      const speed = Math.max(1, this.window.width / 400);
      this.setWindow(this.window.moved(detail.center * speed, detail.width * speed));
    });
  }

  // --- the active phase and the slices

  activate(viewport) {
    const isNew = this.active !== viewport;
    this.active = viewport;
    for (const other of this.viewports) other.element.classList.toggle("active", other === viewport);
    if (isNew) {
      if (this.reformats.length) this.showReformats(true);
      this.events.dispatchEvent(new Event("active"));
    }
    this.#follow();
    this.#load();
  }

  #moved(viewport) {
    if (!this.#following) {
      if (viewport !== this.active) this.activate(viewport);
      else this.#follow();
      this.#load();
    }
    for (const reformat of this.reformats) reformat.showSlice(this.active.slice);
    this.events.dispatchEvent(new CustomEvent("slice", { detail: viewport }));
  }

  /** The point of the patient that links the phases, without the active phase's offset: under the cursor, or in the middle. */
  #linked(viewport, point = viewport.cursor) {
    const { geometry, slice, view, columns, rows } = viewport;
    const middle = view ? [view.x, view.y] : [(columns - 1) / 2, (rows - 1) / 2];
    const place = geometry.toPatient(slice, point ?? middle);
    return place && along(place, geometry.normal, -viewport.offset);
  }

  /** Where a linked point lies in another phase. */
  #placeIn({ geometry, offset }, point) { return geometry.normal && along(point, geometry.normal, offset); }

  /** The other phases show the slice nearest to the active one's. */
  #follow() {
    const { active } = this;
    if (!active) return;
    this.#following = true;
    const point = this.isLinked ? this.#linked(active) : null;
    active.distance = 0;
    for (const viewport of this.viewports) {
      if (viewport === active) continue;
      const place = point && this.#placeIn(viewport, point);
      const nearest = place && viewport.geometry.nearest(place);
      // Within the series the nearest slice is the right one; outside of it, it says how far away it is.
      viewport.distance = nearest && nearest.distance > viewport.geometry.reach + 0.01 ? nearest.distance : 0;
      if (nearest) viewport.showSlice(nearest.slice);
      else viewport.refresh();
    }
    this.#following = false;
  }

  #load() {
    this.slices.focus(this.viewports.map((viewport) => ({
      series: viewport.series, slice: viewport.slice, count: viewport.count, direction: viewport.direction,
      isActive: viewport === this.active,
    })));
    for (const viewport of this.viewports) viewport.refresh();
    this.toolbar?.showMemory();
  }

  #loaded({ series, slice }) {
    const viewport = this.viewports.find((v) => v.series === series);
    if (viewport.slice === slice) viewport.refresh();
    for (const reformat of this.reformats) if (reformat.geometry.series === series) reformat.refresh();
    this.toolbar?.showMemory();
  }

  // --- cursor, zoom and pan in all phases

  #point(viewport, point) {
    viewport.describeCursor();
    const linked = point && this.#linked(viewport, point);
    for (const other of this.viewports) {
      if (other === viewport) continue;
      const place = linked && this.isLinked && this.#placeIn(other, linked);
      const at = place && other.geometry.toImage(other.slice, place);
      other.mark(at);
      other.describeCursor(at);
    }
    viewport.mark(null);
    const place = point && viewport.geometry.toPatient(viewport.slice, point);
    for (const reformat of this.reformats) {
      reformat.mark(place && reformat.geometry.series === viewport.series ? reformat.project(place) : null);
    }
    // In a phase that lies at an angle, another place under the cursor may be on another slice.
    if (viewport === this.active && this.isLinked && this.#isOblique) {
      this.#follow();
      this.#load();
    }
    this.events.dispatchEvent(new CustomEvent("pointer", { detail: { viewport, point } }));
  }

  get #isOblique() {
    const normals = this.viewports.map(({ geometry }) => geometry.normal).filter(Boolean);
    return normals.some((n) => n.some((value, axis) => Math.abs(value - normals[0][axis]) > 1e-4));
  }

  #followView(viewport) {
    if (!this.isLinked) return;
    const { view, geometry, slice } = viewport;
    const centre = geometry.toPatient(slice, [view.x, view.y]);
    for (const other of this.viewports) {
      if (other === viewport || !other.view) continue;
      const at = centre && other.geometry.toImage(other.slice, centre);
      other.setView({ scale: view.scale, x: at ? at[0] : other.view.x, y: at ? at[1] : other.view.y });
    }
  }

  // --- window

  setWindow(window) {
    this.window = window;
    const tables = new WindowTables(window);
    for (const pane of [...this.viewports, ...this.reformats]) pane.setWindow(tables);
    this.toolbar?.showWindow();
  }

  // --- reformats

  /** Shows or hides the coronal and sagittal reformats of the active phase. */
  showReformats(isShown) {
    // The cut stays at its place in the patient where the active phase changes.
    const place = this.reformats[0]?.patient;
    for (const reformat of this.reformats) {
      reformat.close();
      reformat.element.remove();
    }
    this.reformats = [];
    const geometry = this.active?.geometry;
    if (isShown && geometry && geometry.placed.length > 1) {
      this.reformats = ["coronal", "sagittal"].map((kind) => this.#reformat(kind, geometry));
      this.setWindow(this.window);
      this.#cut(place ? geometry.toImage(geometry.placed[0].slice, place) : this.reformats[0].at);
      for (const reformat of this.reformats) reformat.showSlice(this.active.slice);
    }
    this.toolbar?.showState();
    this.#arrange();
  }

  #reformat(kind, geometry) {
    const reformat = new Reformat(kind, geometry, this.slices);
    this.#listen(reformat);
    reformat.events.addEventListener("scroll", ({ detail }) => {
      const [x, y] = reformat.at;
      const within = (value, size) => Math.min(size - 1, Math.max(0, value));
      this.#cut(reformat.isCoronal ? [x, within(y - detail.steps, geometry.rows)] : [within(x - detail.steps, geometry.columns), y]);
    });
    reformat.events.addEventListener("pointerdown", ({ detail }) => {
      if (detail.original.button !== 0) return;
      const { axial, patient } = reformat.place(detail.points[0]);
      this.#cut(axial);
      this.active.showSlice(geometry.nearest(patient).slice);
    });
    reformat.events.addEventListener("cursor", ({ detail }) => {
      const place = detail.point && reformat.place(detail.point);
      reformat.reading.textContent = "";
      const value = place && reformat.hounsfield(...detail.point);
      if (value !== null) reformat.reading.textContent = `${value} HU`.replace("-", "−");
      this.active.mark(place && geometry.toImage(this.active.slice, place.patient));
    });
    return reformat;
  }

  #cut(point) {
    for (const reformat of this.reformats) reformat.cut(point);
  }

  // --- the ROI's box

  /** Draws the protocol's box on every phase: around each lesion's outlines on the slice, as the ROI is cut. */
  showBoxes() {
    for (const viewport of this.viewports) this.#showBox(viewport);
  }

  #showBox(viewport) {
    const outlines = this.outlinesOf(viewport.series, viewport.slice);
    const lesions = Map.groupBy(outlines, (o) => o.lesion);
    viewport.showBoxes([...lesions.values()]
      .map((group) => boxAround(group.map((o) => o.vertices), viewport.geometry, this.caseDetail.roi)).filter(Boolean));
  }

  // --- breathing offsets

  /** Sets the offsets by series in mm; series that are not named have none. */
  setOffsets(offsets) {
    let isChanged = false;
    for (const viewport of this.viewports) {
      const offset = offsets.get(viewport.series) ?? 0;
      isChanged ||= offset !== viewport.offset;
      viewport.offset = offset;
    }
    if (isChanged) this.#follow();
  }

  /** Shifts the active phase by one of its slices against the others, which stay. */
  #shift(steps) {
    const { active } = this, { slices } = active.geometry;
    const next = active.slice + steps, gap = slices[next]?.height - slices[active.slice]?.height;
    if (!Number.isFinite(gap)) return;
    active.offset += gap;
    this.#following = true;
    active.showSlice(next);
    this.#following = false;
    this.#load();
    this.events.dispatchEvent(new CustomEvent("offset", { detail: { series: active.series, millimetres: active.offset } }));
  }

  // --- commands

  /** Runs a command by its name; answers whether there is such a one. */
  command(name) {
    const { active } = this;
    if (!active) return false;
    const step = (n) => () => active.showSlice(active.slice + n);
    const phase = (n) => () => {
      const { viewports } = this;
      viewports[(viewports.indexOf(active) + n + viewports.length) % viewports.length].element.focus();
    };
    const preset = (i) => () => this.presets[i] && this.setWindow(new Window(this.presets[i], this.window.isInverted));
    const commands = {
      nextSlice: step(1), previousSlice: step(-1), firstSlice: () => active.showSlice(0), lastSlice: () => active.showSlice(active.count - 1),
      nextPhase: phase(1), previousPhase: phase(-1),
      window1: preset(0), window2: preset(1), window3: preset(2), window4: preset(3),
      zoomIn: () => active.zoom(1.25), zoomOut: () => active.zoom(0.8),
      invert: () => this.setWindow(new Window(this.window, !this.window.isInverted)),
      reset: () => {
        for (const pane of [...this.viewports, ...this.reformats]) pane.setView(null);
        this.setWindow(new Window(this.presets[0]));
      },
      offsetUp: () => this.#shift(1), offsetDown: () => this.#shift(-1),
      link: () => {
        this.isLinked = !this.isLinked;
        this.toolbar?.showState();
        this.#follow();
        this.#load();
      },
      reformats: () => this.showReformats(!this.reformats.length),
    };
    if (!Object.hasOwn(commands, name)) return false;
    commands[name]();
    return true;
  }

  // --- arrangement

  /** As many columns as make the panes largest. */
  #arrange() {
    const panes = [...this.viewports, ...this.reformats].map((pane) => pane.element);
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!panes.length || !width) return;
    const side = (columns) => Math.min(width / columns, height / Math.ceil(panes.length / columns));
    const columns = panes.map((_, i) => i + 1).reduce((best, n) => (side(n) > side(best) + 1 ? n : best));
    this.grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.grid.style.gridTemplateRows = `repeat(${Math.ceil(panes.length / columns)}, minmax(0, 1fr))`;
    // Moving an element in the document would take its focus.
    panes.forEach((pane) => pane.parentNode === this.grid || this.grid.append(pane));
  }

  close() {
    this.slices.close();
    this.resizing.disconnect();
    for (const pane of [...this.viewports, ...this.reformats]) pane.close();
  }
}
