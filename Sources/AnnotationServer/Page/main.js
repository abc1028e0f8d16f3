// Starts the page: session, then the worklist or the case that the address's fragment names.

import { attachAdjudication } from "./adjudication.js";
import { element } from "./dom.js";
import { attachOutlining } from "./outlining.js";
import { Session } from "./session.js";
import { Viewer } from "./viewer.js";
import { showWorklist } from "./worklist.js";

const page = document.querySelector("#page");
let session = null;
/** What ends the shown case. */
let leave = () => {};
/** Grows with each route, so that a case that arrives late does not replace what was opened since. */
let turn = 0;

/** Shows what the fragment names: `#case-0001`, `#adjudication-0001`, or the worklist. */
async function route() {
  leave();
  leave = () => {};
  const own = ++turn;
  document.body.dataset.state = "loading";
  const name = location.hash.slice(1);
  document.title = name ? `${name} – RenalGrade` : "RenalGrade";
  try {
    if (name) await showCase(name, () => own === turn);
    else await showCases(() => own === turn);
  } catch (error) {
    if (own === turn) showFailure(error);
  }
}

async function showCases(isCurrent) {
  const container = element("div", { class: "cases" });
  await showWorklist(container, session, { open: go, adjudicate: go });
  if (!isCurrent()) return;
  page.replaceChildren(
    element("header", { class: "bar" }, element("strong", {}, "RenalGrade"), element("span", { class: "quiet" }, session.reader)),
    container);
  document.body.dataset.state = "worklist";
}

function go(name) { location.hash = name; }

async function showCase(name, isCurrent) {
  const isAdjudication = name.startsWith("adjudication-");
  const place = `/api/${isAdjudication ? "adjudication" : "cases"}/${encodeURIComponent(name)}`;
  const detail = await session.json(place);
  if (!isCurrent()) return;
  const panel = element("div", { id: "panel" }), area = element("div", { class: "viewer" });
  const bar = element("header", { class: "bar" },
    element("button", { class: "back", onclick: () => go("") }, "‹ Cases"), element("strong", {}, name));
  const remarks = (detail.remarks ?? []).map((text) => element("li", {}, text));
  page.replaceChildren(...[bar, remarks.length ? element("ul", { class: "remarks", role: "status" }, ...remarks) : null,
    element("div", { class: "case" }, area, panel)].filter(Boolean));
  const viewer = new Viewer(area, detail, session, { place, bar });
  const outlining = await (isAdjudication ? attachAdjudication : attachOutlining)(viewer, detail, session);
  const end = () => {
    outlining.end();
    viewer.close();
  };
  if (!isCurrent()) return end();
  joinStore(viewer, outlining.store);
  leave = end;
  document.body.dataset.state = "case";
}

/** The viewer draws the ROI box around what the store holds, and breathing offsets are saved like any edit. */
function joinStore(viewer, store) {
  const offset = (series) => store.ofKind("offset").find((o) => o.series === series);
  viewer.outlinesOf = (series, slice) => store.outlines(series, slice);
  viewer.events.addEventListener("offset", ({ detail: { series, millimetres } }) => {
    const object = offset(series)?.object ?? crypto.randomUUID();
    store.apply([{ object, kind: "offset", series, millimetres }], "breathing offset");
  });
  const update = () => {
    viewer.setOffsets(new Map(store.ofKind("offset").map((o) => [o.series, o.millimetres])));
    viewer.showBoxes();
  };
  store.subscribe(update);
  update();
}

function showFailure(error) {
  document.body.dataset.state = "failed";
  page.replaceChildren(element("main", { class: "sheet", role: "alert" },
    element("h1", {}, "This could not be opened"), element("p", {}, error.message),
    element("p", {}, element("button", { onclick: route }, "Try again"), " ", element("button", { onclick: () => go("") }, "Cases"))));
}

function showSignIn(message = "") {
  document.body.dataset.state = "signIn";
  const reader = element("input", { name: "reader", autocomplete: "username", required: true });
  const password = element("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const status = element("p", { role: "status" }, message);
  const submit = async (event) => {
    event.preventDefault();
    try {
      const entering = new Session();
      if (await entering.signIn({ reader: reader.value, password: password.value })) return await enter(entering);
      status.textContent = "The reader or the password is wrong.";
    } catch {
      status.textContent = "The server does not answer.";
    }
  };
  page.replaceChildren(element("main", { class: "sheet" }, element("h1", {}, "RenalGrade"),
    element("form", { onsubmit: submit }, element("label", {}, "Reader", reader), element("label", {}, "Password", password),
      element("button", { class: "primary" }, "Sign in"), status)));
  reader.focus();
}

async function enter(entered) {
  session = entered;
  session.events.addEventListener("signedOut", () => {
    session.signOut();
    // In a case the edits that are not saved yet stay on the screen; the panel says what to do.
    if (document.body.dataset.state !== "case") showSignIn("Please sign in again.");
  });
  addEventListener("hashchange", route);
  await route();
}

try {
  const opened = await Session.open();
  if (opened) await enter(opened);
  else showSignIn();
} catch (error) {
  showFailure(error);
}
