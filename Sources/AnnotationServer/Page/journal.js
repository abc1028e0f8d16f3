// The browser's own journal of edits that the server has not acknowledged: IndexedDB, or localStorage where a browser refuses
// it. An entry is {id, study, reader, place, window, numbering, base, order, object}: `place` is the address that the edit goes
// to, `window` the browser window that made it, `numbering` that of its slices, `base` the revision that it was made on.

export async function openJournal() {
  try {
    return new DatabaseJournal(await openDatabase());
  } catch {
    return new StorageJournal(localStorage);
  }
}

function openDatabase() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("renalgrade-edits", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("edits", { keyPath: "id" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error("blocked"));
  });
}

class DatabaseJournal {
  #database;
  constructor(database) { this.#database = database; }

  add(entries) { return this.#write((edits) => entries.forEach((entry) => edits.put(entry))); }
  remove(ids) { return this.#write((edits) => ids.forEach((id) => edits.delete(id))); }

  entries(owner) {
    return new Promise((resolve, reject) => {
      const reading = this.#database.transaction("edits").objectStore("edits").getAll();
      reading.onsuccess = () => resolve(ordered(reading.result, owner));
      reading.onerror = () => reject(reading.error);
    });
  }

  #write(change) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction("edits", "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      change(transaction.objectStore("edits"));
    });
  }
}

export class StorageJournal {
  static prefix = "renalgrade-edit-";
  #storage;
  constructor(storage) { this.#storage = storage; }

  async add(entries) {
    for (const entry of entries) this.#storage.setItem(StorageJournal.prefix + entry.id, JSON.stringify(entry));
  }
  async remove(ids) { ids.forEach((id) => this.#storage.removeItem(StorageJournal.prefix + id)); }
  async entries(owner) {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i));
    const own = keys.filter((key) => key.startsWith(StorageJournal.prefix));
    return ordered(own.map((key) => JSON.parse(this.#storage.getItem(key))), owner);
  }
}

/** The entries of `owner` {study, reader, place}, oldest first. */
function ordered(entries, owner) {
  return entries.filter((e) => ["study", "reader", "place"].every((key) => e[key] === owner[key])).sort((a, b) => a.order - b.order);
}
