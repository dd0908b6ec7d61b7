// Where one types: several lines, completion of names and commands, drafts for each room.

import { browser } from "./memory.js";
import { element, key } from "./text.js";

const MOST = 8; // suggestions that are shown

export class Composer {
  // `on` has say(text), names() and commands().
  constructor(form, input, list, on) {
    this.form = form;
    this.input = input;
    this.list = list;
    this.on = on;
    this.room = "";
    this.sent = [];
    this.recalled = 0;
    this.choices = [];
    this.chosen = 0;
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
    const isOpen = this.choices.length > 0;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (isOpen && this.wasMoved) this.take(this.chosen);
      else this.submit();
    } else if (event.key === "Tab" && !event.shiftKey && this.input.value) {
      if (isOpen) this.take(this.chosen);
      else if (!this.completeName()) return;
      event.preventDefault();
    } else if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      this.close();
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && isOpen) {
      event.preventDefault();
      this.move(event.key === "ArrowUp" ? -1 : 1);
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
    const choices = found.slice(0, MOST).map((name) => ({ shown: name, begin, text: name + behind }));
    if (choices.length === 1) this.put(choices[0]);
    else this.offer(choices);
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

  offer(choices) {
    this.choices = choices;
    this.chosen = 0;
    this.wasMoved = false;
    this.list.replaceChildren(
      ...choices.map((choice, index) => {
        const item = element("li");
        item.id = `choice-${index}`;
        item.setAttribute("role", "option");
        item.append(element("b", "", choice.shown));
        if (choice.about) item.append(" ", element("span", "", choice.about));
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.take(index);
        });
        return item;
      }),
    );
    this.list.hidden = !choices.length;
    this.mark();
  }

  move(step) {
    this.wasMoved = true;
    this.chosen = (this.chosen + step + this.choices.length) % this.choices.length;
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === this.chosen));
    });
    if (this.choices.length) this.input.setAttribute("aria-activedescendant", `choice-${this.chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const choice = this.choices[index];
    this.close();
    this.put(choice);
  }

  put({ begin, text }) {
    this.input.setRangeText(text, begin, this.input.selectionStart, "end");
    browser.set("drafts", { ...browser.get("drafts", {}), [this.room]: this.input.value });
    this.grow();
  }

  close() {
    if (this.choices.length) this.offer([]);
  }
}
