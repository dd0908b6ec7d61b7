// What the browser keeps: in this browser (token, name, rooms), or for this tab alone (what is not
// sent yet). It may refuse to keep anything, in a private window say: then it lasts as long as the page.

class Memory {
  #name;
  #storage;
  #fields;
  #changed = new Set(); // other tabs may have changed the others
  #timer = 0;

  constructor(name, storage) {
    this.#name = name;
    try {
      this.#storage = storage();
    } catch {
      // Forbidden.
    }
    this.#fields = this.#read();
  }

  get(field, otherwise) {
    return this.#fields[field] ?? otherwise;
  }

  set(field, value) {
    this.#fields[field] = value;
    this.#changed.add(field);
    this.#timer ||= setTimeout(() => this.write(), 200);
  }

  write() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#changed.size) return;
    const kept = this.#read();
    for (const field of this.#changed) kept[field] = this.#fields[field];
    this.#changed.clear();
    try {
      this.#storage?.setItem(this.#name, JSON.stringify(kept));
    } catch {
      // Full.
    }
  }

  #read() {
    try {
      return JSON.parse(this.#storage.getItem(this.#name)) ?? {};
    } catch {
      return {};
    }
  }
}

export const browser = new Memory("gchat", () => localStorage);
export const tab = new Memory("gchat-tab", () => sessionStorage);

addEventListener("pagehide", () => {
  browser.write();
  tab.write();
});
