// The page: it puts the session, the log, the lists and the field for typing together.

import { call, showTitle } from "./alerts.js";
import { Composer } from "./composer.js";
import { ask, away, menu, settings } from "./dialogs.js";
import { Directory } from "./directory.js";
import { Finder } from "./find.js";
import { invite } from "./invite.js";
import { awayText, showPeople, showRooms } from "./lists.js";
import { Log } from "./log.js";
import { browser, tab } from "./memory.js";
import { Session } from "./session.js";
import { element, fill, find, key, soon } from "./text.js";

const REFRESHING = 60000; // ms until it is asked anew who is away, for somebody who looks here again

const banner = find("banner");
let commands = [];
let drawing = new Set();
let refreshed = Date.now();

const session = new Session({
  state: showState,
  rooms: () => later("rooms"),
  room: showRoom,
  people: (room) => room === session.current && later("people"),
  added: (room, entry, isNew) => {
    if (room === session.current) log.update(room.isLoading);
    if (!isNew) return;
    later("rooms");
    const isSeen = room === session.current && document.hasFocus() && log.isAtEnd;
    if ((room.partner || entry.isMention) && !isSeen) call(room, entry, (each) => session.show(each));
  },
  changed: (room, entry) => room === session.current && log.changed(entry),
  removed: (room) => room === session.current && log.update(),
  prepended: (room) => room === session.current && log.update(),
  asks: (what, why) => ask(what, why, session.arrival.wanted || session.name, (...given) => session.start(...given)),
  told: (text) => showBanner(text),
});

const log = new Log(find("log"), find("jump"), {
  loadOlder: (room) => session.backlog.loadOlder(room),
  looked: (room) => session.look(room),
  mayDelete: () => session.isOperator,
  operate: (entry) => operate(entry.name, entry),
  open: (name) => personMenu(name),
  me: () => session.name,
});

const composer = new Composer(find("composer"), find("input"), find("choices"), {
  say: (text) => session.say(text),
  names: () => [...(session.current?.people.keys() ?? [])].filter((name) => key(name) !== key(session.name)),
  commands: () => commands.filter((each) => session.isOperator || !each.operators),
});

const finder = new Finder(session, log);
const directory = new Directory(session);

// What has changed is shown once for each frame, however much it is.
function later(what) {
  if (!drawing.size) soon(draw);
  drawing.add(what);
}

function draw() {
  const what = drawing;
  drawing = new Set();
  if (what.has("rooms")) {
    showRooms(session, { show, leave: (room) => session.attempt(`/leave ${room.label}`, session.leave(room)) });
    const { unread, mentions } = showTitle(session);
    find("left-count").hidden = !unread;
    find("left-count").textContent = String(unread);
    find("left-count").classList.toggle("loud", mentions > 0);
    find("show-left").setAttribute("aria-label", unread ? `Rooms: ${unread} unread` : "Rooms");
    find("me").replaceChildren("You are ", element("bdi", "", session.name || "nobody yet"));
    find("state").textContent = session.away === null ? "here" : awayText(session.away);
    find("show-away").classList.toggle("away", session.away !== null);
  }
  if (what.has("people") && session.current) showPeople(session, { person: personMenu });
}

function show(room) {
  session.show(room);
  focusInput();
}

// A phone would bring its keyboard up.
function focusInput() {
  if (matchMedia("(hover: hover)").matches) find("input").focus();
}

function showRoom(room, isTopicAlone = false) {
  find("room").textContent = room.label;
  find("topic").replaceChildren();
  fill(find("topic"), room.topic);
  find("topic").title = room.topic;
  if (isTopicAlone) return;
  closeDrawers();
  if (directory.dialog.open) {
    directory.dialog.close();
    focusInput();
  }
  find("find-person").value = "";
  find("log").setAttribute("aria-label", `Messages in ${room.label}`);
  log.show(room, browser.get("seen", {})[room.name] ?? "");
  composer.show(room);
  later("people");
}

function showState(state, why) {
  document.body.dataset.state = state;
  if (state === "open") {
    hideBanner();
    later("rooms");
  } else if (state === "slow") showBanner("The server does not answer. What you write is sent as soon as it does.");
  else if (state === "waiting") {
    const reason = navigator.onLine ? why || "The connection is lost" : "You are offline";
    showBanner(`${reason}. What you write is sent when the connection is back.`, "Try now", () => session.start());
  } else if (state === "taken over") {
    showBanner("This chat goes on in another tab or window.", "Use here", () => session.start());
  } else if (state === "stopped" && why) showBanner(`${why}.`, "Connect", () => session.start());
}

function showBanner(text, label = "", act = null) {
  banner.replaceChildren(element("span", "", text.replace(/[.!]\.$/, ".")));
  if (label) {
    const button = element("button", "", label);
    button.type = "button";
    button.onclick = act;
    banner.append(button);
  }
  banner.hidden = false;
}

function hideBanner() {
  banner.hidden = true;
}

function personMenu(name) {
  if (key(name) === key(session.name)) return settings(session, forget);
  const choices = [
    ["Write to them alone", () => show(session.conversation(name))],
    ["Mention them", () => composer.insert(`${name}: `)],
    ["Who is that?", () => session.say(`/whois ${name}`)],
    ["Ignore them", () => session.say(`/ignore ${name}`)],
  ];
  if (session.isOperator) {
    choices.push(["Mute them for 10 minutes", () => session.say(`/mute ${name} 10m`)]);
    choices.push(["Disconnect them", () => session.say(`/kick ${name}`)]);
  }
  menu(name, choices);
}

function operate(name, entry) {
  const place = `#${session.current.name}/${entry.place.split("-").pop()}`;
  menu(`${name}: ${entry.text.slice(0, 60)}`, [
    ["Delete this message", () => session.say(`/delete ${place}`)],
    ["Mute them for 10 minutes", () => session.say(`/mute ${name} 10m`)],
    ["Disconnect them", () => session.say(`/kick ${name}`)],
  ]);
}

function forget() {
  session.connection.stop("stopped", "");
  for (const field of ["token", "name", "rooms", "places", "seen", "current", "drafts"]) browser.set(field, undefined);
  tab.set("outbox", []);
  browser.write();
  tab.write();
  location.assign(location.pathname);
}

function closeDrawers() {
  for (const side of ["left", "right"]) toggle(side, false);
}

function toggle(side, isOpen) {
  find(side).classList.toggle("open", isOpen);
  find(`show-${side}`).setAttribute("aria-expanded", String(isOpen));
}

for (const side of ["left", "right"]) {
  find(`show-${side}`).onclick = () => {
    toggle(side, !find(side).classList.contains("open"));
    find(side).querySelector("li button")?.focus();
  };
}
document.querySelector("main").addEventListener("click", closeDrawers);
find("show-settings").onclick = () => settings(session, forget);
find("show-away").onclick = () => away(session);
find("show-invite").onclick = () => session.attempt("/invite", invite(session));
find("show-find").onclick = () => finder.open();
addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeDrawers();
    finder.close();
  } else if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    finder.open();
  } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    const rooms = [...session.rooms.values()];
    const index = rooms.indexOf(session.current) + (event.key === "ArrowUp" ? -1 : 1);
    show(rooms[(index + rooms.length) % rooms.length]);
  }
});
find("find-person").oninput = () => later("people");
addEventListener("focus", () => {
  if (log.room) log.scrolled();
  if (Date.now() - refreshed < REFRESHING) return;
  refreshed = Date.now();
  session.refresh();
});

fetch("/web/commands.json")
  .then((answer) => answer.json())
  .then((table) => (commands = table))
  .catch(() => {});

if (session.token || session.name) {
  session.arrival.expectRooms();
  session.start();
} else ask("name", "", "", (...given) => session.start(...given));
