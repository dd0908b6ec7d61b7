// What the server is asked: each request has a ref, which all that answers it has as well.

export class Lost extends Error {} // The connection broke before the answer came.

export function ignoreLost(error) {
  if (!(error instanceof Lost)) throw error;
}

export class Requests {
  #waiting = new Map(); // ref -> { objects, resolve, reject }
  #number = 0;
  #prefix;

  constructor(send) {
    this.send = send;
    const numbers = crypto.getRandomValues(new Uint32Array(2)); // no other page has these refs
    this.#prefix = `${numbers[0].toString(36)}${numbers[1].toString(36)}-`;
  }

  get isAwaited() {
    return this.#waiting.size > 0;
  }

  newRef() {
    return `${this.#prefix}${++this.#number}`;
  }

  // Resolves to the objects that answer the request, and its `end`: an ok or an error.
  ask(fields) {
    return new Promise((resolve, reject) => {
      const ref = this.newRef();
      if (!this.send({ ...fields, ref })) return reject(new Lost());
      this.#waiting.set(ref, { objects: [], resolve, reject });
    });
  }

  // True if `object` answers a request.
  take(object) {
    const asked = this.#waiting.get(object.ref);
    if (!asked) return false;
    if (object.kind === "ok" || object.kind === "error") {
      this.#waiting.delete(object.ref);
      asked.resolve({ objects: asked.objects, end: object });
    } else asked.objects.push(object);
    return true;
  }

  lose() {
    for (const { reject } of this.#waiting.values()) reject(new Lost());
    this.#waiting.clear();
  }
}
