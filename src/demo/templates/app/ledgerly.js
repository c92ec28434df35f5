// The few live parts of Ledgerly's pages: search, attachments, the ticker and the echo.
"use strict";

const workspace = document.body.dataset.workspace;
const byId = (id) => document.getElementById(id);
const ticks = (name) => document.querySelectorAll(`[data-tick="${name}"]`);
const say = (name, text) => ticks(name).forEach((element) => { element.textContent = text; });

if (ticks("outstanding").length > 0) {
  const source = new EventSource(`/w/${workspace}/events`);
  source.addEventListener("tick", (event) => {
    const tick = JSON.parse(event.data);
    say("outstanding", tick.outstanding);
    say("state", `Live, ${tick.at.slice(11, 19)} UTC`);
  });
  source.addEventListener("access-ended", (event) => {
    source.close();
    say("state", `Support access has ended. ${event.data}`);
  });
  source.addEventListener("error", () => say("state", "The live figures have stopped."));
}

const search = byId("search");
if (search) {
  search.addEventListener("input", async () => {
    const answer = await fetch("/api/search", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ q: search.value }),
    });
    if (!answer.ok) { byId("search-state").textContent = `The search was refused (${answer.status}).`; return; }
    const found = new Set((await answer.json()).items.map((item) => String(item.number)));
    for (const row of byId("invoices").rows) { row.hidden = !found.has(row.dataset.number); }
    byId("search-state").textContent = found.size === 0 ? "Nothing found." : "";
  });
}

for (const button of document.querySelectorAll("[data-attach]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const picker = Object.assign(document.createElement("input"), { type: "file" });
    picker.addEventListener("change", async () => {
      const file = picker.files[0];
      const url = `/w/${workspace}/notes/${button.dataset.attach}/attachments/${encodeURIComponent(file.name)}`;
      byId("attach-state").textContent = `Sending ${file.name}…`;
      const answer = await fetch(url, { method: "PUT", body: file }).catch(() => null);
      if (answer && answer.ok) { location.reload(); return; }
      byId("attach-state").textContent = answer ? `Refused (${answer.status}).` : "The upload broke off.";
    });
    picker.click();
  });
}

const echo = byId("echo");
if (echo) {
  const log = (text) => { byId("echo-log").textContent += `${text}\n`; byId("echo-log").scrollTop = 1e6; };
  const url = new URL(`/w/${workspace}/live`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.addEventListener("open", () => log("connected"));
  socket.addEventListener("message", (event) => log(`‹ ${event.data}`));
  socket.addEventListener("close", (event) => log(`closed: ${event.code} ${event.reason}`));
  echo.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("echo-text").value;
    if (socket.readyState === WebSocket.OPEN) { log(`› ${text}`); socket.send(text); }
  });
}
