// What is known of a room, or of a conversation with one person: its messages in their order, each
// once, and who is there. Nothing here is shown.

const MOST = 20000; // messages of a room that are kept; older ones are asked for again

export class Room {
  constructor(name, partner = "") {
    this.name = name;
    this.partner = partner; // whom a conversation is with; empty for a room
    this.entries = []; // sorted; those that have no place yet are at the end
    this.byPlace = new Map();
    this.byRef = new Map();
    this.people = new Map(); // name -> { name, operator, away, program }
    this.topic = "";
    this.unread = 0;
    this.mentions = 0;
    this.last = ""; // the place of the last message that has come
    this.epochs = new Map(); // a time in each epoch, which tells their order: an id is given out anew in each
    this.isWhole = false; // nothing is before the first entry
    this.isLoading = false;
    this.isEntered = false;
  }

  get label() {
    return this.partner ? `@${this.partner}` : `#${this.name}`;
  }

  get oldest() {
    return this.entries.find((entry) => entry.place);
  }

  // Add something that has a place, or was said just now; returns it, or null if it was there.
  add(entry) {
    if (entry.place) {
      if (this.byPlace.has(entry.place)) return null;
      this.byPlace.set(entry.place, entry);
      entry.rank = this.rankOfPlace(entry.place, entry.again ? entry.time : this.newest() + 1);
      if (!this.last || compare(entry.rank, this.rankOfPlace(this.last)) > 0) this.last = entry.place;
    }
    if (entry.ref !== undefined) this.byRef.set(entry.ref, entry);
    this.entries.splice(this.indexFor(entry), 0, entry);
    return entry;
  }

  // What was said here has its place now. Null if it is there already, by way of history.
  settle(entry, place) {
    this.remove(entry);
    entry.pending = false;
    entry.place = place;
    delete entry.ref;
    return this.add(entry);
  }

  remove(entry) {
    this.byRef.delete(entry.ref);
    if (this.byPlace.get(entry.place) === entry) this.byPlace.delete(entry.place);
    const index = this.entries.lastIndexOf(entry);
    if (index >= 0) this.entries.splice(index, 1);
  }

  // Forget the oldest, if these are many: they can be asked for again.
  tidy() {
    const count = this.entries.length - MOST;
    if (count < MOST / 10) return;
    for (const entry of this.entries.splice(0, count)) this.byPlace.delete(entry.place);
    this.isWhole = false;
  }

  // Where a place belongs; `time` is one in its epoch.
  rankOfPlace(place, time = 0) {
    const epoch = epochOf(place);
    if (time && !this.epochs.has(epoch)) this.epochs.set(epoch, time);
    return [this.epochs.get(epoch) ?? 0, idOf(place)];
  }

  newest() {
    return Math.max(0, ...this.epochs.values());
  }

  isAfter(place, other) {
    return compare(this.rankOfPlace(place), this.rankOfPlace(other)) > 0;
  }

  // Give something a rank that comes now and has no place: it stays here.
  rankHere(entry) {
    entry.rank = [...(this.last ? this.rankOfPlace(this.last) : [0, 0]), entry.number];
  }

  indexFor(entry) {
    const rank = rankOf(entry);
    let [low, high] = [0, this.entries.length];
    if (!high || compare(rankOf(this.entries[high - 1]), rank) <= 0) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(rankOf(this.entries[middle]), rank) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Keep the list of people up to date; true if that has changed it.
  note(event) {
    const people = this.people;
    if (event.event === "joined") for (const name of event.names) this.enter(name);
    else if (event.event === "left" || event.event === "passed") {
      for (const name of event.names) people.delete(name);
    } else if (event.event === "renamed") {
      const person = people.get(event.old) ?? {};
      people.delete(event.old);
      people.set(event.name, { ...person, name: event.name });
    } else if (event.event === "kicked" || event.event === "banned") people.delete(event.name);
    else return false;
    return true;
  }

  enter(name) {
    this.people.set(name, newPerson(name));
  }
}

// Somebody of whom no more is known.
export function newPerson(name) {
  return { name, operator: false, away: null, program: false };
}

// The id in a place, `3f2a91c-12`, behind the epoch.
export function idOf(place) {
  return Number(place.slice(place.lastIndexOf("-") + 1));
}

function epochOf(place) {
  return place.slice(0, place.lastIndexOf("-"));
}

// What waits for a place stands behind all.
function rankOf(entry) {
  return entry.pending ? [Infinity, entry.number] : entry.rank;
}

function compare(one, other) {
  return one[0] - other[0] || one[1] - other[1] || (one[2] ?? 0) - (other[2] ?? 0) || 0;
}
