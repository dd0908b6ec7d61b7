// A person's stay, over all connections: the rooms, what is typed, and what comes.

import { Arrival } from "./arrival.js";
import { Backlog } from "./backlog.js";
import { Connection } from "./connection.js";
import { browser, tab } from "./memory.js";
import { Outbox } from "./outbox.js";
import { Requests, ignoreLost } from "./requests.js";
import { Room, idOf } from "./rooms.js";
import { key, words } from "./text.js";

const COMMAND = /^\/(\??|\p{L}[\p{L}\p{N}_-]*)$/u;

export class Session {
  // `on` has the functions state(state, why), rooms(), room(room), people(room), added(room, entry, isNew),
  // changed(room, entry), removed(room, entry), prepended(room), asks(what, why) and told(text).
  constructor(on) {
    this.on = on;
    this.rooms = new Map();
    this.current = null;
    this.name = browser.get("name", "");
    this.token = browser.get("token", "");
    this.isOperator = false;
    this.away = null; // what others are told; null if this person is not away
    this.maxBytes = 60000;
    this.number = 0; // of what was put into rooms
    this.wasThere = false; // the welcome is not repeated
    this.requests = new Requests((object) => this.send(object));
    this.arrival = new Arrival(this);
    this.backlog = new Backlog(this);
    this.outbox = new Outbox(this);
    this.connection = new Connection({
      opened: () => this.arrival.enter(),
      received: (object) => this.receive(object),
      changed: (state, why) => this.changed(state, why),
    });
  }

  get isThere() {
    return this.connection.state === "open" || this.connection.state === "slow";
  }

  start(name, password) {
    if (name) this.arrival.wanted = name;
    if (password !== undefined) tab.set("password", password);
    this.connection.tries = 0;
    this.connection.start();
  }

  ask(fields) {
    return this.requests.ask(fields);
  }

  send(object) {
    const isSent = this.connection.send(object);
    if (isSent) this.connection.awaits(true);
    return isSent;
  }

  awaitOthers() {
    this.connection.awaits(this.requests.isAwaited || this.outbox.isAwaited);
  }

  changed(state, why) {
    if (!this.isThere && state !== "connecting") this.requests.lose();
    this.wasThere ||= this.isThere;
    this.on.state(state, why);
  }

  // Rooms

  expectRoom(name) {
    const room = this.rooms.get(name) ?? new Room(name);
    this.rooms.set(name, room);
    return room;
  }

  enterRoom(name, topic) {
    const room = this.expectRoom(name);
    room.isEntered = true;
    room.topic = topic;
    return room;
  }

  conversation(partner) {
    const name = `@${key(partner)}`;
    let room = this.rooms.get(name);
    if (!room) {
      room = new Room(name, partner);
      this.rooms.set(name, room);
      this.addInfo(room, "Direct messages are kept nowhere: when this page is loaded again, they are gone.");
      this.on.rooms();
    }
    return room;
  }

  // `refuse` is told why that cannot be.
  async join(typed, refuse = (why) => this.tell(why, "refused")) {
    const name = key(typed.replace(/^#/, "").trim());
    if (!this.rooms.has(name)) {
      const { end } = await this.ask({ join: name });
      if (end.kind === "error") return refuse(end.text);
      this.keepRooms();
      this.show(this.rooms.get(end.room));
      await this.backlog.catchUp(this.rooms.get(end.room), false);
    } else this.show(this.rooms.get(name));
  }

  async leave(room) {
    if (!room.partner) {
      const { end } = await this.ask({ leave: room.name });
      if (end.kind === "error") return this.tell(end.text, "refused");
    }
    this.rooms.delete(room.name);
    this.keepRooms();
    if (this.current === room) this.show([...this.rooms.values()][0]);
    this.on.rooms();
  }

  keepRooms() {
    const names = [...this.rooms.values()].filter((room) => !room.partner).map((room) => room.name);
    const places = Object.entries(browser.get("places", {}));
    browser.set("rooms", names);
    browser.set("places", Object.fromEntries(places.filter(([name]) => names.includes(name))));
  }

  keepPlace(room) {
    browser.set("places", { ...browser.get("places", {}), [room.name]: room.last });
  }

  show(room) {
    this.current = room;
    if (!room.partner) browser.set("current", room.name);
    this.on.room(room);
    this.on.rooms();
    // Nobody is told who is away: that is asked for now and then.
    this.refresh();
  }

  refresh() {
    const { current } = this;
    if (current && !current.partner && this.isThere) this.backlog.listPeople(current).catch(ignoreLost);
  }

  // The room was looked at, up to its end.
  look(room) {
    if (room.unread) {
      room.unread = room.mentions = 0;
      this.on.rooms();
    }
    if (room.last) browser.set("seen", { ...browser.get("seen", {}), [room.name]: room.last });
  }

  // What is typed

  say(typed) {
    for (const line of typed.split("\n")) {
      const [word] = line.split(/\s/, 1);
      if (word.startsWith("/") && COMMAND.test(word)) this.obey(this.current, word.toLowerCase(), line);
      else if (line.trim()) this.outbox.put(this.current, "say", line.startsWith("//") ? line.slice(1) : line);
    }
  }

  obey(room, word, line) {
    const rest = line.slice(word.length).trim();
    if (word === "/me" && rest && !room.partner) this.outbox.put(room, "action", rest);
    else if (word === "/join" && rest) this.attempt(line, this.join(rest));
    else if (word === "/leave" && !rest) this.attempt(line, this.leave(room));
    else if (word === "/msg" && /^\S+\s+\S/.test(rest)) {
      const [to] = rest.split(/\s/, 1);
      const partner = this.conversation(to.replace(/^@|[:,]$/g, ""));
      this.outbox.put(partner, "say", rest.slice(to.length).trim());
      this.show(partner);
    } else this.attempt(line, this.command(room, line));
  }

  // What is asked for is `done` now or never.
  attempt(line, done) {
    done.catch((error) => {
      ignoreLost(error);
      this.tell(`Not done, as the connection is lost: ${line}`, "refused");
    });
  }

  async command(room, line) {
    const { objects, end } = await this.ask(room.partner ? { command: line } : { command: line, room: room.name });
    for (const each of objects) this.addInfo(room, each.again ? `${each.name}: ${each.text}` : each.text);
    if (end.kind === "error") this.addInfo(room, end.text, "refused");
    else await this.learnOf(room, line, objects);
  }

  // Others are told what somebody does here by an event; who does it, by the answer alone.
  async learnOf(room, line, objects) {
    const [, word, rest] = /^\/(\w+)\s*(.*)/.exec(line) ?? [];
    const topic = objects.find((each) => each.answer === "topic");
    if (topic) this.setTopic(this.rooms.get(topic.room), topic.topic);
    const deleted = word === "delete" && /^(?:#([^/]+)\/)?(?:[^-\s]*-)?(\d+)/.exec(rest);
    if (deleted) this.remove(this.rooms.get(deleted[1] ?? room.name), { deleted: Number(deleted[2]), name: this.name });
    if (word === "resume") await this.arrival.goOn(objects);
    if (word !== "op" && word !== "nick") return;
    await this.arrival.learn();
    for (const each of this.rooms.values()) if (!each.partner) await this.backlog.listPeople(each);
  }

  setTopic(room, topic) {
    if (!room) return;
    room.topic = topic;
    if (room === this.current) this.on.room(room, true);
  }

  // What comes

  receive(object) {
    // What is said in a room may come before the answer that leads there is at its end.
    if (object.answer === "join" || object.answer === "resume") this.enterRoom(object.room, object.topic);
    if (object.answer === "away") this.setAway(object.away);
    if (object.answer === "msg") this.markAway(object.to, object.away);
    if (this.requests.take(object) || this.outbox.take(object)) this.awaitOthers();
    else if (object.kind === "private") this.receivePrivate(object);
    else if (object.place) this.receiveFromRoom(object);
    else if (object.reason === "no password" || object.reason === "wrong password") this.tellPassword(object);
    else if (object.kind === "gap") this.tell(object.text);
    else if (object.kind === "info" && (this.isThere || !this.wasThere)) this.tell(object.text);
  }

  receivePrivate({ name, to, text, time }) {
    const isOwn = key(name) === key(this.name);
    const room = this.conversation(isOwn ? to : name);
    this.insert(room, { kind: "say", name, text, time: Date.parse(time), isOwn }, !isOwn);
  }

  receiveFromRoom(object) {
    const room = this.rooms.get(object.room);
    if (!room?.isEntered) return; // said to a newcomer, as which this page arrives: it comes again
    if (room.note(object)) this.on.people(room);
    if (object.event === "topic") this.setTopic(room, object.topic);
    else if (object.event === "deleted") this.remove(room, object);
    else if (object.event === "renamed") this.rename(object.old, object.name);
    this.addMessage(room, object);
  }

  // `object` was said, or is shown again.
  addMessage(room, object) {
    const { kind, place, name, text, again, event } = object;
    const entry = { kind, place, name, text, again, event, time: Date.parse(object.time) };
    const isSaid = kind === "say" || kind === "action";
    entry.isOwn = isSaid && key(name) === key(this.name);
    if (isSaid && !again) this.markAway(name, null); // that ends it
    this.insert(room, entry, isSaid && !again && !entry.isOwn);
    this.keepPlace(room);
  }

  setAway(text) {
    this.away = text;
    this.markAway(this.name, text);
    this.on.rooms();
  }

  markAway(name, text) {
    for (const room of this.rooms.values()) {
      const person = room.people.get(name);
      if (!person || person.away === text) continue;
      person.away = text;
      this.on.people(room);
    }
  }

  tellPassword({ reason, text }) {
    const isWrong = reason === "wrong password";
    if (!isWrong && tab.get("password") !== undefined) return;
    tab.set("password", undefined);
    this.arrival.askFor("password", isWrong ? text : "");
  }

  tell(text, kind = "info") {
    if (this.current) this.addInfo(this.current, text, kind);
    else this.on.told(text);
  }

  remove(room, { deleted, name }) {
    const gone = room?.entries.find((entry) => entry.place && idOf(entry.place) === deleted);
    if (!gone) return;
    gone.text = "";
    gone.deletedBy = name;
    this.on.changed(room, gone);
  }

  // A conversation goes on when the other side has a new name.
  rename(old, name) {
    const room = this.rooms.get(`@${key(old)}`);
    if (!room || this.rooms.has(`@${key(name)}`)) return;
    this.rooms.delete(room.name);
    room.name = `@${key(name)}`;
    room.partner = name;
    this.rooms.set(room.name, room);
    this.on.rooms();
    if (room === this.current) this.on.room(room, true);
  }

  addInfo(room, text, kind = "info") {
    if (text) this.insert(room, { kind, text, name: "", time: Date.now() });
  }

  insert(room, entry, isNew = false) {
    entry.number = ++this.number;
    if (!entry.place && !entry.pending) room.rankHere(entry);
    if (!room.add(entry)) return;
    if (!room.isLoading) room.tidy();
    if (isNew) {
      entry.isMention = words(entry.text).includes(key(this.name));
      room.unread += 1;
      room.mentions += entry.isMention || room.partner ? 1 : 0;
    }
    this.on.added(room, entry, isNew);
  }
}
