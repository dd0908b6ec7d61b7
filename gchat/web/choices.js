// What can be chosen while one types: the arrow keys go through it, and the field keeps the focus.

import { element } from "./text.js";

export class Choices {
  // `take(index)` is called for the one that is clicked.
  constructor(input, list, take) {
    this.input = input;
    this.list = list;
    this.chosen = 0;
    this.wasMoved = false; // by a key, since they were offered
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => {
      const index = [...list.children].indexOf(event.target.closest("li"));
      if (index >= 0) take(index);
    });
  }

  get isOpen() {
    return this.list.childElementCount > 0;
  }

  // Offer choices, of each the nodes and texts that show it.
  offer(shown) {
    const items = shown.map((nodes, index) => {
      const item = element("li");
      item.id = `${this.list.id}-${index}`;
      item.setAttribute("role", "option");
      item.append(...nodes);
      return item;
    });
    this.list.replaceChildren(...items);
    this.list.hidden = !items.length;
    this.wasMoved = false;
    this.mark(0);
  }

  // True if `event` is a key that goes up or down among the choices.
  pressed(event) {
    if (!this.isOpen || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return false;
    event.preventDefault();
    this.wasMoved = true;
    const count = this.list.childElementCount;
    this.mark((this.chosen + (event.key === "ArrowUp" ? -1 : 1) + count) % count);
    this.list.children[this.chosen].scrollIntoView({ block: "nearest" });
    return true;
  }

  mark(chosen) {
    this.chosen = chosen;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    if (this.isOpen) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
