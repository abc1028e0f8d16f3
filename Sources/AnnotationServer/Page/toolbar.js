// The viewer's buttons in the page's bar: window, linking, reformats, and what the page holds in memory.

import { element } from "./dom.js";
import { shown } from "./viewport.js";

export class Toolbar {
  constructor(viewer, bar) {
    this.viewer = viewer;
    const button = (command, text, title) => element("button", {
      "data-command": command, title, onclick: () => viewer.command(command),
    }, text);
    this.presets = viewer.presets.map(({ name, center, width }, i) =>
      button(`window${i + 1}`, name, `Window of ${width} HU around ${shown(center)} HU (key ${i + 1})`));
    this.window = element("output", { class: "window", "aria-label": "Window" });
    this.invert = button("invert", "Invert", "Invert the greys (key i)");
    this.link = button("link", "Linked", "All phases show the same position in the patient (key k)");
    this.reformats = button("reformats", "Reformats", "Coronal and sagittal reformats of the active phase (key r)");
    this.memory = element("output", { class: "quiet memory", "aria-label": "Memory" });
    bar.append(
      element("div", { class: "group", role: "group", "aria-label": "Window" }, ...this.presets, this.invert), this.window,
      element("div", { class: "group", role: "group", "aria-label": "View" }, this.link, this.reformats,
        button("reset", "Reset", "Fit the images, and the protocol's window (Space)")),
      this.memory);
    this.showState();
  }

  showWindow() {
    const { window, presets } = this.viewer;
    this.window.textContent = `C ${shown(window.center)}  W ${shown(window.width)} HU`;
    this.presets.forEach((node, i) => node.setAttribute(
      "aria-pressed", String(presets[i].center === window.center && presets[i].width === window.width)));
    this.invert.setAttribute("aria-pressed", String(window.isInverted));
  }

  showState() {
    this.link.setAttribute("aria-pressed", String(this.viewer.isLinked));
    this.reformats.setAttribute("aria-pressed", String(this.viewer.reformats.length > 0));
  }

  showMemory() {
    const { count, bytes } = this.viewer.slices;
    this.memory.textContent = `${count} slices, ${shown(bytes / 2 ** 20)} MiB`;
  }
}
