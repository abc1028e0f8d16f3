// Carries finished edits to the server so that none is lost: an edit is journalled in the browser before it is sent, sent in
// order, sent again until the server answers, and taken out of the journal only when the server has acknowledged it.
//
// States: "saved" (nothing outstanding), "saving", "waiting" (the server does not answer; tried again, ever more rarely),
// "conflict" (another window saved since: nothing is sent until the reader has chosen), "locked" (the server takes no edits
// of this case), "signedOut". Edits that the server refuses are set aside in `refused`, with its reason, and stay in the journal.

const batchSize = 50;
const longestDelay = 15000;

export class Sync extends EventTarget {
  state = "saved";
  message = "";
  /** That the browser's journal does not work. */
  warning = "";
  refused = [];
  conflict = null;
  #arriving = [];
  #queue = [];
  #order = 0;
  #failures = 0;
  #isSending = false;
  #timer = null;
  #journalled = Promise.resolve();
  #owner;
  #options;

  /**
   * `request(path, options)` answers as fetch does; `place` is the path of the case (`/api/cases/case-0001`) of a reader in a
   * study; `revision` and `numbering` are the case's; `delay(failures)` in ms between tries.
   */
  constructor({ request, journal, study, reader, place, revision, numbering, delay }) {
    super();
    this.window = crypto.randomUUID();
    this.revision = revision;
    this.#owner = { study, reader, place };
    this.#options = { request, journal, place, numbering, delay: delay ?? ((n) => Math.min(longestDelay, 250 * 2 ** n)) };
    // A window that lives holds its lock, so that another one does not adopt its edits.
    globalThis.navigator?.locks?.request(`renalgrade-window-${this.window}`, () => new Promise((end) => { this.close = end; }));
  }

  close = () => {};
  get unsaved() { return this.pending.length; }
  get pending() {
    return [...this.#queue, ...this.#arriving, ...this.refused].map(({ id, object }) => ({ id, object }));
  }

  /** The journalled edits of windows that are gone, oldest first: the caller shows their objects, and they are sent. */
  async restore() {
    const living = await livingWindows();
    const entries = (await this.#options.journal.entries(this.#owner))
      .filter((entry) => !living.has(entry.window));
    this.#order = entries.reduce((most, entry) => Math.max(most, entry.order), 0);
    this.#queue.push(...entries);
    this.#announce();
    if (entries.length) this.#send();
    return entries.map((entry) => entry.object);
  }

  /** Journals edits, then sends them. */
  push(objects) {
    if (!objects.length) return this.#journalled;
    const { journal, numbering } = this.#options;
    const entries = objects.map((object) => ({
      id: crypto.randomUUID(), ...this.#owner, window: this.window, numbering, base: this.revision, order: ++this.#order, object,
    }));
    this.#arriving.push(...entries);
    this.#announce();
    this.#journalled = this.#journalled.then(() => journal.add(entries)).catch((error) => {
      this.warning = `This browser cannot keep edits until they are saved (${error?.message ?? error}).`;
    }).then(() => {
      const arrived = new Set(entries);
      this.#queue.push(...this.#arriving.filter((entry) => arrived.has(entry)));
      this.#arriving = this.#arriving.filter((entry) => !arrived.has(entry));
      this.#send();
    });
    return this.#journalled;
  }

  /** After a conflict: "mine" saves the outstanding edits on top of the other window's, "theirs" gives them up. */
  async resolve(choice) {
    if (this.state !== "conflict") return;
    this.revision = this.conflict.revision;
    this.conflict = null;
    if (choice === "theirs") await this.discard();
    // What was made on the older revision is now knowingly made on this one.
    this.#queue = this.#queue.map((entry) => ({ ...entry, base: this.revision, window: this.window }));
    await this.#options.journal.add(this.#queue);
    this.#set("saving");
    await this.#send();
  }

  /** Gives up all edits that are not saved, refused ones too. */
  async discard() {
    await this.#journalled;
    const ids = this.pending.map(({ id }) => id);
    [this.#queue, this.refused] = [[], []];
    await this.#options.journal.remove(ids);
    this.#set("saved");
  }

  /** Waits until nothing is being sent; whether everything is saved. */
  async settled() {
    await this.#journalled;
    await this.retry();
    while (this.#isSending) await new Promise((go) => this.addEventListener("change", go, { once: true }));
    return this.unsaved === 0;
  }

  /** Tries again at once. */
  retry() {
    if (this.state !== "conflict") this.state = "saving";
    clearTimeout(this.#timer);
    return this.#send();
  }

  async #send() {
    if (this.#isSending || ["conflict", "locked", "signedOut"].includes(this.state)) return;
    this.#isSending = true;
    try {
      while (this.#queue.length && (await this.#sendBatch()));
    } finally {
      this.#isSending = false;
      this.#announce();
    }
    if (!this.#queue.length && this.state === "saving") this.#set("saved");
  }

  /** Whether to go on with the next batch. */
  async #sendBatch() {
    const { request, place } = this.#options;
    const { window, numbering } = this.#queue[0];
    const length = this.#queue.findIndex((entry) => entry.window !== window || entry.numbering !== numbering);
    const batch = this.#queue.slice(0, length === -1 ? batchSize : Math.min(length, batchSize));
    // The edits of a window that is gone keep the revision that they were made on.
    const base = window === this.window ? this.revision : batch[0].base;
    if (this.state !== "waiting") this.#set("saving");
    let answer, body;
    try {
      answer = await request(`${place}/edits`, {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ window, numbering, base, edits: batch.map(({ id, object }) => ({ id, object })) }),
      });
      body = await answer.json();
    } catch {
      return this.#wait();
    }
    switch (answer.status) {
      case 200:
        return (await this.#acknowledge(body)) || this.#wait();
      case 409:
        this.conflict = { revision: body.revision, objects: body.objects ?? [] };
        this.#set("conflict", body.message);
        return false;
      case 422: return this.#refuse(batch, body);
      case 423:
        this.#set("locked", body.message);
        return false;
      case 401:
        // The window that signs in next takes the edits over from the journal.
        this.close();
        this.#set("signedOut", body.message);
        return false;
      case 413:
        if (batch.length === 1) return this.#refuse(batch, { ...body, edit: batch[0].id });
        return this.#wait();
      default:
        if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return this.#wait();
        this.#set("locked", body.message);
        return false;
    }
  }

  async #acknowledge({ revision, acknowledged }) {
    this.#failures = 0;
    this.revision = revision;
    const ids = new Set(acknowledged);
    const before = this.#queue.length;
    this.#queue = this.#queue.filter((entry) => !ids.has(entry.id));
    await this.#options.journal.remove([...ids]);
    this.#set(this.unsaved ? "saving" : "saved");
    return this.#queue.length < before;
  }

  /** One edit of the batch is not acceptable: it is set aside, the others are sent. */
  #refuse(batch, { message, edit }) {
    const refused = batch.find((entry) => entry.id === edit) ?? batch[0];
    this.#queue = this.#queue.filter((entry) => entry !== refused);
    this.refused.push({ ...refused, message });
    this.#set(this.#queue.length ? "saving" : "saved", message);
    return true;
  }

  #wait() {
    this.#failures++;
    this.#set("waiting");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), this.#options.delay(this.#failures));
    return false;
  }

  #set(state, message = "") {
    this.state = state;
    this.message = message;
    this.#announce();
  }

  #announce() { this.dispatchEvent(new Event("change")); }

  /** What the reader is told. */
  get mark() {
    const number = this.#queue.length + this.#arriving.length;
    const count = number === 1 ? "1 edit" : `${number} edits`;
    const refused = this.refused.length
      ? ` ${this.refused.length} refused by the server: ${this.refused.at(-1).message}` : "";
    if (this.warning) return `${this.warning} ${count} not saved yet.`;
    switch (this.state) {
      case "saved": return `${refused ? "Other edits saved." : "All edits saved."}${refused}`;
      case "saving": return `Saving ${count}.${refused}`;
      case "waiting": return `${count} not saved yet: the server does not answer.${refused}`;
      case "conflict": return `${count} not saved: another window saved this case in the meantime. Nothing was overwritten.`;
      case "locked": return `${count} not saved: ${this.message || "the case takes no more edits."}`;
      default: return `${count} not saved: you are signed out. Sign in again; the edits are kept in this browser.`;
    }
  }
}

/** The browser windows that are open now; without the means to know, none, so that edits are sent twice rather than never. */
async function livingWindows() {
  try {
    const { held } = await navigator.locks.query();
    return new Set(held.map(({ name }) => name.replace("renalgrade-window-", "")));
  } catch {
    return new Set();
  }
}
