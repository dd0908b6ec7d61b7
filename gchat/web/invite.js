// How others get in: the address of the page, and its QR code for phones.

import { generate } from "./qr.js";
import { find } from "./text.js";

const LOOPBACK = /^(localhost|127\.|\[::1\])/;
const MARGIN = 4; // modules around the code, as its standard has it

export async function invite(session) {
  const { objects } = await session.ask({ command: "/invite" });
  const told = objects.find((each) => each.answer === "invite");
  const base = LOOPBACK.test(location.hostname) && told?.page ? told.page : `${location.origin}/`;
  const { current } = session;
  const isElsewhere = current && !current.partner && current.name !== "lobby";
  const address = isElsewhere ? `${base}?room=${encodeURIComponent(current.name)}` : base;
  find("invite-address").textContent = address;
  find("invite-address").href = address;
  find("invite-nc").textContent = told?.plain || told?.tls ? `${told.plain ? "nc" : "ncat --ssl"} ${told.hosts[0]} ${told.port}` : "";
  find("invite-nc").parentElement.hidden = !find("invite-nc").textContent;
  find("invite-private").hidden = told?.public !== false;
  draw(find("invite-code"), address);
  find("copy").hidden = !navigator.clipboard;
  find("copy").onclick = async () => {
    await navigator.clipboard.writeText(address);
    find("copy").textContent = "Copied";
  };
  find("copy").textContent = "Copy";
  find("invite").showModal();
}

// Black on white in any case: cameras want that.
function draw(canvas, text) {
  const code = generate(text);
  const side = code.size + 2 * MARGIN;
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) pen.fillRect(x + MARGIN, y + MARGIN, 1, 1);
  }
  canvas.setAttribute("aria-label", `QR code of ${text}`);
}
