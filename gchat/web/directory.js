// The rooms that there are: to look for one and join it, or to open a new one.

import { Choices } from "./choices.js";
import { ignoreLost } from "./requests.js";
import { element, key } from "./text.js";

const PAUSE = 250; // ms after a key until the server is asked: it lists only the largest rooms

const find = (id) => document.getElementById(id);

export class Directory {
  constructor(session) {
    this.session = session;
    this.dialog = find("directory");
    this.input = find("join-name");
    this.choices = new Choices(this.input, find("open-rooms"), (index) => this.join(this.found[index].room));
    this.listed = []; // what the server has listed
    this.listedFor = null; // for this text; null before it has answered
    this.found = []; // what is offered
    this.timer = 0;
    find("show-directory").onclick = () => this.open();
    find("close-directory").onclick = () => this.dialog.close();
    find("directory-form").onsubmit = (event) => {
      event.preventDefault();
      if (this.choices.isOpen) this.join(this.found[this.choices.chosen].room);
    };
    this.input.oninput = () => {
      this.tell("");
      this.show();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.load(), PAUSE);
    };
    this.input.addEventListener("keydown", (event) => this.choices.pressed(event));
  }

  get wanted() {
    return key(this.input.value.trim().replace(/^#/, "")).replaceAll(/\s+/g, "-"); // names have no spaces
  }

  open() {
    this.input.value = "";
    this.listed = [];
    this.listedFor = null;
    this.tell("");
    this.show();
    this.dialog.showModal();
    this.input.focus();
    this.load();
  }

  async load() {
    const { wanted } = this;
    try {
      const { objects } = await this.session.ask({ command: `/rooms ${wanted}` });
      if (wanted !== this.wanted) return; // something else is typed by now
      const answer = objects.find((each) => each.answer === "rooms");
      this.listed = answer?.rooms ?? [];
      this.listedFor = wanted;
      this.show();
      const more = answer ? answer.total - this.listed.length : 0;
      if (more > 0) this.tell(`${more} more: type a part of the name`);
    } catch (error) {
      ignoreLost(error);
      this.tell("The connection is lost; try again");
    }
  }

  // What is typed comes first, whether there is such a room or not: Enter joins it.
  show() {
    const { wanted, listed } = this;
    const isJoined = ({ room }) => this.session.rooms.has(room);
    this.found = listed.filter(({ room }) => room.includes(wanted) && room !== wanted);
    this.found.sort((one, other) => isJoined(one) - isJoined(other));
    if (wanted) this.found.unshift(listed.find(({ room }) => room === wanted) ?? { room: wanted });
    this.choices.offer(this.found.map((each) => this.nodesOf(each)));
  }

  nodesOf({ room, people, topic }) {
    const marks = [];
    if (people !== undefined) marks.push(people ? `${people} here` : "empty");
    else if (this.listedFor === room) marks.push("new room");
    if (this.session.rooms.has(room)) marks.push("joined");
    const about = element("span", "topic", topic);
    about.dir = "auto";
    return [element("bdi", "label", `#${room}`), " ", element("span", "marks", marks.join(", ")), " ", about];
  }

  // The dialog closes when the room is shown.
  join(name) {
    clearTimeout(this.timer);
    this.session
      .join(name, (why) => this.tell(why))
      .catch((error) => {
        ignoreLost(error);
        this.tell("The connection is lost; try again");
      });
  }

  tell(text) {
    find("directory-told").textContent = text;
  }
}
