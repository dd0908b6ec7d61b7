// Where one types: several lines, completion of names and commands, drafts for each room.

import { Choices } from "./choices.js";
import { browser } from "./memory.js";
import { element, key } from "./text.js";

const MOST = 8; // suggestions that are shown

export class Composer {
  // `on` has say(text), names() and commands().
  constructor(form, input, list, on) {
    this.input = input;
    this.on = on;
    this.room = "";
    this.sent = [];
    this.recalled = 0;
    this.offered = [];
    this.choices = new Choices(input, list, (index) => this.take(index));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 200));
  }

  show(room) {
    this.room = room.name;
    this.input.value = browser.get("drafts", {})[room.name] ?? "";
    this.input.placeholder = room.partner ? `Message to ${room.partner}` : `Message to #${room.name}`;
    this.input.setAttribute("aria-label", this.input.placeholder);
    this.close();
    this.grow();
  }

  submit() {
    const text = this.input.value;
    this.close();
    if (!text.trim() || !this.room) return; // before there is a room, the text stays
    this.sent.push(text);
    this.recalled = this.sent.length;
    this.set("");
    this.on.say(text);
  }

  set(text) {
    this.input.value = text;
    this.typed();
  }

  insert(text) {
    const { selectionStart, selectionEnd, value } = this.input;
    this.input.setRangeText(text, selectionStart, selectionEnd, "end");
    if (value !== this.input.value) this.typed();
    this.input.focus();
  }

  typed() {
    const drafts = { ...browser.get("drafts", {}), [this.room]: this.input.value };
    if (!this.input.value) delete drafts[this.room];
    browser.set("drafts", drafts);
    this.grow();
    const isCommand = /^\/[\p{L}_]*$/u.test(this.input.value);
    if (isCommand) this.suggestCommands();
    else this.close();
  }

  grow() {
    this.input.rows = 1;
    const line = parseFloat(getComputedStyle(this.input).lineHeight) || 20;
    this.input.rows = Math.max(1, Math.min(8, Math.floor((this.input.scrollHeight - 8) / line)));
  }

  pressed(event) {
    if (event.isComposing) return;
    const { choices } = this;
    if (choices.pressed(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (choices.isOpen && choices.wasMoved) this.take(choices.chosen);
      else this.submit();
    } else if (event.key === "Tab" && !event.shiftKey && this.input.value) {
      if (choices.isOpen) this.take(choices.chosen);
      else if (!this.completeName()) return;
      event.preventDefault();
    } else if (event.key === "Escape" && choices.isOpen) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "ArrowUp" && !this.input.value && this.recalled > 0) {
      event.preventDefault();
      this.set(this.sent[--this.recalled]);
    }
  }

  // Put the first name in that begins as the word before the cursor, or offer all that do.
  completeName() {
    const { selectionStart, value } = this.input;
    const begin = value.slice(0, selectionStart).search(/\S+$/);
    if (begin < 0) return false;
    const typed = value.slice(begin, selectionStart).replace(/^@/, "");
    const found = this.on.names().filter((name) => key(name).startsWith(key(typed)));
    if (!found.length) return false;
    const behind = begin === 0 ? ": " : " ";
    const offered = found.slice(0, MOST).map((name) => ({ shown: name, begin, text: name + behind }));
    if (offered.length === 1) this.put(offered[0]);
    else this.offer(offered);
    return true;
  }

  suggestCommands() {
    const typed = this.input.value.toLowerCase();
    const found = this.on.commands().filter((each) => each.name.startsWith(typed));
    this.offer(
      found.slice(0, MOST).map((each) => ({
        shown: `${each.name} ${each.arguments}`.trim(),
        about: each.summary,
        begin: 0,
        text: each.arguments ? `${each.name} ` : each.name,
      })),
    );
  }

  offer(offered) {
    this.offered = offered;
    this.choices.offer(offered.map(({ shown, about = "" }) => [element("b", "", shown), " ", element("span", "", about)]));
  }

  take(index) {
    const taken = this.offered[index];
    this.close();
    this.put(taken);
  }

  put({ begin, text }) {
    this.input.setRangeText(text, begin, this.input.selectionStart, "end");
    browser.set("drafts", { ...browser.get("drafts", {}), [this.room]: this.input.value });
    this.grow();
  }

  close() {
    if (this.choices.isOpen) this.offer([]);
  }
}
