// One WebSocket after the other: it comes back by itself, and notices a server that is gone.

const WAITS = [300, 1000, 2000, 4000, 8000, 15000, 30000]; // ms before each further try
const PATIENCE = 40000; // ms without a sign of life, of which the server sends one in 15 s
const OPENING = 10000; // ms for a connection to open
const ANSWER = 8000; // ms for an answer, before people are told that there is none
const SLICE = 8; // ms of work at a time on what has come: one can type and scroll meanwhile

const [GOING_AWAY, POLICY, TRY_LATER] = [1001, 1008, 1013];
const TAKEN_OVER = "resumed on another connection";

export class Connection {
  // `on` has the functions opened(), received(object), changed(state, why): the state is
  // "connecting", "open", "slow", "waiting", "asking", "stopped" or "taken over".
  constructor(on) {
    this.on = on;
    this.state = "stopped";
    this.socket = null;
    this.tries = 0;
    this.heard = 0;
    this.asked = 0; // when the first was asked for that is not answered yet; 0 if all is
    this.timer = 0;
    this.reason = "";
    this.inbox = []; // what has come: messages, and that the connection was closed
    this.turns = new MessageChannel(); // timers would be slow, or stand still while nobody looks
    this.turns.port1.onmessage = () => this.read();
    setInterval(() => this.check(), 2000);
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.lose("You are offline"));
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  // Connect now, whatever was waited for.
  start() {
    clearTimeout(this.timer);
    this.drop();
    this.change("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`, "gchat.v1.json");
    this.socket = socket;
    this.heard = Date.now();
    socket.onopen = () => {
      this.heard = Date.now();
      this.asked = 0;
      this.on.opened();
    };
    socket.onmessage = (event) => {
      this.heard = Date.now();
      if (this.state === "slow") this.change("open");
      this.put(event);
    };
    socket.onclose = (event) => this.put(event);
  }

  put(event) {
    if (this.inbox.push(event) === 1) this.turns.port2.postMessage(null);
  }

  // Take in what has come, in its order, and the rest of it in another turn of the browser's loop.
  read() {
    const { inbox } = this; // if the connection ends, there is another one
    const end = performance.now() + SLICE;
    let count = 0;
    try {
      while (inbox === this.inbox && count < inbox.length && performance.now() < end) this.take(inbox[count++]);
    } finally {
      inbox.splice(0, count);
      if (inbox === this.inbox && inbox.length) this.turns.port2.postMessage(null);
    }
  }

  take(event) {
    if (event.type === "close") return this.closed(event.code, event.reason);
    const object = JSON.parse(event.data);
    if (object.kind !== "alive") this.on.received(object);
  }

  // All is as it should be: the next time, the first try comes at once.
  settle() {
    this.tries = 0;
    this.reason = "";
    this.change("open");
  }

  stop(state = "stopped", why = "") {
    clearTimeout(this.timer);
    this.drop();
    this.change(state, why);
  }

  // Close, and come back in `wait` ms, or when the next try is due.
  lose(why, wait) {
    if (["stopped", "asking", "taken over"].includes(this.state)) return;
    this.drop();
    this.reason = why;
    const due = wait ?? WAITS[Math.min(this.tries++, WAITS.length - 1)];
    const soon = due * (0.75 + Math.random() / 2);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), soon);
    this.change("waiting", why);
  }

  // True if it could be handed over; that does not mean that it arrives.
  send(object) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(object));
    return true;
  }

  awaits(something) {
    this.asked = something ? this.asked || Date.now() : 0;
  }

  hurry() {
    if (this.state === "waiting") this.start();
    this.check();
  }

  check() {
    const now = Date.now();
    const silent = now - this.heard;
    if (this.state === "connecting" && silent > OPENING) this.lose("The server does not answer");
    if (this.state !== "open" && this.state !== "slow") return;
    if (silent > PATIENCE) this.lose("The server does not answer");
    else if (this.asked && now - this.asked > ANSWER && silent > ANSWER) {
      if (this.state === "open") this.change("slow");
    }
  }

  closed(code, reason) {
    this.socket = null;
    this.inbox = [];
    if (code === POLICY && reason === TAKEN_OVER) this.stop("taken over");
    else if (code === POLICY) this.stop("stopped", reason);
    else if (code === 1000) this.stop("stopped", "You have left the chat");
    else if (code === GOING_AWAY || code === TRY_LATER) this.lose(reason, 8000);
    else this.lose(reason || this.reason);
  }

  drop() {
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close(1000);
    this.socket = null;
    this.inbox = []; // it comes again
  }

  change(state, why = "") {
    this.state = state;
    this.on.changed(state, why);
  }
}
