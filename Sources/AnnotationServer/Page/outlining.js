// Joins the viewer to the outlining of a case: pointer to tool, tool to store, store to server and screen.

import { download } from "./dom.js";
import { Drawing } from "./drawing.js";
import { openJournal } from "./journal.js";
import { KeyTable, keyName, showKeys } from "./keys.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";
import { tools } from "./tools/index.js";

/**
 * Starts outlining. `place` is the case's address (of an adjudication, `/api/adjudication/X`); returns what ends it, once all
 * edits that can be journalled are.
 */
export async function attachOutlining(viewer, caseDetail, session, { place = `/api/cases/${caseDetail.case}` } = {}) {
  const outlining = new Outlining(viewer, caseDetail, session, place);
  await outlining.start();
  return outlining;
}

export class Outlining {
  store = new Store();
  tool = null;
  toolName = "scroll";
  isHidden = false;
  #ending = new AbortController();
  #pointer = null;

  constructor(viewer, caseDetail, session, place) {
    Object.assign(this, { viewer, caseDetail, session, place });
    this.state = caseDetail.state;
    this.store.load(caseDetail.objects);
    this.drawing = new Drawing(this.store, caseDetail, {
      tell: (text) => this.tell(text), changed: () => this.changed(),
      isUnderPointer: (viewport) => viewport === this.#pointer,
    });
    this.keys = new KeyTable(this.store.ofKind("keys").at(-1)?.keys ?? this.#keysOfBrowser());
    this.overlay = new Overlay(this);
  }

  // What the overlay shows.
  get lesions() { return this.drawing.lesions; }
  get selection() { return this.drawing.selection; }
  draft(viewport) { return this.tool?.draft(viewport) ?? null; }
  proposals(viewport) {
    return this.drawing.proposals.filter((p) => p.series === viewport.series && p.slice === viewport.slice).map((p) => p.vertices);
  }

  async start() {
    const { session, caseDetail, place } = this;
    this.sync = new Sync({
      request: (path, options) => session.request(path, options), journal: await openJournal(),
      study: session.study ?? "", reader: session.reader ?? "", place, revision: caseDetail.revision,
      numbering: caseDetail.numbering,
    });
    this.panel = new Panel(this);
    this.sync.addEventListener("change", () => this.#showSaving(), { signal: this.#ending.signal });
    this.#unsubscribe = this.store.subscribe(({ edits }) => {
      if (edits.length) this.sync.push(edits);
      this.changed();
    });
    const restored = await this.sync.restore();
    if (restored.length) {
      this.store.load(restored);
      this.tell(`Restored from this browser, not saved before: ${restored.length === 1 ? "1 edit" : `${restored.length} edits`}.`);
    }
    this.#listen();
    this.chooseTool("scroll");
    this.#showSaving();
  }

  #unsubscribe = () => {};

  #listen() {
    const options = { signal: this.#ending.signal };
    for (const viewport of this.viewer.viewports) {
      viewport.events.addEventListener("frame", () => this.#frame(viewport), options);
      viewport.events.addEventListener("pointerdown", ({ detail }) => this.#press(viewport, detail), options);
      viewport.events.addEventListener("pointermove", ({ detail }) => this.#move(viewport, detail), options);
      viewport.events.addEventListener("pointerup", ({ detail }) => this.#release(viewport, detail), options);
    }
    this.viewer.events.addEventListener("active", () => this.changed(), options);
    document.addEventListener("keydown", (event) => this.#key(event), options);
    document.addEventListener("keyup", (event) => {
      if (this.keys.actionOf(keyName(event))?.action === "hide") this.#hide(false);
    }, options);
    window.addEventListener("blur", () => this.#hide(false), options);
    window.addEventListener("beforeunload", (event) => {
      if (this.sync.unsaved) event.preventDefault();
    }, options);
  }

  end() {
    this.#ending.abort();
    this.#unsubscribe();
    this.sync.close();
    this.overlay.remove();
    this.panel.remove();
    for (const viewport of this.viewer.viewports) viewport.pointerTool = null;
    delete document.body.dataset.unsaved;
  }

  get canEdit() { return this.state === "open" && this.sync.state !== "locked"; }

  chooseTool(name) {
    if (this.tool?.isDrawing) return this.tell("Close the outline (Enter) or drop it (Escape) first.");
    const entry = tools.find((t) => t.name === name);
    if (entry.make && !this.canEdit) return this.tell("This case is done: reopen it to change it.");
    this.toolName = name;
    this.tool = entry.make?.(this.drawing) ?? null;
    for (const viewport of this.viewer.viewports) viewport.pointerTool = this.tool;
    this.changed();
  }

  #frame(viewport) {
    this.overlay.render(viewport);
    this.panel.measure();
  }

  #press(viewport, { points, original }) {
    if (!this.tool || (original && original.button !== 0)) return;
    this.#pointer = viewport;
    if (this.tool.isDrawing && !this.tool.isAt(viewport)) {
      return this.tell(`A drawing is open on slice ${this.tool.at.slice + 1}: close it (Enter) or drop it (Escape).`);
    }
    this.tool.press(viewport, points.at(-1), original);
    this.#drawn(viewport);
  }

  #move(viewport, { points, original }) {
    this.#pointer = viewport;
    if (!this.tool || !points.length) return;
    if (original && original.buttons & 1) {
      if (!this.tool.isDrawing || this.tool.isAt(viewport)) this.tool.drag(viewport, points);
    } else {
      this.tool.hover(viewport, points.at(-1));
    }
    this.#drawn(viewport);
  }

  #release(viewport, { points, original }) {
    if (!this.tool || (original && original.button !== 0)) return;
    this.tool.release(viewport, points?.at(-1));
    this.overlay.render(viewport);
    this.panel.measure();
  }

  /** Ink first, then the figures beside it. */
  #drawn(viewport) {
    const replaces = this.draft(viewport)?.replaces?.length > 0;
    if (replaces) this.overlay.render(viewport);
    else this.overlay.renderDraft(viewport);
    this.panel.measureSoon();
  }

  #key(event) {
    if (event.target.closest?.("input, textarea, select, dialog")) return;
    // A button that was reached by Tab is pressed by these.
    if (event.target.closest?.("button") && (event.key === "Enter" || event.key === " ")) return;
    const entry = this.keys.actionOf(keyName(event));
    if (!entry) return;
    event.preventDefault();
    if (entry.viewer) this.viewer.command(entry.action);
    else this.perform(entry.action);
  }

  /** Does one of the actions of the key table. */
  perform(action) {
    const entry = tools.find((t) => t.action === action);
    if (entry) return this.chooseTool(entry.name);
    if (action === "hide") return this.#hide(true);
    if (action === "help") return showKeys(this.keys, (changes) => this.#saveKeys(changes));
    if (action === "smaller" || action === "larger") {
      const { settings } = this.drawing;
      settings.radius = Math.min(100, Math.max(0.5, settings.radius * (action === "larger" ? 1.25 : 0.8)));
      return this.changed();
    }
    if (action === "nextLesion") {
      const { lesions, lesion } = this.drawing;
      this.drawing.lesion = lesions[(lesions.indexOf(lesion) + 1) % lesions.length] ?? null;
      return this.changed();
    }
    if (action === "cancel") {
      if (this.tool?.isDrawing) this.tool.cancel();
      else if (!this.drawing.dropProposals()) this.drawing.selection = null;
      return this.changed();
    }
    if (action === "removePoint" && this.tool?.isDrawing) {
      this.tool.removePoint();
      return this.changed();
    }
    if (!this.canEdit) return this.tell("This case is done: reopen it to change it.");
    switch (action) {
      case "accept":
        if (this.tool?.isDrawing) this.tool.accept();
        else this.drawing.acceptProposals();
        break;
      case "removePoint": this.drawing.removeSelected(); break;
      case "interpolate": return this.interpolate();
      case "undo": case "redo": this.#step(action); break;
    }
    this.changed();
  }

  #step(action) {
    // A drawing in progress is not on the stack: undo takes back its last point, as Backspace does.
    if (this.tool?.isDrawing) return action === "undo" ? this.tool.removePoint() : undefined;
    const label = this.store[action]();
    this.tell(label ? `${action === "undo" ? "Undone" : "Done again"}: ${label}.` : `There is nothing to ${action}.`);
  }

  #saveKeys(changes) {
    const old = this.store.ofKind("keys").at(-1);
    this.store.apply([{ object: old?.object ?? crypto.randomUUID(), kind: "keys", keys: { ...changes } }], "keys");
    localStorage.setItem(this.#keysName, JSON.stringify(changes));
  }

  /** A reader's keys hold for the cases that follow, too. */
  get #keysName() { return `renalgrade-keys-${this.session.reader}`; }
  #keysOfBrowser() { return JSON.parse(localStorage.getItem(this.#keysName) ?? "{}"); }

  #hide(isHidden) {
    if (this.isHidden === isHidden) return;
    this.isHidden = isHidden;
    this.changed();
  }

  /** Asks the server to fill between the drawn slices of the current lesion; Enter accepts, Escape drops. */
  async interpolate() {
    if (!this.canEdit) return;
    const { lesion } = this.drawing, { series } = this.viewer.active;
    if (!(await this.sync.settled())) return this.tell("Filling between slices needs all edits to be saved.");
    const answer = await this.post("proposals", { lesion, series });
    if (!answer) return;
    this.drawing.proposals = answer.proposals.flatMap(({ slice, outlines }) =>
      outlines.map((vertices) => ({ series, lesion, slice, vertices })));
    const slices = answer.proposals.length;
    this.tell(slices
      ? `${slices === 1 ? "1 slice" : `${slices} slices`} proposed (dashed): Enter accepts, Escape drops.`
      : "There is no slice to fill between the outlines of this lesion.");
    this.changed();
  }

  /** Posts to the case's address and answers the body; null, and told, where that fails. */
  async post(path, body) {
    try {
      const answer = await this.session.request(`${this.place}/${path}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      const result = await answer.json();
      if (answer.ok) return result;
      this.tell(result.message ?? "The server refused.");
    } catch {
      this.tell("The server does not answer.");
    }
    return null;
  }

  /** After another window saved: "theirs" or "mine" (see Sync.resolve). */
  async resolve(choice) {
    const { objects } = this.sync.conflict;
    const mine = new Map(this.sync.pending.map(({ object }) => [object.object, object]));
    if (choice === "theirs") {
      // What only this window made was never saved: it goes. What it changed or deleted comes back from the server.
      await this.sync.resolve(choice);
      const detail = await (await this.session.request(this.place)).json();
      this.sync.revision = detail.revision;
      this.store.reset(detail.objects);
    } else {
      this.store.load([...objects.filter((o) => !mine.has(o.object)), ...mine.values()]);
      await this.sync.resolve(choice);
    }
    this.changed();
  }

  rescue() {
    download(`${this.caseDetail.case}-unsaved.json`, { case: this.caseDetail.case, edits: this.sync.pending });
  }

  tell(text) { this.panel?.tell(text); }

  changed() {
    for (const viewport of this.viewer.viewports) if (viewport.overlay) this.overlay.render(viewport);
    this.panel?.render();
  }

  #showSaving() {
    document.body.dataset.unsaved = String(this.sync.unsaved);
    this.panel.showSaving();
  }
}
