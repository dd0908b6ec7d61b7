// What was said here and has no place in its room yet: shown at once, sent until it is known to be
// there. The server says a text once that is sent again with its ref.

import { tab } from "./memory.js";
import { key } from "./text.js";

export class Outbox {
  constructor(session) {
    this.session = session;
    this.items = tab.get("outbox", []); // they outlast a reload
  }

  get isAwaited() {
    return this.items.some((each) => each.isSent);
  }

  put(room, kind, text) {
    const { session } = this;
    const bytes = new TextEncoder().encode(JSON.stringify(text)).length;
    if (bytes > session.maxBytes) {
      session.addInfo(room, `Too long: ${bytes} bytes, of which ${session.maxBytes} can be sent`, "refused");
      return;
    }
    const ref = session.requests.newRef();
    const item = { ref, room: room.name, partner: room.partner, kind, text, after: room.last, isSent: false };
    this.items.push(item);
    this.show(room, item);
    if (session.isThere) this.send(item);
    else this.keep();
  }

  show(room, { ref, kind, text }) {
    const name = this.session.name;
    this.session.insert(room, { ref, kind, text, name, time: Date.now(), pending: true, isOwn: true });
  }

  send(item) {
    const { ref, kind, text, room, partner } = item;
    const fields = kind === "action" ? { kind } : {};
    item.isSent = this.session.send(partner ? { text, to: partner, ref } : { text, room, ref, ...fields }) || item.isSent;
    this.keep();
  }

  // The connection is back.
  sendAll() {
    const { session } = this;
    for (const item of [...this.items]) {
      const room = item.partner ? session.conversation(item.partner) : session.rooms.get(item.room);
      if (!room) continue;
      if (!room.byRef.has(item.ref)) this.show(room, item);
      if (item.isSent && item.partner) this.fail(item, room, "it may not have arrived");
      else if (!item.isSent || session.token || !this.hasArrived(room, item)) this.send(item);
    }
  }

  // Without a token, the server does not know this person again, nor their refs: it is looked for
  // among what was said since.
  hasArrived(room, item) {
    const said = room.entries.find(
      (each) => each.again && !each.isTaken && each.name === this.session.name && each.text === item.text
        && (!item.after || room.isAfter(each.place, item.after)),
    );
    if (!said) return false;
    said.isTaken = true;
    const shown = room.byRef.get(item.ref);
    this.finish(item);
    room.remove(shown);
    this.session.on.removed(room, shown);
    return true;
  }

  // True if `object` answers something that was said here.
  take(object) {
    const item = object.ref === undefined ? null : this.items.find((each) => each.ref === object.ref);
    if (!item) return false;
    const room = this.session.rooms.get(item.partner ? `@${key(item.partner)}` : item.room);
    if (object.kind === "ok") this.settle(item, room, object.place);
    else if (object.kind === "error") this.fail(item, room, object.text);
    else if (object.kind === "private") this.correct(item, room, object.to);
    else if (object.text && room) this.session.addInfo(room, object.text);
    return true;
  }

  settle(item, room, place) {
    this.finish(item);
    const entry = room?.byRef.get(item.ref);
    if (!entry) return;
    if (!place) return this.leave(room, entry);
    if (room.settle(entry, place)) this.session.on.changed(room, entry);
    else this.session.on.removed(room, entry); // it is there already, by way of history
    this.session.keepPlace(room);
  }

  fail(item, room, why) {
    this.finish(item);
    const entry = room?.byRef.get(item.ref);
    if (!entry) return;
    entry.failed = why;
    this.leave(room, entry);
  }

  // What gets no place stays where it is.
  leave(room, entry) {
    room.remove(entry);
    entry.pending = false;
    room.rankHere(entry);
    delete entry.ref;
    room.add(entry);
    this.session.on.changed(room, entry);
  }

  // For the server, the beginning of a name will do.
  correct(item, room, name) {
    if (!room || key(name) === key(item.partner)) return;
    item.partner = name;
    if (!this.session.rooms.has(`@${key(name)}`)) this.session.rename(room.partner, name);
  }

  finish(item) {
    const index = this.items.indexOf(item);
    if (index >= 0) this.items.splice(index, 1);
    this.keep();
    this.session.awaitOthers();
  }

  keep() {
    tab.set("outbox", this.items);
    tab.write();
  }
}
