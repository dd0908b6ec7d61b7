// What asks a person: the name and the password, the settings, what to do with somebody.

import { canNotify, ring } from "./alerts.js";
import { browser } from "./memory.js";
import { element, find } from "./text.js";

// Ask for a name, or for a password, and say why; `start` is called with both.
export function ask(what, why, name, start) {
  const isPassword = what === "password";
  find("ask-why").textContent = why;
  find("ask-why").hidden = !why;
  find("ask-name-label").hidden = isPassword;
  find("ask-password-label").hidden = !isPassword;
  find("ask-name").value = name;
  find("ask-password").value = "";
  let isAnswered = false;
  find("ask").onclose = () => isAnswered || find("ask").showModal(); // there is nothing to do without it
  find("ask-form").onsubmit = (event) => {
    event.preventDefault();
    const typed = isPassword ? find("ask-password").value : find("ask-name").value.trim();
    if (!typed) return;
    isAnswered = true;
    find("ask").close();
    if (isPassword) start(undefined, typed);
    else start(typed, undefined);
  };
  if (!find("ask").open) find("ask").showModal();
  find(isPassword ? "ask-password" : "ask-name").focus();
}

export function settings(session, forget) {
  const [dialog, name, notify, sound] = ["settings", "new-name", "notify", "sound"].map(find);
  name.value = session.name;
  notify.checked = browser.get("notify", false) && canNotify() && Notification.permission === "granted";
  sound.checked = browser.get("sound", false);
  const why = find("notify-why");
  notify.disabled = !canNotify();
  why.hidden = canNotify();
  why.textContent = "Browsers have notifications only for pages that come by https: the server needs the option --tls.";
  find("kept").textContent = session.token
    ? "This browser keeps a token with which you are the same person when you come back. Direct messages are kept nowhere."
    : "This server keeps no history file: it does not know you again when you come back.";
  notify.onchange = async () => {
    if (notify.checked) notify.checked = (await Notification.requestPermission()) === "granted";
    browser.set("notify", notify.checked);
  };
  sound.onchange = () => {
    browser.set("sound", sound.checked);
    if (sound.checked) ring();
  };
  find("forget").onclick = forget;
  dialog.onclose = () => {
    const wanted = name.value.trim();
    if (wanted && wanted !== session.name) session.say(`/nick ${wanted}`);
  };
  dialog.showModal();
}

// Whether this person is away, and what others are told of that.
export function away(session) {
  const dialog = find("away");
  const isAway = session.away !== null;
  find("away-text").value = session.away ?? "";
  find("end-away").hidden = !isAway;
  find("set-away").textContent = isAway ? "Change it" : "Set me away";
  dialog.returnValue = "";
  dialog.onclose = () => {
    const { value, placeholder } = find("away-text");
    if (dialog.returnValue === "set") session.say(`/away ${value.trim() || placeholder}`);
    if (dialog.returnValue === "end") session.say("/away");
  };
  dialog.showModal();
}

// A menu of `choices`, each a label and what it does.
export function menu(title, choices) {
  const dialog = find("menu");
  const heading = element("h2");
  heading.append(element("bdi", "", title));
  const buttons = choices.map(([label, act]) => {
    const button = element("button", "", label);
    button.type = "button";
    button.onclick = () => {
      dialog.close();
      act();
    };
    return button;
  });
  dialog.replaceChildren(heading, ...buttons);
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.showModal();
}
