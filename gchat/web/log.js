// The messages of the room that is shown: a window on its entries, brought up to date once a frame.

import { clock, day, element, fill, full, nameNode, soon } from "./text.js";

const MOST = 280; // entries in the page at a time: some 2,000 nodes
const STEP = 80; // how many are put in at a time
const NEAR = 800; // pixels from the edge at which more is put in
const SAME = 300000; // ms within which lines of one person stand together

export class Log {
  // `on` has loadOlder(room), looked(room), open(name), isMe(word), mayDelete() and operate(entry).
  constructor(node, jump, on) {
    this.node = node; // which scrolls
    this.lines = node.firstElementChild;
    this.jump = jump;
    this.on = on;
    this.room = null;
    this.first = null; // the first entry that is in the page
    this.last = null; // and the last one, if others follow that are not; else null
    this.isAtEnd = true; // the end is in sight, and is to stay so
    this.seen = "";
    this.isDue = false;
    node.addEventListener("scroll", () => this.scrolled(), { passive: true });
    jump.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.isAtEnd && this.stick()).observe(node);
  }

  // Show `room`; the line "new" stands behind the place `seen`.
  show(room, seen) {
    this.room = room;
    this.seen = seen;
    this.isAtEnd = true;
    this.first = this.last = null;
    this.node.setAttribute("aria-live", "off"); // what was said before is not read out
    this.clear();
    this.sync();
    const { scrollHeight, clientHeight } = this.node;
    const top = this.node.querySelector(".new")?.closest(".entry").offsetTop;
    if (scrollHeight - top > clientHeight) {
      this.isAtEnd = false;
      this.node.scrollTop = top - 40;
    }
    this.scrolled();
    setTimeout(() => this.node.setAttribute("aria-live", this.room.isLoading ? "off" : "polite"), 500);
  }

  // Forget all nodes: of what is not in the page there are none.
  clear() {
    for (const child of [...this.lines.children]) drop(child);
  }

  toEnd() {
    this.isAtEnd = true;
    this.first = this.last = null;
    this.sync();
    this.scrolled();
  }

  stick() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  // The entries have changed.
  update(isLoading = false) {
    if (isLoading) this.node.setAttribute("aria-live", "off");
    if (this.isDue) return;
    this.isDue = true;
    soon(() => {
      this.isDue = false;
      this.sync();
      this.scrolled();
      if (!this.room.isLoading) this.node.setAttribute("aria-live", "polite");
    });
  }

  // `entry` looks different now.
  changed(entry) {
    entry.node?.remove();
    entry.node = null;
    this.update();
  }

  // Have the page show what is in the window, and move nothing that is in sight.
  sync() {
    const [begin, end] = this.window();
    const { entries } = this.room;
    const anchor = this.isAtEnd ? null : this.anchor();
    const top = anchor?.offsetTop;
    let child = this.lines.firstElementChild;
    let before = false; // the entry before was put in just now
    for (let index = begin; index < end; index++) {
      const node = (entries[index].node ??= this.nodeOf(entries[index]));
      const isNew = node !== child;
      if (isNew) this.lines.insertBefore(node, child);
      else child = child.nextElementSibling;
      if (isNew || before || index === begin) this.decorate(entries[index], entries[index - 1]);
      before = isNew;
    }
    while (child) {
      const next = child.nextElementSibling;
      drop(child);
      child = next;
    }
    if (this.isAtEnd) this.stick();
    else if (anchor?.isConnected) this.node.scrollTop += anchor.offsetTop - top;
    this.node.classList.toggle("whole", this.room.isWhole && begin === 0);
  }

  // The indices of the entries that are to be in the page.
  window() {
    const { entries } = this.room;
    let end = this.last ? entries.indexOf(this.last) + 1 || entries.length : entries.length;
    let begin = this.first ? entries.indexOf(this.first) : -1;
    if (begin < 0) begin = Math.max(0, end - STEP);
    if (this.isAtEnd) {
      const shown = entries.lastIndexOf(this.lines.lastElementChild?.entry);
      if (end - shown > 2 * STEP) begin = Math.max(begin, end - 2 * STEP); // a flood, of which nobody reads more
    }
    if (end - begin > MOST + STEP) {
      if (this.isAtEnd) begin = end - MOST;
      else end = begin + MOST;
    }
    this.first = entries[begin] ?? null;
    this.last = end < entries.length ? entries[end - 1] : null;
    return [begin, end];
  }

  // The first node that is in sight.
  anchor() {
    const nodes = this.lines.children;
    let [low, high] = [0, nodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (nodes[middle].offsetTop + nodes[middle].offsetHeight <= this.node.scrollTop) low = middle + 1;
      else high = middle;
    }
    return nodes[low];
  }

  scrolled() {
    if (!this.room) return;
    const { scrollTop, scrollHeight, clientHeight } = this.node;
    const left = scrollHeight - scrollTop - clientHeight;
    this.isAtEnd = !this.last && left < 30;
    if (scrollTop < NEAR) this.growUp();
    if (left < NEAR && this.last) this.growDown();
    if (this.isAtEnd && document.hasFocus()) this.on.looked(this.room);
    this.jump.hidden = !this.last && left < clientHeight / 2;
  }

  growUp() {
    const { entries } = this.room;
    const begin = this.first ? entries.indexOf(this.first) : 0;
    if (begin <= 0) {
      this.on.loadOlder(this.room);
      return;
    }
    this.first = entries[Math.max(0, begin - STEP)];
    const wasAtEnd = this.isAtEnd;
    this.isAtEnd = false;
    this.sync();
    this.isAtEnd = wasAtEnd && !this.last;
    if (this.isAtEnd) this.stick();
    if (this.node.scrollHeight <= this.node.clientHeight) this.scrolled();
  }

  growDown() {
    const { entries } = this.room;
    const end = Math.min(entries.length, entries.indexOf(this.last) + 1 + STEP);
    const begin = Math.max(entries.indexOf(this.first), end - MOST);
    this.first = entries[begin];
    this.last = end < entries.length ? entries[end - 1] : null;
    this.sync();
  }

  // Go to a message that is in the room, and show which one it is.
  goTo(entry) {
    const { entries } = this.room;
    const index = entries.indexOf(entry);
    const end = Math.min(entries.length, index + STEP);
    this.isAtEnd = false;
    this.first = entries[Math.max(0, index - STEP)];
    this.last = end < entries.length ? entries[end - 1] : null;
    this.sync();
    entry.node.scrollIntoView({ block: "center" });
    entry.node.classList.add("found");
    setTimeout(() => entry.node?.classList.remove("found"), 3000);
  }

  // What stands between a line and the one before it: a day, "new"; and whether they go together.
  decorate(entry, before) {
    const { node } = entry;
    for (const old of node.querySelectorAll(".day, .new")) old.remove();
    const isUnseen = (each) => each?.place && this.seen && this.room.isAfter(each.place, this.seen);
    const isNew = isUnseen(entry) && !entry.isOwn && !isUnseen(before);
    const isOtherDay = !before || day(before.time) !== day(entry.time);
    if (isNew) node.prepend(separator("new", "New since you looked"));
    if (isOtherDay) node.prepend(separator("day", day(entry.time)));
    const isSame = before?.kind === "say" && entry.kind === "say" && before.name === entry.name
      && !isNew && !isOtherDay && entry.time - before.time < SAME;
    node.classList.toggle("same", isSame);
  }

  nodeOf(entry) {
    const node = element("div", `entry ${entry.event ? "notice" : entry.kind}`);
    node.entry = entry;
    const line = element("p", "line");
    const time = element("time", "", clock(entry.time));
    time.dateTime = new Date(entry.time).toISOString();
    time.title = full(entry.time);
    const text = element("span", "text");
    text.dir = "auto";
    const body = element("span", "body");
    line.append(time, " ", body);
    if (entry.kind === "say" || entry.kind === "action") this.fillSaid(entry, node, body, text);
    else {
      text.dir = "ltr"; // the server's sentences, in whatever direction names are written
      if (entry.text.includes("\n")) text.classList.add("table");
      body.append(fill(text, entry.text));
    }
    node.append(line);
    return node;
  }

  fillSaid(entry, node, body, text) {
    const name = nameNode(entry.name);
    name.addEventListener("click", () => this.on.open(entry.name));
    if (entry.kind === "action") body.append("* ", name, " ", text);
    else body.append(name, element("span", "colon", ": "), text);
    if (entry.deletedBy) text.append(element("em", "", `deleted by ${entry.deletedBy}`));
    else fill(text, entry.text, entry.isOwn ? undefined : this.on.isMe);
    node.classList.toggle("own", Boolean(entry.isOwn));
    node.classList.toggle("pending", Boolean(entry.pending));
    node.classList.toggle("mention", Boolean(entry.isMention));
    node.classList.toggle("failed", Boolean(entry.failed));
    if (entry.pending) body.append(" ", element("span", "state", "sending…"));
    if (entry.failed) body.append(" ", element("span", "state", `Not sent: ${entry.failed}`));
    if (!this.on.mayDelete() || !entry.place || entry.deletedBy) return;
    const button = element("button", "act", "⋯");
    button.type = "button";
    button.setAttribute("aria-label", `What to do with this message of ${entry.name}`);
    button.onclick = () => this.on.operate(entry);
    body.append(button);
  }
}

function drop(node) {
  node.remove();
  if (node.entry.node === node) node.entry.node = null;
}

function separator(kind, text) {
  const made = element("p", kind, text);
  made.setAttribute("role", "separator");
  return made;
}
