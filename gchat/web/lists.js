// The rooms on one side, the people in the room on the other.

import { colour, element, key } from "./text.js";

const NAMES = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const MOST = 500; // people that are listed

export function showRooms(node, session, on) {
  const buttons = [];
  for (const room of session.rooms.values()) {
    const item = element("li");
    const button = element("button", room === session.current ? "room current" : "room");
    button.type = "button";
    button.append(element("span", "label", ""));
    button.firstChild.append(element("bdi", "", room.label));
    if (room === session.current) button.setAttribute("aria-current", "true");
    if (room.unread) {
      const count = element("span", room.mentions ? "count loud" : "count", String(room.unread));
      const what = room.mentions ? ` unread, ${room.mentions} for you` : " unread";
      count.append(element("span", "aside", what));
      button.append(count);
      button.classList.add("unread");
    }
    button.addEventListener("click", () => on.show(room));
    item.append(button);
    const close = element("button", "close", "×");
    close.type = "button";
    close.title = room.partner ? "Close this conversation" : "Leave this room";
    close.setAttribute("aria-label", `${close.title}: ${room.label}`);
    close.addEventListener("click", () => on.leave(room));
    if (room.partner || [...session.rooms.values()].filter((each) => !each.partner).length > 1) item.append(close);
    buttons.push(item);
  }
  const focused = document.activeElement?.closest?.("#rooms li");
  const index = focused ? [...node.children].indexOf(focused) : -1;
  node.replaceChildren(...buttons);
  if (index >= 0) buttons[Math.min(index, buttons.length - 1)].firstChild.focus();
}

export function showPeople(node, title, room, session, on) {
  const people = [...room.people.values()].sort(
    (one, other) => one.program - other.program || NAMES.compare(one.name, other.name),
  );
  title.textContent = room.partner ? `Only you and ${room.partner}` : `${people.length} here`;
  const known = new Map([...node.children].map((item) => [item.marked, item]));
  const items = people.slice(0, MOST).map((person) => {
    const marked = JSON.stringify([person, key(person.name) === key(session.name)]);
    if (known.has(marked)) return known.get(marked); // nearly all
    const item = element("li");
    item.marked = marked;
    const button = element("button", `person ${colour(person.name)}`);
    button.type = "button";
    button.append(element("bdi", "", person.name));
    const marks = [];
    if (key(person.name) === key(session.name)) marks.push("you");
    if (person.operator) marks.push("operator");
    if (person.program) marks.push("program");
    if (person.away !== null) marks.push(person.away ? `away: ${person.away}` : "away");
    if (marks.length) button.append(" ", element("span", "marks", marks.join(", ")));
    button.addEventListener("click", (event) => on.person(event, person.name));
    item.append(button);
    return item;
  });
  if (people.length > MOST) items.push(element("li", "more", `and ${people.length - MOST} others`));
  node.replaceChildren(...items);
}
