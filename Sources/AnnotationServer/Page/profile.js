// The profile of a case along its slices, shown before it is done: area, shift of the centroid and HU of the rim, each as a
// small chart, and the warnings, each of which the reader confirms.

import { dialog, element, svg } from "./dom.js";

const width = 420, height = 70;

/** Shows the profile; `finish(confirmed)` sends the case's state. */
export async function showProfile(outlining, finish) {
  let profile;
  try {
    const answer = await outlining.session.request(`${outlining.place}/profile`);
    profile = await answer.json();
    if (!answer.ok) return outlining.tell(profile.message);
  } catch {
    return outlining.tell("The server does not answer.");
  }
  const warnings = profile.lesions.flatMap((lesion) => lesion.warnings.map((warning) => ({ ...warning, ...lesion })));
  const boxes = warnings.map(({ warning }) => element("input", { type: "checkbox", value: warning, onchange: () => update() }));
  const done = element("button", { "data-action": "confirmDone" }, "Done");
  const update = () => { done.disabled = boxes.some((box) => !box.checked); };
  const node = dialog("Profile along the slices", "profile",
    ...(profile.lesions.length ? profile.lesions.map((lesion) => charts(lesion)) : [element("p", {}, "Nothing is outlined.")]),
    warnings.length ? element("p", {}, "Please look at each warning and confirm that the outline is as meant:") : null,
    element("ul", { class: "warnings" }, ...warnings.map(({ text, slice, series, lesion }, i) => element("li", {},
      element("label", {}, boxes[i], ` ${lesion}, slice ${slice + 1}: ${text} `),
      element("button", { onclick: () => { node.close(); show(outlining, series, slice); } }, "Show")))),
    done, element("button", { onclick: () => node.close() }, "Back"));
  done.addEventListener("click", async () => {
    await finish(boxes.map((box) => box.value));
    node.close();
  });
  update();
  return node;
}

function show(outlining, series, slice) {
  outlining.viewer.viewports.find((viewport) => viewport.series === series)?.showSlice(slice);
}

function charts({ lesion, series, slices, warnings }) {
  const marked = new Set(warnings.map(({ slice }) => slice));
  const shift = slices.map(({ centroid }, i) => {
    const before = slices[i - 1]?.centroid;
    return centroid && before ? Math.hypot(centroid[0] - before[0], centroid[1] - before[1]) : null;
  });
  return element("section", {}, element("h3", {}, `${lesion} (series ${series + 1})`),
    chart("Area, mm²", slices.map((s) => [s.slice, s.areaMM2]), marked),
    chart("Shift of the centroid, pixels", slices.map((s, i) => [s.slice, shift[i]]), marked),
    chart("HU of the rim", slices.map((s) => [s.slice, s.rimHU]), marked));
}

/** One line over the slices; unknown values leave a gap, slices with a warning have a larger mark. */
export function chart(title, points, marked) {
  const known = points.filter(([, value]) => value !== null && value !== undefined);
  if (!known.length) return element("p", {}, `${title}: unknown`);
  const slices = points.map(([slice]) => slice), values = known.map(([, value]) => value);
  const [first, last] = [Math.min(...slices), Math.max(...slices)], [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (slice) => 8 + ((slice - first) / Math.max(1, last - first)) * (width - 16);
  const y = (value) => height - 8 - ((value - low) / (high - low || 1)) * (height - 16);
  let line = "", isOpen = false, previous = null;
  for (const [slice, value] of points) {
    const isKnown = value !== null && value !== undefined;
    if (isKnown) line += `${isOpen && slice === previous + 1 ? "L" : "M"}${x(slice)} ${y(value)}`;
    [isOpen, previous] = [isKnown, slice];
  }
  return element("figure", {}, element("figcaption", {}, `${title}: ${low.toFixed(1)} to ${high.toFixed(1)}`),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title },
      svg("path", { class: "line", d: line }),
      ...known.map(([slice, value]) => svg("circle", {
        class: marked.has(slice) ? "marked" : null, cx: x(slice), cy: y(value), r: marked.has(slice) ? 4 : 2,
      }))));
}
