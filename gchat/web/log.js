// The messages of the room that is shown: a window on its entries, brought up to date once a frame.

import { clock, day, element, fill, full, nameNode, soon } from "./text.js";

const MOST = 200; // entries in the page at a time, if the screen is not huge: some 1,300 nodes
const LEAST = 12; // pixels of height for one entry of these
const STEP = 40; // how many are put in with one frame
const NEAR = 600; // pixels from the edge at which more is put in
const BEFORE = 8; // entries above the first unseen one that are shown with it
const SAME = 300000; // ms within which lines of one person stand together
const NAMED = /^\S{1,40}:/; // without a name before it, a line such as "bob: yes" would look like Bob's

export class Log {
  // `on` has loadOlder(room), looked(room), open(name), me(), mayDelete() and operate(entry).
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
    this.most = MOST;
    this.height = 0;
    node.addEventListener("scroll", () => this.scrolled(), { passive: true });
    node.addEventListener("click", ({ target }) => this.clicked(target));
    node.addEventListener("mouseover", ({ target }) => {
      if (target.dateTime) target.title ||= full(new Date(target.dateTime));
    });
    jump.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.isAtEnd && this.stick()).observe(node);
  }

  // Show `room`; the line "new" stands behind the place `seen`.
  show(room, seen) {
    this.room = room;
    this.seen = seen;
    this.first = this.last = null;
    this.node.setAttribute("aria-live", "off"); // what was said before is not read out
    this.clear();
    const unseen = this.firstUnseen();
    this.isAtEnd = unseen === room.entries.length;
    if (!this.isAtEnd) this.setWindow(Math.max(0, unseen - BEFORE), unseen + STEP);
    this.sync();
    if (!this.isAtEnd) this.node.scrollTop = room.entries[unseen].node.offsetTop - 40;
    this.scrolled();
    setTimeout(() => this.node.setAttribute("aria-live", this.room.isLoading ? "off" : "polite"), 500);
  }

  // Where what has not been seen yet begins.
  firstUnseen() {
    const { entries } = this.room;
    let index = entries.length;
    if (this.seen) while (index > 0 && !this.isSeen(entries[index - 1])) index--;
    return index;
  }

  isSeen({ place }) {
    return place && !this.room.isAfter(place, this.seen);
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

  // The entries have changed, or the window.
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
      if (isNew || before || index === begin) this.decorate(index);
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

  // The indices of the entries that are to be in the page. Of a flood, it is the last ones for
  // somebody at the end, who reads no more of it; others get to it step by step.
  window() {
    const { entries } = this.room;
    let end = this.last ? entries.indexOf(this.last) + 1 || entries.length : entries.length;
    let begin = this.first ? entries.indexOf(this.first) : -1;
    if (begin < 0) begin = Math.max(0, end - STEP);
    const shown = entries.lastIndexOf(this.lines.lastElementChild?.entry) + 1;
    if (this.isAtEnd) begin = Math.max(begin, end - (end - shown > STEP ? STEP : this.most));
    else if (shown) end = Math.min(end, shown + STEP, begin + this.most);
    return this.setWindow(begin, end);
  }

  setWindow(begin, end) {
    const { entries } = this.room;
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
    const { clientHeight } = this.node;
    if (this.isAtEnd && clientHeight !== this.height) this.stick(); // there is a banner, say: nobody has scrolled
    this.height = clientHeight;
    const { scrollTop, scrollHeight } = this.node;
    const left = scrollHeight - scrollTop - clientHeight;
    this.most = Math.max(MOST, Math.ceil(clientHeight / LEAST));
    this.isAtEnd = !this.last && left < 30;
    if (scrollTop < NEAR) this.growUp();
    else if (left < NEAR && this.last) this.growDown();
    if (this.isAtEnd && document.hasFocus()) this.on.looked(this.room);
    this.jump.hidden = !this.last && left < clientHeight / 2;
  }

  // Have the next frame show more.
  growUp() {
    const { entries } = this.room;
    const begin = this.first ? entries.indexOf(this.first) : 0;
    if (begin < STEP) this.on.loadOlder(this.room);
    if (begin <= 0) return;
    const end = this.last ? entries.indexOf(this.last) + 1 : entries.length;
    const most = this.isAtEnd ? Infinity : this.most; // the end stays in sight, however much has come since
    this.setWindow(Math.max(0, begin - STEP), Math.min(end, begin - STEP + most));
    this.update();
  }

  growDown() {
    const { entries } = this.room;
    const end = Math.min(entries.length, entries.indexOf(this.last) + 1 + STEP);
    this.setWindow(Math.max(entries.indexOf(this.first), end - this.most), end);
    this.update();
  }

  // Go to a message that is in the room, and show which one it is.
  goTo(entry) {
    const { entries } = this.room;
    const index = entries.indexOf(entry);
    this.isAtEnd = false;
    this.clear();
    this.setWindow(Math.max(0, index - STEP), index + STEP);
    this.sync();
    entry.node.scrollIntoView({ block: "center" });
    entry.node.classList.add("found");
    setTimeout(() => entry.node?.classList.remove("found"), 3000);
  }

  // What stands between a line and the one before it: a day, "new"; and whether they go together.
  decorate(index) {
    const [before, entry] = [this.room.entries[index - 1], this.room.entries[index]];
    const { node } = entry;
    for (const old of node.querySelectorAll(".day, .new")) old.remove();
    const isNew = this.isFirstNew(index);
    const isOtherDay = !before || day(before.time) !== day(entry.time);
    if (isNew) node.prepend(separator("new", "New since you looked"));
    if (isOtherDay) node.prepend(separator("day", day(entry.time)));
    const isSame = before?.kind === "say" && entry.kind === "say" && before.name === entry.name
      && !isNew && !isOtherDay && entry.time - before.time < SAME && !NAMED.test(entry.text);
    node.classList.toggle("same", isSame);
  }

  // Whether this was said by others, and is the first of what was said and has not been seen.
  isFirstNew(index) {
    const { entries } = this.room;
    const { place, isOwn } = entries[index];
    if (!this.seen || !place || isOwn || !isSaid(entries[index]) || this.isSeen(entries[index])) return false;
    for (let at = index - 1; at >= 0 && !this.isSeen(entries[at]); at--) if (isSaid(entries[at])) return false;
    return true;
  }

  nodeOf(entry) {
    const node = element("div", `entry ${entry.event ? "notice" : entry.kind}`);
    node.entry = entry;
    const line = element("p", "line");
    const time = element("time", "", `${clock(entry.time)} `);
    time.dateTime = new Date(entry.time).toISOString();
    const text = element("span", "text");
    text.dir = "auto";
    line.append(time);
    if (isSaid(entry)) this.fillSaid(entry, node, line, text);
    else {
      text.dir = "ltr"; // the server's sentences, in whatever direction names are written
      if (entry.text.includes("\n")) text.classList.add("table");
      line.append(fill(text, entry.text));
    }
    node.append(line);
    return node;
  }

  fillSaid(entry, node, line, text) {
    if (entry.kind === "action") line.append("* ", nameNode(entry.name), " ", text);
    else line.append(nameNode(entry.name), element("span", "colon", ": "), text);
    if (entry.deletedBy) text.append(element("em", "", `deleted by ${entry.deletedBy}`));
    else fill(text, entry.text, entry.isOwn ? "" : this.on.me());
    node.classList.toggle("own", Boolean(entry.isOwn));
    node.classList.toggle("pending", Boolean(entry.pending));
    node.classList.toggle("mention", Boolean(entry.isMention));
    node.classList.toggle("failed", Boolean(entry.failed));
    if (entry.pending) line.append(" ", element("span", "state", "sending…"));
    if (entry.failed) line.append(" ", element("span", "state", `Not sent: ${entry.failed}`));
    if (!this.on.mayDelete() || !entry.place || entry.deletedBy) return;
    const button = element("button", "act", "⋯");
    button.type = "button";
    button.setAttribute("aria-label", `What to do with this message of ${entry.name}`);
    line.append(button);
  }

  clicked(target) {
    const { entry } = target.closest(".entry") ?? {};
    if (target.matches(".act")) this.on.operate(entry);
    else if (target.matches(".name")) this.on.open(entry.name);
  }
}

function isSaid({ kind }) {
  return kind === "say" || kind === "action";
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
