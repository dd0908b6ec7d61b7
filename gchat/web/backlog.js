// Who is in a room, and what was said there before.

import { ignoreLost } from "./requests.js";
import { idOf } from "./rooms.js";

const PAGE = 100; // messages that are asked for at a time, when one scrolls back
const MOST_AT_ONCE = 500; // if these are all deleted, that is the beginning
const PAGES = 10; // of so many each, for a gap that is filled at once

export class Backlog {
  constructor(session) {
    this.session = session;
  }

  // After coming, or coming back: with a token, what is missing comes by itself.
  async catchUp(room, isBack) {
    const isMissing = !isBack || !room.hasHistory || room.isGap;
    await Promise.all([this.listPeople(room), isMissing && this.fillUp(room)]);
  }

  // Have what is missing in a room.
  async fillUp(room) {
    room.isLoading = true;
    try {
      await this.askBack(room);
    } finally {
      room.isLoading = false;
      this.session.on.prepended(room);
    }
  }

  // Ask for what was said last, and on from there until nothing is missing before it.
  async askBack(room) {
    const known = (room.known ??= room.hasHistory ? room.last : ""); // something is missing behind that
    let { first, count } = await this.history(room, PAGE);
    if (!known) room.isWhole = count === 0;
    for (let page = 0; known && count && room.isAfter(first, known) && page < PAGES; page++) {
      ({ first, count } = await this.history(room, MOST_AT_ONCE, idOf(first)));
    }
    room.known = null;
    room.isGap = false;
    room.hasHistory = true;
  }

  async listPeople(room) {
    const { objects } = await this.session.ask({ command: "/who", room: room.name });
    const listed = objects.filter((each) => each.answer === "who");
    if (!listed.length) return;
    room.people.clear();
    for (const each of listed) for (const person of each.people) room.people.set(person.name, person);
    this.session.on.people(room);
  }

  // Have `count` messages before the id `before` be put into a room, or the last ones; returns the
  // place of the first, and how many there were.
  async history(room, count, before = "") {
    const command = `/history ${count} ${before}`.trim();
    const { objects } = await this.session.ask({ command, room: room.name });
    const messages = objects.filter((each) => each.again);
    for (const each of messages) this.session.addMessage(room, each);
    return { first: messages[0]?.place, count: messages.length };
  }

  async loadOlder(room, count = PAGE) {
    const { oldest } = room;
    if (room.partner || room.isWhole || room.isLoading || !this.session.isThere || !oldest) return;
    room.isLoading = true;
    try {
      const before = idOf(oldest.place);
      let found = await this.history(room, count, before);
      if (!found.count) found = await this.history(room, MOST_AT_ONCE, before);
      room.isWhole = found.count === 0;
    } catch (error) {
      ignoreLost(error);
    } finally {
      room.isLoading = false;
      this.session.on.prepended(room);
    }
  }
}
