// What the tools may do to the case: each call is one command on the store's stack.

import { diameters, fault, overlap } from "./polygon.js";

export class Drawing {
  lesion = null;
  selection = null;
  settings = { radius: 6, threshold: { isOn: false, low: -30, high: 250 } };
  /** [{series, lesion, slice, vertices}] that the reader has not accepted yet. */
  proposals = [];

  /** `tell(text)` shows a message, `changed()` redraws, `isUnderPointer(viewport)` says where the pointer is. */
  constructor(store, caseDetail, { tell, changed, isUnderPointer }) {
    Object.assign(this, { store, caseDetail, tell, changed, isUnderPointer });
    this.lesion = this.lesions[0] ?? null;
  }

  /** Names of the lesions: the case's, then those that the reader added. */
  get lesions() {
    const added = this.store.ofKind("lesion").map((o) => o.lesion);
    return [...new Set([...this.caseDetail.lesions.map((l) => l.lesion), ...added])];
  }

  seriesOf(series) { return this.caseDetail.series.find((s) => s.series === series); }

  /** The outlines on a viewport's slice: the current lesion's, or all with `null`. */
  outlinesAt(viewport, lesion = this.lesion) { return this.store.outlines(viewport.series, viewport.slice, lesion); }

  addOutlines(at, outlines, tool) { return this.replaceOutlines(at, [], outlines, tool, tool); }

  /** Replaces outlines of the current lesion by others; false, and told, where one cannot be saved. */
  replaceOutlines(at, old, outlines, tool, label) {
    if (this.lesion === null) return this.#refuse("Add a lesion first.");
    if (outlines.some((outline) => this.#isFaulty(at, outline))) return false;
    const corrects = old.some((o) => o.provenance !== "drawn");
    const objects = outlines.map((vertices, i) => ({
      object: old[i]?.object ?? crypto.randomUUID(), kind: "outline", lesion: old[i]?.lesion ?? this.lesion,
      series: at.series, slice: at.slice, vertices, provenance: corrects ? "corrected" : "drawn", tool,
    }));
    const gone = old.slice(outlines.length).map((o) => ({ ...o, isDeleted: true }));
    this.store.apply([...objects, ...gone], label);
    this.#warnOfCrossing(at);
    return true;
  }

  /** New vertices for existing outlines, as one step. */
  changeOutlines(at, pairs, tool) {
    if (pairs.some(([, vertices]) => this.#isFaulty(at, vertices))) return false;
    this.store.apply(pairs.map(([object, vertices]) => ({
      ...object, vertices, tool, provenance: object.provenance === "interpolated" ? "corrected" : object.provenance,
    })), "edit");
    this.#warnOfCrossing(at);
    return true;
  }

  removeSelected() {
    const object = this.selection && this.store.get(this.selection);
    if (!object) return false;
    this.selection = null;
    this.store.apply([{ ...object, isDeleted: true }], "delete outline");
    return true;
  }

  select(id) {
    this.selection = id;
    const object = id && this.store.get(id);
    if (object) this.lesion = object.lesion;
    this.changed();
  }

  addLesion() {
    let number = this.lesions.length + 1;
    while (this.lesions.includes(`Lesion ${number}`)) number++;
    this.store.apply([{ object: crypto.randomUUID(), kind: "lesion", lesion: `Lesion ${number}` }], "lesion");
    this.lesion = `Lesion ${number}`;
    this.changed();
  }

  /** The object of a kind that a lesion (or, with null, the case) has one of. */
  single(kind, lesion) { return this.store.ofKind(kind).find((o) => (o.lesion ?? null) === lesion) ?? null; }

  setSingle(kind, lesion, values) {
    const old = this.single(kind, lesion);
    if (old && Object.entries(values).every(([key, value]) => JSON.stringify(old[key]) === JSON.stringify(value))) return;
    this.store.apply([{ ...old, object: old?.object ?? crypto.randomUUID(), kind, lesion, ...values }], kind);
  }

  setDiameter(at, ends, perpendicular) {
    this.setSingle("diameter", this.lesion, { series: at.series, slice: at.slice, ends, perpendicular });
  }

  /** The longest diameter over the slices of the current lesion on a series, from its outlines. */
  measureDiameter(series) {
    const { rowSpacing, columnSpacing } = this.seriesOf(series);
    if (!(rowSpacing > 0 && columnSpacing > 0)) return this.#refuse("The pixel spacing of this series is unknown.");
    const outlines = this.store.ofKind("outline").filter((o) => o.lesion === this.lesion && o.series === series);
    const bySlice = [...Map.groupBy(outlines, (o) => o.slice)].map(([slice, group]) => ({
      slice, ...diameters(group.map((o) => o.vertices), columnSpacing, rowSpacing),
    })).sort((a, b) => b.length - a.length);
    if (!bySlice.length) return this.#refuse("This lesion has no outline on this series.");
    const { slice, ends, perpendicular } = bySlice[0];
    this.setDiameter({ series, slice }, ends, perpendicular);
    return true;
  }

  acceptProposals() {
    const accepted = this.proposals;
    this.proposals = [];
    if (!accepted.length) return false;
    this.store.apply(accepted.map(({ series, lesion, slice, vertices }) => ({
      object: crypto.randomUUID(), kind: "outline", lesion, series, slice, vertices, provenance: "interpolated", tool: "fill",
    })), "fill between slices");
    return true;
  }

  dropProposals() {
    const had = this.proposals.length > 0;
    this.proposals = [];
    return had;
  }

  #isFaulty(at, outline) {
    const { columns, rows } = this.seriesOf(at.series);
    const reason = fault(outline, columns, rows);
    if (reason) this.tell(reason);
    return reason !== null;
  }

  #warnOfCrossing({ series, slice }) {
    if (overlap(this.store.outlines(series, slice, this.lesion).map((o) => o.vertices))) {
      this.tell("Two outlines of this lesion cross on this slice: what either encloses is inside, and the area is unknown.");
    }
  }

  #refuse(reason) {
    this.tell(reason);
    return false;
  }
}
