// Coming, and coming back: by the token or a name, into the rooms, to what was said meanwhile.

import { browser, tab } from "./memory.js";
import { Lost, ignoreLost } from "./requests.js";
import { key } from "./text.js";

const NEW = ["unknown token", "no history file"]; // reasons to be somebody new
const SOON = ["token in use", "does not read"]; // reasons to try again at once

export class Arrival {
  constructor(session) {
    this.session = session;
    this.number = 0; // of the connection
    this.wanted = ""; // the name that the person has chosen just now
    this.hasTokens = true;
    this.isFirst = true;
  }

  // The rooms of last time: one can write there before the connection is open.
  expectRooms() {
    const { session } = this;
    const names = browser.get("rooms", ["lobby"]);
    for (const name of names) session.expectRoom(name);
    session.show(session.rooms.get(browser.get("current")) ?? session.rooms.get(names[0]));
  }

  async enter() {
    const number = ++this.number;
    const { session } = this;
    const password = tab.get("password");
    if (password !== undefined) session.send({ password }); // it comes before all else
    for (const room of session.rooms.values()) room.isEntered = false;
    try {
      const isBack = session.token && !this.wanted ? await this.resume() : false;
      if (!isBack && !(await this.introduce())) return;
      await this.enterRooms(isBack);
      await this.learn();
      if (session.away !== null) await session.ask({ command: `/away ${session.away}` }); // it was of the connection
      if (number !== this.number) return;
      session.connection.settle();
      for (const room of session.rooms.values()) {
        if (!room.partner && room.isEntered) await session.backlog.catchUp(room, isBack);
      }
      session.outbox.sendAll();
    } catch (error) {
      ignoreLost(error);
    }
  }

  // Go on as whom the token stands for, behind the last messages that have come. False if it stands
  // for nobody any more.
  async resume() {
    const { session } = this;
    const { end, objects } = await session.ask({ resume: session.token, places: browser.get("places", {}) });
    if (end.kind === "ok") {
      const rooms = objects.filter((each) => each.answer === "resume");
      for (const each of rooms) session.rooms.get(each.room).isGap = each.missed === null;
      session.name = rooms[0]?.name ?? session.name;
      return true;
    }
    if (!NEW.includes(end.reason)) {
      session.connection.lose(end.text, SOON.includes(end.reason) ? 1000 : 15000);
      throw new Lost();
    }
    this.keepToken("");
    return false;
  }

  // The person has shown the token of somebody else, whom they are from now on: `objects` say where.
  async goOn(objects) {
    const { session } = this;
    const names = objects.filter((each) => each.answer === "resume").map((each) => each.room);
    for (const room of [...session.rooms.values()]) {
      if (!room.partner && !names.includes(room.name)) session.rooms.delete(room.name);
    }
    this.keepToken("");
    await this.learn();
    session.keepRooms();
    if (!session.rooms.has(session.current.name)) session.show(session.rooms.get(names[0]));
    for (const name of names) await session.backlog.catchUp(session.rooms.get(name), false);
    session.on.rooms();
  }

  // Take a name; false if the person has to choose one.
  async introduce() {
    const { session } = this;
    const name = this.wanted || session.name;
    if (!name) return this.askFor("name", "");
    session.enterRoom("lobby", ""); // where everybody arrives
    let { end } = await session.ask({ command: `/nick ${name}` });
    if (end.reason === "name taken" && session.current && !this.wanted) {
      // It may be the connection that was lost, which the server has not noticed yet.
      await sleep(1500);
      ({ end } = await session.ask({ command: `/nick ${name}` }));
      if (end.kind === "error") ({ end } = await session.ask({ command: `/nick ${another(name)}` }));
    }
    if (end.kind === "error") return this.askFor("name", end.text);
    this.wanted = "";
    const { objects } = await session.ask({ command: "/topic" });
    for (const each of objects) if (each.answer === "topic") session.setTopic(session.rooms.get(each.room), each.topic);
    return true;
  }

  // The person has to tell a name, or a password: the server is not kept waiting for that.
  askFor(what, why) {
    this.session.connection.stop("asking");
    this.session.on.asks(what, why);
    return false;
  }

  async enterRooms(isBack) {
    const { session } = this;
    const asked = this.isFirst ? new URLSearchParams(location.search).get("room") : null;
    const first = asked ? key(asked.replace(/^#/, "")) : browser.get("current", "lobby");
    this.isFirst = false;
    const names = new Set(browser.get("rooms", ["lobby"]));
    if (asked) names.add(first);
    for (const name of names) {
      if (session.rooms.get(name)?.isEntered) continue;
      const { end } = await session.ask({ join: name });
      if (end.kind === "error") session.rooms.delete(name);
    }
    if (!isBack && !names.has("lobby")) {
      const { end } = await session.ask({ leave: "lobby" });
      if (end.kind === "ok") session.rooms.delete("lobby");
    }
    session.keepRooms();
    const isGone = !session.rooms.has(session.current?.name);
    if (asked || isGone) session.show(session.rooms.get(first) ?? [...session.rooms.values()][0]);
    session.on.rooms();
  }

  // What the server says of this person.
  async learn() {
    const { session } = this;
    const { objects } = await session.ask({ command: "/why" });
    const why = objects.find((each) => each.answer === "why");
    if (why) {
      session.name = why.name;
      if (session.isOperator !== why.operator && session.current) {
        session.isOperator = why.operator;
        session.on.room(session.current); // messages have a menu, or have none any more
      }
      session.maxBytes = why.max_line - 512; // a request has more than the text
      browser.set("name", why.name);
      session.on.rooms();
    }
    if (session.token || !this.hasTokens) return;
    const { objects: told, end } = await session.ask({ command: "/token" });
    const token = told.find((each) => each.answer === "token");
    if (token) this.keepToken(token.token);
    this.hasTokens = end.reason !== "no history file";
  }

  keepToken(token) {
    this.session.token = token;
    browser.set("token", token);
    browser.write();
  }
}

function another(name) {
  return `${name.slice(0, 20)}-${Math.floor(Math.random() * 90) + 10}`;
}

function sleep(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}
