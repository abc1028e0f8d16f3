// The keys: one table of actions, which a reader may change. Those of `viewer` are commands of the viewer, the others are done
// by the outlining.

import { dialog, element } from "./dom.js";

export const actions = [
  { action: "nextSlice", title: "Next slice", keys: ["ArrowUp"], viewer: true },
  { action: "previousSlice", title: "Previous slice", keys: ["ArrowDown"], viewer: true },
  { action: "firstSlice", title: "First slice", keys: ["Home"], viewer: true },
  { action: "lastSlice", title: "Last slice", keys: ["End"], viewer: true },
  { action: "nextPhase", title: "Next phase", keys: ["ArrowRight", "PageDown"], viewer: true },
  { action: "previousPhase", title: "Previous phase", keys: ["ArrowLeft", "PageUp"], viewer: true },
  { action: "window1", title: "Window 1", keys: ["1"], viewer: true },
  { action: "window2", title: "Window 2", keys: ["2"], viewer: true },
  { action: "window3", title: "Window 3", keys: ["3"], viewer: true },
  { action: "window4", title: "Window 4", keys: ["4"], viewer: true },
  { action: "zoomIn", title: "Zoom in", keys: ["z", "+"], viewer: true },
  { action: "zoomOut", title: "Zoom out", keys: ["Shift+z", "-"], viewer: true },
  { action: "invert", title: "Invert", keys: ["i"], viewer: true },
  { action: "reset", title: "Reset the view", keys: [" "], viewer: true },
  { action: "offsetUp", title: "Shift this phase up (breathing)", keys: ["Shift+ArrowUp"], viewer: true },
  { action: "offsetDown", title: "Shift this phase down (breathing)", keys: ["Shift+ArrowDown"], viewer: true },
  { action: "link", title: "Link the phases, or not", keys: ["k"], viewer: true },
  { action: "reformats", title: "Coronal and sagittal reformats", keys: ["r"], viewer: true },
  { action: "toolScroll", title: "Scroll", keys: ["v"] },
  { action: "toolPolygon", title: "Polygon", keys: ["p"] },
  { action: "toolFreehand", title: "Freehand", keys: ["f"] },
  { action: "toolLivewire", title: "Livewire", keys: ["l"] },
  { action: "toolBrush", title: "Brush", keys: ["b"] },
  { action: "toolEraser", title: "Eraser", keys: ["e"] },
  { action: "toolPush", title: "Push edge", keys: ["u"] },
  { action: "toolEdit", title: "Edit vertices", keys: ["m"] },
  { action: "toolDiameter", title: "Diameter", keys: ["d"] },
  { action: "smaller", title: "Smaller brush", keys: ["["] },
  { action: "larger", title: "Larger brush", keys: ["]"] },
  { action: "interpolate", title: "Fill between slices", keys: ["n"] },
  { action: "accept", title: "Close the outline, accept proposals", keys: ["Enter"] },
  { action: "cancel", title: "Drop the drawing or the proposals", keys: ["Escape"] },
  { action: "removePoint", title: "Remove the last point; delete the selected outline", keys: ["Backspace", "Delete"] },
  { action: "undo", title: "Undo", keys: ["Ctrl+z"] },
  { action: "redo", title: "Redo", keys: ["Ctrl+y", "Ctrl+Shift+z"] },
  { action: "hide", title: "Hide outlines while held", keys: ["s"] },
  { action: "nextLesion", title: "Next lesion", keys: ["t"] },
  { action: "help", title: "Show and change the keys", keys: ["?"] },
];

/** The name of a pressed key: `Ctrl+z`, `Shift+ArrowUp`, `?`. */
export function keyName(event) {
  const isLetter = /^\p{L}$/u.test(event.key);
  const key = isLetter ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && (isLetter || event.key.length > 1) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

/** Keys of all actions, with a reader's changes; `changes` maps an action to its list of keys. */
export class KeyTable {
  constructor(changes = {}) { this.changes = { ...changes }; }

  keysOf(action) {
    const own = this.changes[action];
    return Array.isArray(own) ? own : actions.find((entry) => entry.action === action)?.keys ?? [];
  }
  actionOf(key) { return actions.find(({ action }) => this.keysOf(action).includes(key)) ?? null; }

  /** Gives a key to an action and takes it from any other. */
  assign(action, key) {
    const former = this.actionOf(key);
    if (former && former.action !== action) {
      this.changes[former.action] = this.keysOf(former.action).filter((other) => other !== key);
    }
    this.changes[action] = [key];
    return former && former.action !== action ? former : null;
  }
}

/** The table of keys: a press on a row, then a key, changes it. `save(changes)` is called after each change. */
export function showKeys(table, save) {
  const message = element("p", { role: "status" }, "Choose an action and press its new key.");
  const body = element("tbody");
  const shown = (key) => (key === " " ? "Space" : key);
  let chosen = null;
  const render = () => body.replaceChildren(...actions.map(({ action, title }) => element(
    "tr", { class: chosen === action ? "chosen" : null, "data-action": action, onclick: () => { chosen = action; render(); } },
    element("td", {}, title), element("td", {}, ...table.keysOf(action).map((key) => element("kbd", {}, shown(key)))))));
  render();
  const node = dialog("Keys", "keys", message, element("table", {}, body),
    element("button", { onclick: () => { table.changes = {}; save({}); render(); } }, "Default keys"),
    element("button", { onclick: () => node.close() }, "Close"));
  node.addEventListener("keydown", (event) => {
    if (chosen === null || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const former = table.assign(chosen, keyName(event));
    message.textContent = former ? `${shown(keyName(event))} was taken from “${former.title}”.` : "Changed.";
    chosen = null;
    save(table.changes);
    render();
  });
  return node;
}
