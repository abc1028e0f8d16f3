// Beside the pictures: tools, lesions, measures, assessment, notes, the state of saving. It shows what is and calls the
// outlining; it keeps nothing itself.

import { element } from "./dom.js";
import { areaInSquareMillimetres, hounsfieldByPhase, volume } from "./measures.js";
import { showProfile } from "./profile.js";
import { tools } from "./tools/index.js";

const number = (value, digits = 0) => (value === null || value === undefined ? "unknown" : value.toFixed(digits));
/** A measure with its unit; what is unknown has none. */
const measured = (value, digits, unit) => (value === null || value === undefined ? "unknown" : `${number(value, digits)} ${unit}`);

export class Panel {
  #isMeasuring = false;

  constructor(outlining) {
    this.outlining = outlining;
    const act = (action) => () => outlining.perform(action);
    this.tools = element("div", { class: "tools", role: "toolbar", "aria-label": "Tools" }, ...tools.map(({ name, title }) =>
      element("button", { "data-tool": name, onclick: () => outlining.chooseTool(name) }, title)));
    this.undo = element("button", { "data-action": "undo", onclick: act("undo") }, "Undo");
    this.redo = element("button", { "data-action": "redo", onclick: act("redo") }, "Redo");
    this.lesions = element("div", { class: "lesions", role: "radiogroup", "aria-label": "Lesions" });
    this.brush = this.#brushSettings();
    this.measures = element("table", { class: "measures" });
    this.assessment = element("select", {
      "aria-label": "Assessment", onchange: () => this.#assess(),
    }, ...[["", "Assessment: as outlined"], ["present", "Present"], ["no lesion", "No lesion"], ["not assessable", "Not assessable"]]
      .map(([value, text]) => element("option", { value }, text)));
    this.note = element("textarea", {
      "aria-label": "Note", placeholder: "Note", maxlength: 4000, onchange: () => this.#saveNote(), onblur: () => this.#saveNote(),
    });
    this.message = element("p", { class: "message", role: "status" });
    this.saving = element("p", { class: "saving", role: "status" });
    this.choices = element("div", { class: "choices" });
    this.state = element("div", { class: "state" });
    this.node = element("aside", { class: "panel", "aria-label": "Outlining" },
      this.saving, this.choices, this.tools, this.brush,
      element("div", { class: "row" }, this.undo, this.redo,
        element("button", { "data-action": "interpolate", onclick: act("interpolate") }, "Fill between slices"),
        element("button", { "data-action": "measureDiameter", onclick: () => this.#diameter() }, "Longest diameter"),
        element("button", { "data-action": "help", onclick: act("help") }, "Keys (?)")),
      this.message, this.lesions, this.measures, this.assessment, this.note, this.state);
    (document.querySelector("#panel") ?? outlining.viewer.element?.parentElement ?? document.body).append(this.node);
    this.render();
  }

  remove() { this.node.remove(); }
  tell(text) { this.message.textContent = text; }

  #brushSettings() {
    const { settings } = this.outlining.drawing;
    const field = (label, get, set, attributes) => element("label", {}, `${label} `, element("input", {
      type: "number", "aria-label": label, value: get(), ...attributes,
      onchange: ({ target }) => { if (Number.isFinite(target.valueAsNumber)) set(target.valueAsNumber); },
    }));
    this.radius = field("Radius (pixels)", () => settings.radius, (v) => { settings.radius = Math.min(100, Math.max(0.5, v)); },
      { min: 0.5, max: 100, step: 0.5 });
    return element("fieldset", { class: "brush" }, element("legend", {}, "Brush, eraser and push"), this.radius,
      element("label", {}, element("input", {
        type: "checkbox", "aria-label": "Only HU from", onchange: ({ target }) => { settings.threshold.isOn = target.checked; },
      }), "Only HU"),
      field("from", () => settings.threshold.low, (v) => { settings.threshold.low = v; }, { "aria-label": "Lowest HU" }),
      field("to", () => settings.threshold.high, (v) => { settings.threshold.high = v; }, { "aria-label": "Highest HU" }));
  }

  render() {
    const { outlining } = this, { drawing, store } = outlining;
    for (const button of this.tools.children) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === outlining.toolName));
    }
    this.undo.disabled = !store.canUndo;
    this.redo.disabled = !store.canRedo;
    this.radius.querySelector("input").value = Number(drawing.settings.radius.toFixed(2));
    this.brush.hidden = !["brush", "eraser", "push"].includes(outlining.toolName);
    const lesions = drawing.lesions;
    this.lesions.replaceChildren(...lesions.map((lesion, index) => element("button", {
      role: "radio", class: `lesion-${index % 6}`, "aria-checked": String(lesion === drawing.lesion), "data-lesion": lesion,
      onclick: () => { drawing.lesion = lesion; outlining.changed(); },
    }, lesion)), element("button", {
      "data-action": "addLesion", onclick: () => { if (outlining.canEdit) drawing.addLesion(); },
    }, "Add a lesion"));
    const assessment = drawing.single("assessment", drawing.lesion);
    this.assessment.value = assessment?.value ?? "";
    const note = drawing.single("note", null)?.text ?? "";
    if (document.activeElement !== this.note) this.note.value = note;
    this.note.readOnly = this.assessment.disabled = !outlining.canEdit;
    this.#showState();
    this.measure();
  }

  /** Once for all movements until the next frame. */
  measureSoon() {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    requestAnimationFrame(() => {
      this.#isMeasuring = false;
      this.measure();
    });
  }

  /** Area, volume and HU, with the drawing in progress counted in. */
  measure() {
    const { viewer, drawing, store, caseDetail } = this.outlining;
    const viewport = viewer.active;
    const series = viewport && drawing.seriesOf(viewport.series);
    if (!series) return this.measures.replaceChildren();
    const draft = this.outlining.draft(viewport);
    const replaced = new Set((draft?.replaces ?? []).map((o) => o.object));
    const drawn = (draft?.lines ?? []).filter((line) => line.length >= 3 && this.outlining.toolName !== "diameter");
    const all = store.ofKind("outline")
      .filter((o) => o.series === series.series && o.lesion === drawing.lesion && !replaced.has(o.object))
      .concat(drawn.map((vertices) => ({ slice: viewport.slice, vertices })));
    const here = all.filter((o) => o.slice === viewport.slice).map((o) => o.vertices);
    const rows = [
      ["Area on this slice", here.length ? measured(areaInSquareMillimetres(here, series), 1, "mm²") : "none"],
      ["Volume", all.length ? `${measured(volume(all, series), 2, "ml")}, slices: ${new Set(all.map((o) => o.slice)).size}` : "none"],
    ];
    if (here.length) {
      const offsets = Object.fromEntries(store.ofKind("offset").map((o) => [o.series, o.millimetres]));
      for (const { phase, mean, sd, count } of hounsfieldByPhase(here, viewport, viewer.viewports, caseDetail.series, offsets)) {
        rows.push([`HU, ${phase}`, count ? `${number(mean, 1)} ± ${sd === null ? "unknown" : number(sd, 1)}` : "no pixel"]);
      }
    }
    const diameter = drawing.single("diameter", drawing.lesion);
    const own = diameter && drawing.seriesOf(diameter.series);
    if (own) {
      const length = ([a, b]) => Math.hypot((a[0] - b[0]) * own.columnSpacing, (a[1] - b[1]) * own.rowSpacing);
      rows.push(["Longest diameter", `${number(length(diameter.ends), 1)} mm on slice ${diameter.slice + 1}`]);
      if (diameter.perpendicular) rows.push(["Perpendicular", `${number(length(diameter.perpendicular), 1)} mm`]);
    }
    this.measures.replaceChildren(...rows.map(([name, value]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value))));
  }

  showSaving() {
    const { sync } = this.outlining;
    this.saving.textContent = sync.mark;
    this.saving.dataset.state = sync.refused.length ? "refused" : sync.state;
    const button = (action, text, run) => element("button", { "data-action": action, onclick: run }, text);
    const choices = [];
    if (sync.state === "waiting") choices.push(button("retry", "Try now", () => sync.retry()));
    if (sync.state === "conflict") {
      choices.push(
        button("theirs", "Take the other window’s", () => this.outlining.resolve("theirs")),
        button("mine", "Save mine on top", () => this.outlining.resolve("mine")));
    }
    if (sync.unsaved && sync.state !== "saving") {
      choices.push(button("rescue", "Download the unsaved edits", () => this.outlining.rescue()));
    }
    if (sync.refused.length || sync.state === "locked") {
      choices.push(button("discard", "Give up the unsaved edits", () => this.#discard()));
    }
    this.choices.replaceChildren(...choices);
  }

  async #discard() {
    const { outlining } = this;
    await outlining.sync.discard();
    const detail = await (await outlining.session.request(outlining.place)).json();
    outlining.sync.revision = detail.revision;
    outlining.store.reset(detail.objects);
  }

  #assess() {
    const { drawing, store } = this.outlining;
    const value = this.assessment.value;
    if (value) return drawing.setSingle("assessment", drawing.lesion, { value });
    const old = drawing.single("assessment", drawing.lesion);
    if (old) store.apply([{ ...old, isDeleted: true }], "assessment");
  }

  #saveNote() {
    const { drawing, canEdit } = this.outlining;
    const old = drawing.single("note", null)?.text ?? "";
    if (canEdit && this.note.value !== old) drawing.setSingle("note", null, { text: this.note.value });
  }

  #diameter() {
    const { outlining } = this;
    if (outlining.canEdit && outlining.viewer.active) outlining.drawing.measureDiameter(outlining.viewer.active.series);
  }

  #showState() {
    const { outlining } = this;
    const texts = { open: "This case is open.", done: "This case is done.", locked: "This case is locked." };
    const button = outlining.state === "open"
      ? element("button", { "data-action": "done", onclick: () => this.#finish() }, "Profile and done")
      : outlining.state === "done"
        ? element("button", { "data-action": "reopen", onclick: () => this.#setState("open", []) }, "Reopen") : null;
    this.state.replaceChildren(element("span", {}, `${texts[outlining.state] ?? outlining.state} `), ...(button ? [button] : []));
  }

  async #finish() {
    const { outlining } = this;
    if (outlining.tool?.isDrawing) return this.tell("Close the outline (Enter) or drop it (Escape) first.");
    this.#saveNote();
    if (!(await outlining.sync.settled())) return this.tell("Some edits are not saved yet.");
    await showProfile(outlining, (confirmed) => this.#setState("done", confirmed));
  }

  /** Whether the server took the new state. */
  async #setState(state, confirmed) {
    const { outlining } = this;
    const answer = await outlining.post("state", { base: outlining.sync.revision, state, confirmed });
    if (!answer) return false;
    outlining.state = answer.state;
    outlining.sync.revision = answer.revision;
    outlining.sync.retry();
    outlining.chooseTool("scroll");
    this.tell(state === "done" ? "The case is done." : "The case is open again.");
    return true;
  }
}
