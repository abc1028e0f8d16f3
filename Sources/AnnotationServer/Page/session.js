// Who reads, and requests in that reader's name. The token lives in sessionStorage: a reload keeps it, another tab has its own.

const key = "renalgrade.session";

export class Session {
  /** "signedOut": the server knows the token no longer. */
  events = new EventTarget();
  /** The study's own name, by which the browser keeps its edits apart from those of another study at the same address. */
  study = null;
  reader = null;
  role = null;
  #authorization = null;

  /** The session of this tab, after the exchange of a one-time token in the address; null where the reader must sign in. */
  static async open() {
    const session = new Session();
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (token !== null) {
      // The token is good once, and must not stay in the history.
      history.replaceState(null, "", location.pathname);
      if (await session.signIn({ token })) return session;
    }
    const stored = sessionStorage.getItem(key);
    if (stored === null) return null;
    session.#take(JSON.parse(stored));
    return session;
  }

  /** Signs in by `{token}` or `{reader, password}`; answers whether that was right. Throws where the server does not answer. */
  async signIn(credentials) {
    const answer = await fetch("/api/session", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(credentials),
    });
    if (!answer.ok) return false;
    const values = await answer.json();
    sessionStorage.setItem(key, JSON.stringify(values));
    this.#take(values);
    return true;
  }

  #take({ authorization, study, reader, role }) {
    this.#authorization = authorization;
    Object.assign(this, { study, reader, role });
  }

  signOut() {
    sessionStorage.removeItem(key);
    this.#authorization = null;
  }

  /** `fetch` with the reader's token; answers its Response, whatever the status. */
  async request(path, options = {}) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.#authorization}` };
    const answer = await fetch(path, { ...options, headers });
    if (answer.status === 401) this.events.dispatchEvent(new Event("signedOut"));
    return answer;
  }

  /** The JSON at a path. Throws an Error with the server's message where it refuses. */
  async json(path) {
    const answer = await this.request(path);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.message ?? `The server answered ${answer.status}.`);
    return body;
  }
}
