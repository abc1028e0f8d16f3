// The reader's list of cases, in the reader's own order, and of adjudications for those who may see them.

import { element } from "./dom.js";

/**
 * Fills `container` with the worklist. `open(case)` opens a case; `adjudicate(case)` an adjudication, where the session's role
 * allows it.
 */
export async function showWorklist(container, session, { open, adjudicate }) {
  const parts = [element("h1", {}, "Cases")];
  try {
    if (session.role !== "adjudicator") parts.push(...(await readings(session, open)));
    if (session.role !== "reader" && adjudicate) parts.push(...(await adjudications(session, adjudicate)));
  } catch (error) {
    parts.push(element("p", { class: "message", role: "alert" }, `The list could not be loaded: ${error.message}`));
  }
  container.replaceChildren(element("main", { class: "worklist" }, ...parts));
}

async function fetched(session, path) {
  const answer = await session.request(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body;
}

async function readings(session, open) {
  const { cases } = await fetched(session, "/api/worklist");
  const done = cases.filter((c) => c.state !== "open").length;
  const next = cases.find((c) => c.state === "open");
  return [
    element("p", {}, `${done} of ${cases.length} cases are done. `,
      next ? element("button", { class: "next", onclick: () => open(next.case) }, `Next open case: ${next.case}`) : null),
    table(["Case", "State", "Lesions", "Outlined slices"], cases.map((c) => ({
      name: c.case, state: c.state, cells: [c.state, c.lesions, c.outlinedSlices], open: () => open(c.case),
    }))),
  ];
}

async function adjudications(session, adjudicate) {
  const { cases } = await fetched(session, "/api/adjudication");
  return [
    element("h2", {}, "Adjudication"),
    element("p", {}, "Cases on which readers differ, the greatest disagreement first."),
    table(["Case", "State", "Readers", "Dice"],
      cases.toSorted((a, b) => (a.dice ?? -1) - (b.dice ?? -1)).map((c) => ({
        name: c.case, state: c.state, open: () => adjudicate(c.case),
        cells: [c.state, c.readers.join(", "), c.dice === null || c.dice === undefined ? "unknown" : c.dice.toFixed(2)],
      }))),
  ];
}

function table(headings, rows) {
  return element("table", {}, element("thead", {}, element("tr", {}, ...headings.map((h) => element("th", { scope: "col" }, h)))),
    element("tbody", {}, ...rows.map(({ name, state, cells, open }) => element("tr", { "data-state": state, "data-case": name },
      element("td", {}, element("button", { class: "case", onclick: open }, name)),
      ...cells.map((cell) => element("td", {}, cell))))));
}
