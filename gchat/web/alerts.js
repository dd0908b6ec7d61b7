// What calls somebody back who looks elsewhere: the title, a notification, a sound.

import { browser } from "./memory.js";

const TITLE = document.title;

export function canNotify() {
  return isSecureContext && "Notification" in window;
}

export function showTitle(session) {
  let [unread, mentions] = [0, 0];
  for (const room of session.rooms.values()) {
    unread += room.unread;
    mentions += room.mentions;
  }
  const marks = mentions ? `(${mentions}!) ` : unread ? `(${unread}) ` : "";
  const where = session.current ? `${session.current.label} · ` : "";
  document.title = `${marks}${where}${TITLE}`;
  return { unread, mentions };
}

// Somebody has written to this person, or named them.
export function call(room, entry, show) {
  if (browser.get("sound", false)) ring();
  if (!browser.get("notify", false) || !canNotify() || document.hasFocus()) return;
  if (Notification.permission !== "granted") return;
  const title = room.partner ? entry.name : `${entry.name} in ${room.label}`;
  const shown = new Notification(title, { body: entry.text.slice(0, 200), tag: room.name });
  shown.onclick = () => {
    window.focus();
    show(room);
    shown.close();
  };
}

let audio = null;

export function ring() {
  try {
    audio ??= new AudioContext();
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.12, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.35);
  } catch {
    // There is no sound here.
  }
}
