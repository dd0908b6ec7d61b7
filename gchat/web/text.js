// Text becomes nodes, never HTML: links, code between backticks, one's own name. All in linear time:
// a line may have 64 KiB, and a regular expression such as /[.]+$/ takes seconds for so many dots.

const PARTS = /(`[^`]+`)|(https?:\/\/[^\s<>"`\u2066-\u2069]+)/gu;
const TRAILING = ".,;:!?'’”»";
const MARKS = "._-"; // of the letters of a name, those that are none at the end of a sentence

export const find = (id) => document.getElementById(id);

export function element(tag, kind = "", text = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  return made;
}

// Do it with the next frame; soon, where there are none, as the page is not in sight.
export function soon(act) {
  if (document.hidden) setTimeout(act, 100);
  else requestAnimationFrame(act);
}

// Put `text` into `node`, with the name `me` marked in it; returns the node.
export function fill(node, text, me = "") {
  let at = 0;
  me = me && key(text).includes(key(me)) ? key(me) : ""; // nearly always, there is nothing to mark
  for (const match of text.matchAll(PARTS)) {
    plain(node, text.slice(at, match.index), me);
    at = match.index + match[0].length;
    if (match[1]) {
      node.append(element("code", "", match[1].slice(1, -1)));
      continue;
    }
    const address = trimmed(match[2]);
    at -= match[2].length - address.length;
    node.append(link(address));
  }
  plain(node, text.slice(at), me);
  return node;
}

function plain(node, text, me) {
  let said = "";
  for (const part of me ? text.split(/([\p{L}\p{M}\p{N}_.-]+)/u) : [text]) {
    if (me && key(part) === me) {
      node.append(said, element("mark", "", part));
      said = "";
    } else said += part;
  }
  if (said) node.append(said);
}

function link(address) {
  const made = element("a", "", address);
  try {
    made.href = new URL(address).href;
  } catch {
    return document.createTextNode(address);
  }
  made.target = "_blank";
  made.rel = "noopener noreferrer nofollow";
  return made;
}

// What stands behind a link in a sentence is not a part of it; a bracket is if it was opened in it.
function trimmed(address) {
  let open = address.split("(").length - address.split(")").length; // more than are closed
  for (let end = address.length; ; end--) {
    const last = address[end - 1];
    if (last === ")" && open < 0) open++;
    else if (!TRAILING.includes(last)) return address.slice(0, end);
  }
}

// As servers compare names: case and width of letters do not matter.
export function key(name) {
  return name.normalize("NFKC").toLowerCase();
}

// The words of a text that may be names, as keys.
export function words(text) {
  return key(text).split(/[^\p{L}\p{M}\p{N}_.-]+/u).flatMap((word) => [word, withoutMarks(word)]);
}

function withoutMarks(word) {
  let [begin, end] = [0, word.length];
  while (begin < end && MARKS.includes(word[begin])) begin++;
  while (begin < end && MARKS.includes(word[end - 1])) end--;
  return word.slice(begin, end);
}

// One of twelve colours, the same for a name everywhere.
export function colour(name) {
  let hash = 2166136261; // FNV-1a
  for (const letter of key(name)) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0;
  return `c${(hash >>> 8) % 12}`;
}

// A name stands alone, in whatever direction it is written.
export function nameNode(name) {
  return element("bdi", `name ${colour(name)}`, name);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const clock = (time) => CLOCK.format(time);
export const day = (time) => DAY.format(time);
export const full = (time) => FULL.format(time);
