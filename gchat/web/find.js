// Finding messages: the server searches, a result leads to its place in the room.

import { clock, day, element, find, nameNode } from "./text.js";
import { idOf } from "./rooms.js";

const FAR = 3000; // messages that are loaded at most to get to one in its room

export class Finder {
  constructor(session, log) {
    this.session = session;
    this.log = log;
    find("find-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.search(find("find-text").value.trim()).catch(() => this.tell("The connection is lost; try again"));
    });
    find("find-close").onclick = () => this.close();
  }

  open() {
    find("find").hidden = false;
    find("find-text").focus();
    find("find-text").select();
  }

  close() {
    if (find("find").hidden) return;
    find("find").hidden = true;
    find("input").focus();
  }

  tell(text) {
    find("find-told").textContent = text;
  }

  async search(text) {
    if (!text) return;
    this.tell("Searching…");
    find("found").replaceChildren();
    const { objects, end } = await this.session.ask({ command: `/find ${text}` });
    const found = objects.filter((each) => each.again).reverse();
    const told = objects.filter((each) => each.kind === "answer").map((each) => each.text);
    this.tell(end.kind === "error" ? end.text : told.join(" ").replace(/:$/, ""));
    find("found").replaceChildren(...found.map((each) => this.itemFor(each)));
  }

  itemFor(message) {
    const item = element("li");
    const button = element("button");
    button.type = "button";
    const time = Date.parse(message.time);
    const about = element("span", "about", `#${message.room} · ${day(time)} ${clock(time)}\n`);
    const text = element("span", "", message.text);
    text.dir = "auto";
    button.append(about, nameNode(message.name), ": ", text);
    button.onclick = () => this.goTo(message).catch(() => this.tell("The connection is lost; try again"));
    item.append(button);
    return item;
  }

  async goTo(message) {
    const { session, log } = this;
    if (!session.rooms.has(message.room)) await session.join(message.room);
    const room = session.rooms.get(message.room);
    if (!room) return;
    if (room !== session.current) session.show(room);
    const wanted = idOf(message.place);
    while (!room.byPlace.has(message.place) && !room.isWhole && room.oldest && idOf(room.oldest.place) - wanted < FAR) {
      const before = room.oldest;
      await session.backlog.loadOlder(room, 500);
      if (room.oldest === before) break;
    }
    const entry = room.byPlace.get(message.place);
    if (!entry) return this.tell(`That is too far back to show it in the room: /around #${message.room}/${wanted}`);
    if (matchMedia("(max-width: 760px)").matches) this.close();
    log.goTo(entry);
  }
}
