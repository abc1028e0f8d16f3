// What the reader has made of the case: objects by id, and one stack of commands for undo and redo over all tools.
// A command is a list of changes {before, after}; null stands for "does not exist". Whatever changes an object is announced
// as an edit (the object as it is now, or with isDeleted), so undo writes new edits and takes nothing back.

export class Store {
  #objects = new Map();
  #done = [];
  #undone = [];
  #listeners = new Set();

  /** Calls `listener({edits, reason})` after each change; returns what ends that. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get objects() { return [...this.#objects.values()]; }
  get(id) { return this.#objects.get(id) ?? null; }
  ofKind(kind) { return this.objects.filter((object) => object.kind === kind); }
  /** The outlines on a slice, of one lesion or of all. */
  outlines(series, slice, lesion = null) {
    return this.ofKind("outline").filter(
      (o) => o.series === series && o.slice === slice && (lesion === null || o.lesion === lesion));
  }

  get canUndo() { return this.#done.length > 0; }
  get canRedo() { return this.#undone.length > 0; }

  /** Takes over what the server holds; commands on objects that differ now can no longer be undone, so the stack is cleared. */
  load(objects, { keepsCommands = false } = {}) {
    for (const object of objects) this.#set(object.object, object.isDeleted ? null : object);
    if (!keepsCommands) [this.#done, this.#undone] = [[], []];
    this.#announce([], "load");
  }

  /** Forgets everything, then takes over what the server holds. */
  reset(objects) {
    this.#objects.clear();
    this.load(objects);
  }

  /** One step: `objects` are as they are to be, with `isDeleted` for those to go. */
  apply(objects, label) {
    const changes = objects.map((object) => ({
      before: this.get(object.object), after: object.isDeleted ? null : object,
    })).filter(({ before, after }) => before || after);
    if (!changes.length) return;
    this.#done.push({ label, changes });
    this.#undone = [];
    this.#perform(changes, label);
  }

  undo() {
    const command = this.#done.pop();
    if (!command) return null;
    this.#undone.push(command);
    this.#perform(command.changes.map(({ before, after }) => ({ before: after, after: before })).reverse(), "undo");
    return command.label;
  }

  redo() {
    const command = this.#undone.pop();
    if (!command) return null;
    this.#done.push(command);
    this.#perform(command.changes, "redo");
    return command.label;
  }

  #perform(changes, reason) {
    const edits = changes.map(({ before, after }) => after ?? { ...before, isDeleted: true });
    for (const { before, after } of changes) this.#set((after ?? before).object, after);
    this.#announce(edits, reason);
  }

  #set(id, object) {
    if (object) this.#objects.set(id, object);
    else this.#objects.delete(id);
  }

  #announce(edits, reason) {
    for (const listener of this.#listeners) listener({ edits, reason });
  }
}
