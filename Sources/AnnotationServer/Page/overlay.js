// Draws outlines, proposals, diameters and the drawing in progress as SVG into the viewports' overlays. Coordinates are
// image coordinates with all their digits; strokes keep their width at any zoom (see the style sheet).

import { svg } from "./dom.js";

const path = (vertices, isClosed) =>
  vertices.length ? `M${vertices.map(([x, y]) => `${x} ${y}`).join("L")}${isClosed ? "Z" : ""}` : "";
// A line of no length with round ends is a dot whose size does not depend on the zoom.
const dots = (vertices) => vertices.map(([x, y]) => `M${x} ${y}h0`).join("");

export class Overlay {
  #layers = new Map();

  /** `scene` has `store`, `lesions` (names in order), `selection`, `proposals(viewport)`, `draft(viewport)`, `isHidden`. */
  constructor(scene) { this.scene = scene; }

  /** Everything on a viewport. */
  render(viewport) {
    const { outlines } = this.#layer(viewport);
    const { scene } = this;
    const replaced = new Set((scene.draft(viewport)?.replaces ?? []).map((o) => o.object));
    const shown = scene.isHidden ? [] : scene.store.outlines(viewport.series, viewport.slice);
    const diameters = scene.isHidden ? [] : scene.store.ofKind("diameter")
      .filter((o) => o.series === viewport.series && o.slice === viewport.slice);
    const number = (lesion) => Math.max(0, scene.lesions.indexOf(lesion)) % 6;
    outlines.replaceChildren(
      ...shown.filter((o) => !replaced.has(o.object)).map((o) => svg("path", {
        class: `outline ${o.provenance} lesion-${number(o.lesion)}${o.object === scene.selection ? " selected" : ""}`,
        "data-object": o.object, "data-lesion": o.lesion, d: path(o.vertices, true),
      })),
      ...shown.filter((o) => o.object === scene.selection && !replaced.has(o.object)).map((o) => svg("path", {
        class: "vertices", d: dots(o.vertices),
      })),
      ...diameters.flatMap((o) => [o.ends, o.perpendicular].filter(Boolean).map((line) => svg("path", {
        class: `diameter lesion-${number(o.lesion)}`, d: path(line, false),
      }))),
      ...(scene.isHidden ? [] : scene.proposals(viewport)).map((vertices) => svg("path", {
        class: "outline proposed", d: path(vertices, true),
      })));
    this.renderDraft(viewport);
  }

  /** The drawing in progress alone: what each movement of the pointer needs. */
  renderDraft(viewport) {
    const { draft } = this.#layer(viewport);
    const drawing = this.scene.draft(viewport);
    const parts = [];
    if (drawing) {
      parts.push(...drawing.lines.map((line) => svg("path", { class: "draft", d: path(line, drawing.isClosed) })));
      if (drawing.points) parts.push(svg("path", { class: "vertices", d: dots(drawing.points) }));
      if (drawing.circle) {
        const [cx, cy, r] = drawing.circle;
        parts.push(svg("circle", { class: "brush", cx, cy, r }));
      }
    }
    draft.replaceChildren(...parts);
  }

  #layer(viewport) {
    let layer = this.#layers.get(viewport);
    if (!layer || layer.outlines.parentNode !== viewport.overlay) {
      layer = { outlines: svg("g", { class: "outlines" }), draft: svg("g", { class: "drawing" }) };
      viewport.overlay.append(layer.outlines, layer.draft);
      this.#layers.set(viewport, layer);
    }
    return layer;
  }

  remove() {
    for (const { outlines, draft } of this.#layers.values()) {
      outlines.remove();
      draft.remove();
    }
    this.#layers.clear();
  }
}
