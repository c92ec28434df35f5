// The few live parts of Ledgerly's pages: search, attachments, the ticker and the echo.
"use strict";

const workspace = document.body.dataset.workspace;
const byId = (id) => document.getElementById(id);
const ticks = (name) => document.querySelectorAll(`[data-tick="${name}"]`);
const say = (name, text, ended) => ticks(name).forEach((element) => {
  element.textContent = text;
  element.classList.toggle("ended", ended === true);
});
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

// Why a request came to nothing. The gate answers scripts with a problem document, the app with a page.
async function trouble(answer) {
  if (!answer) { return "There was no answer. Try again."; }
  const problem = await answer.json().catch(() => null);
  if (!problem) { return `That did not work (${answer.status}).`; }
  return `${[problem.detail, problem.next].filter(Boolean).map(sentence).join(" ")} (${problem.code})`;
}

if (ticks("outstanding").length > 0) {
  const source = new EventSource(`/w/${workspace}/events`);
  source.addEventListener("tick", (event) => {
    const tick = JSON.parse(event.data);
    say("outstanding", tick.outstanding);
    say("state", `Live, ${tick.at.slice(11, 19)} UTC`);
  });
  source.addEventListener("access-ended", (event) => {
    source.close();
    say("state", `Support access has ended (${JSON.parse(event.data).code}). Reload to see what the gate says now.`, true);
  });
  source.addEventListener("error", () => {
    const gone = source.readyState === EventSource.CLOSED;
    say("state", gone ? "The live figures have ended. Reload to see why." : "The live figures have stopped. Trying again…");
  });
}

document.querySelector("form[data-submits]")?.submit();

const search = byId("search");
if (search) {
  search.addEventListener("input", async () => {
    const wanted = search.value;
    const answer = await fetch("/api/search", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ q: wanted }),
    }).catch(() => null);
    const text = answer && answer.ok ? null : await trouble(answer);
    const found = text ? null : new Set((await answer.json()).items.map((item) => String(item.number)));
    if (search.value !== wanted) { return; } // a later answer counts
    if (found) { for (const row of byId("invoices").rows) { row.hidden = !found.has(row.dataset.number); } }
    byId("search-state").textContent = text || (found.size === 0 ? `Nothing found for “${wanted}”.` : "");
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
      byId("attach-state").textContent = `${file.name} was not attached. ${await trouble(answer)}`;
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
  let opened = false;
  socket.addEventListener("open", () => { opened = true; log("connected"); });
  socket.addEventListener("message", (event) => log(`‹ ${event.data}`));
  socket.addEventListener("close", (event) => {
    echo.querySelector("button").disabled = true;
    // Browsers tell scripts nothing about a refused handshake.
    log(opened ? `closed: ${event.reason || event.code}` : "refused: opening this takes full access");
  });
  echo.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("echo-text").value;
    if (socket.readyState === WebSocket.OPEN) { log(`› ${text}`); socket.send(text); }
  });
}
