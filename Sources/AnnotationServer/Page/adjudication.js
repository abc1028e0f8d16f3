// Adjudication: where two readers disagree, slice by slice. A strip of slices is coloured by Dice; on each the adjudicator takes
// A's outlines, B's, or draws. The result is the consensus, saved like any outlining.

import { element, svg } from "./dom.js";
import { attachOutlining } from "./outlining.js";

/** Attaches the adjudication of `detail` (`GET /api/adjudication/X`) to a viewer; returns the outlining, with `end`. */
export async function attachAdjudication(viewer, detail, session) {
  const outlining = await attachOutlining(viewer, detail, session, { place: `/api/adjudication/${detail.case}` });
  const strip = element("nav", { class: "strip", "aria-label": "Slices by agreement" });
  const take = element("div", { class: "row" }, ...detail.readings.map(({ reader }) => element("button", {
    "data-take": reader, onclick: () => takeReading(outlining, detail, reader),
  }, `Take ${reader}`)));
  const render = () => strip.replaceChildren(...detail.strip.map((entry) => element("button", {
    class: colourClass(entry.dice), "data-slice": entry.slice,
    title: `${entry.lesion}, slice ${entry.slice + 1}: Dice ${entry.dice === null ? "unknown" : entry.dice.toFixed(2)}`,
    "aria-pressed": String(isDecided(outlining, entry)),
    onclick: () => {
      outlining.drawing.lesion = entry.lesion;
      viewer.viewports.find((viewport) => viewport.series === entry.series)?.showSlice(entry.slice);
      outlining.changed();
    },
  }, String(entry.slice + 1))));
  render();
  outlining.panel.node.prepend(strip, take);
  const layers = new Map();
  const draw = (viewport) => {
    if (!layers.get(viewport)?.isConnected) {
      layers.set(viewport, svg("g", { class: "readings" }));
      viewport.overlay.prepend(layers.get(viewport));
    }
    layers.get(viewport).replaceChildren(...detail.readings.flatMap(({ reader, objects }) => objects
      .filter((o) => o.kind === "outline" && o.series === viewport.series && o.slice === viewport.slice)
      .map((o) => svg("path", {
        class: `outline reading reader-${reader}`, "data-reader": reader, d: `M${o.vertices.map((v) => v.join(" ")).join("L")}Z`,
      }))));
  };
  const ending = new AbortController();
  for (const viewport of viewer.viewports) {
    viewport.events.addEventListener("frame", () => draw(viewport), { signal: ending.signal });
    if (viewport.overlay) draw(viewport);
  }
  const unsubscribe = outlining.store.subscribe(render);
  const end = outlining.end.bind(outlining);
  outlining.end = () => {
    ending.abort();
    unsubscribe();
    layers.forEach((layer) => layer.remove());
    end();
  };
  return outlining;
}

function isDecided(outlining, { series, slice, lesion }) { return outlining.store.outlines(series, slice, lesion).length > 0; }

/** Replaces the consensus of the current lesion on the shown slice by a reader's outlines, as one step. */
function takeReading(outlining, detail, reader) {
  const { series, slice } = outlining.viewer.active;
  const { lesion } = outlining.drawing;
  const { objects } = detail.readings.find((reading) => reading.reader === reader);
  const taken = objects.filter((o) => o.kind === "outline" && o.lesion === lesion && o.series === series && o.slice === slice);
  outlining.drawing.replaceOutlines({ series, slice }, outlining.store.outlines(series, slice, lesion),
    taken.map((o) => o.vertices), "consensus", `take ${reader}`);
  if (!taken.length) outlining.tell(`${reader} outlined nothing of ${lesion} on this slice.`);
}

/** Five steps of agreement; "unknown" where one of the readers has nothing. */
export function colourClass(dice) {
  if (dice === null || dice === undefined) return "dice-unknown";
  return `dice-${Math.min(4, Math.max(0, Math.floor((dice - 0.5) * 10)))}`;
}
