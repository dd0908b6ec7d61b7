// The rooms on one side, the people in the room on the other.

import { newPerson } from "./rooms.js";
import { colour, element, find, key } from "./text.js";

const NAMES = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const MOST = 200; // people that are listed
const MANY = 30; // people among whom one is looked for

export function showRooms(session, on) {
  const rooms = [...session.rooms.values()];
  const count = rooms.filter((room) => !room.partner).length;
  const looks = rooms.map((room) => ({
    name: room.name,
    label: room.label,
    isCurrent: room === session.current,
    unread: room.unread,
    mentions: room.mentions,
    leaving: room.partner ? "Close this conversation" : count > 1 ? "Leave this room" : "",
  }));
  const list = find("rooms");
  const before = list.querySelector(".current");
  show(list, looks, (look) => roomItem(look, session, on));
  const current = list.querySelector(".current");
  if (current !== before) current?.scrollIntoView({ block: "nearest" });
}

function roomItem({ name, label, isCurrent, unread, mentions, leaving }, session, on) {
  const item = element("li");
  const button = addButton(item, isCurrent ? "room current" : "room", () => on.show(session.rooms.get(name)));
  const shown = element("span", "label");
  shown.append(element("bdi", "", label));
  button.append(shown);
  if (isCurrent) button.setAttribute("aria-current", "true");
  if (unread) {
    const count = element("span", mentions ? "count loud" : "count", String(unread));
    count.append(element("span", "aside", mentions ? ` unread, ${mentions} for you` : " unread"));
    button.append(count);
    button.classList.add("unread");
  }
  if (leaving) {
    const close = addButton(item, "close", () => on.leave(session.rooms.get(name)));
    close.textContent = "×";
    close.title = leaving;
    close.setAttribute("aria-label", `${leaving}: ${label}`);
  }
  return item;
}

export function showPeople(session, on) {
  const { partner } = session.current;
  const people = partner ? new Map([[partner, newPerson(partner)]]) : session.current.people;
  find("people-title").textContent = partner ? `Only you and ${partner}` : `${people.size} here`;
  find("find-person").hidden = people.size < MANY;
  const wanted = people.size < MANY ? "" : key(find("find-person").value.trim());
  const found = [...people.values()].filter(({ name }) => key(name).includes(wanted));
  found.sort((one, other) => one.program - other.program || NAMES.compare(one.name, other.name));
  const looks = found.slice(0, MOST).map((each) => ({ ...each, isYou: key(each.name) === key(session.name) }));
  show(find("people"), looks, (look) => personItem(look, on));
  const more = found.length - looks.length;
  find("people-more").textContent = more ? `and ${more} others` : wanted && !found.length ? "Nobody here is called so" : "";
}

function personItem({ name, isYou, operator, program, away }, on) {
  const item = element("li");
  const button = addButton(item, "person", () => on.person(name));
  button.append(element("bdi", colour(name), name));
  const marks = [];
  if (isYou) marks.push("you");
  if (operator) marks.push("operator");
  if (program) marks.push("program");
  if (away !== null) marks.push(awayText(away));
  if (marks.length) button.append(" ", element("span", "marks", marks.join(", ")));
  if (away === null) return item;
  button.classList.add("away");
  button.title = awayText(away);
  return item;
}

export function awayText(away) {
  return away ? `away: ${away}` : "away";
}

function addButton(item, kind, act) {
  const button = element("button", kind);
  button.type = "button";
  button.onclick = act;
  item.append(button);
  return button;
}

// Have `list` show these `looks`, each by the item that `make` makes of it. An item that looks as
// before stays where it is, and keeps the focus.
function show(list, looks, make) {
  const texts = looks.map((look) => JSON.stringify(look));
  const wanted = new Set(texts);
  const focused = list.contains(document.activeElement) ? document.activeElement.closest("li") : null;
  const index = focused ? [...list.children].indexOf(focused) : -1;
  const known = new Map();
  for (const item of [...list.children]) {
    if (wanted.has(item.look)) known.set(item.look, item);
    else item.remove();
  }
  let next = list.firstElementChild;
  for (const [at, text] of texts.entries()) {
    const item = known.get(text) ?? make(looks[at]);
    item.look = text;
    if (item === next) next = next.nextElementSibling;
    else list.insertBefore(item, next);
  }
  if (focused && !list.contains(document.activeElement)) {
    list.children[Math.min(index, texts.length - 1)]?.firstElementChild.focus();
  }
}
