// What every page does by itself. A page works without it: it only keeps what is shown true.
//
// * <time data-shows="moment|distance">: told in the reader's own time, and counting.
// * <main> … <element data-follows="URL">: the page's parts (elements with an id and data-part) are fetched again when
//   something happens there. What somebody is typing into stays as it is.
// * <dialog id="x"> and <button data-opens="x">: a deliberate step before what cannot be taken back.
"use strict";

const chaperone = (() => {
  const units = [["day", 86400, 172800], ["hour", 3600, 7200], ["minute", 60, 60], ["second", 1, 0]];
  const far = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

  function distance(seconds) {
    const length = Math.abs(seconds);
    const [unit, size] = units.find(([, , least]) => length >= least);
    const number = Math.max(1, Math.floor(length / size));
    const words = `${number} ${unit}${number === 1 ? "" : "s"}`;
    return seconds > 0 ? `in ${words}` : `${words} ago`;
  }

  function tellTimes(root = document) {
    for (const time of root.querySelectorAll("time[data-shows]")) {
      const at = new Date(time.dateTime);
      const text = time.dataset.shows === "distance" ? distance((at - Date.now()) / 1000) : far.format(at);
      if (time.textContent !== text) time.textContent = text;
      time.title = far.format(at);
    }
  }

  // Reads server-sent events, from where it left off when it was cut.
  async function follow(address, heard, headers = async () => ({})) {
    let after = null;
    for (let wait = 1000; ; wait = Math.min(wait * 2, 30000)) {
      try {
        const own = after === null ? {} : { "Last-Event-ID": after };
        const answer = await fetch(address, { headers: { Accept: "text/event-stream", ...own, ...(await headers()) } });
        if ([401, 403, 404].includes(answer.status)) return heard({ kind: "access-ended", data: "{}" });
        if (!answer.ok) throw new Error(String(answer.status));
        for await (const event of events(answer.body)) {
          wait = 1000;
          if (event.id !== null) after = event.id;
          heard(event);
          if (event.kind === "access-ended") return;
        }
      } catch { /* Cut, or not reached: tried again below. */ }
      await new Promise((again) => setTimeout(again, wait + Math.random() * 500));
      if (after === null) heard({ id: null, kind: "opened-again", data: "{}" });
    }
  }

  async function* events(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const event = { id: null, kind: "message", data: "" };
        for (const line of text.slice(0, end).split("\n")) {
          const [, name, rest] = line.match(/^(\w*): ?(.*)$/) ?? [];
          if (name === "id") event.id = rest;
          if (name === "event") event.kind = rest;
          if (name === "data") event.data += rest;
        }
        if (event.data) yield event;
      }
    }
  }

  // Somebody is about to answer here: it is not taken from under their hands.
  function inUse(part) {
    const typed = [...part.querySelectorAll("input, textarea, select")].some((field) =>
      field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked
        : field.tagName === "SELECT" ? ![...field.options].every((option) => option.selected === option.defaultSelected || !field.querySelector("[selected]"))
          : field.type !== "hidden" && field.value !== field.defaultValue);
    const focus = document.activeElement;
    return typed || part.querySelector("dialog[open]") !== null || (part.contains(focus) && /^(INPUT|TEXTAREA|SELECT)$/.test(focus.tagName));
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.assign(answer.url);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part][id]")) {
      const next = fresh.getElementById(part.id);
      if (next === null || inUse(part)) continue;
      tellTimes(next);
      // What the reader has opened stays open.
      const open = [...part.querySelectorAll("details[open] > summary")].map((it) => it.textContent);
      for (const it of next.querySelectorAll("details > summary")) if (open.includes(it.textContent)) it.parentElement.open = true;
      if (next.innerHTML === part.innerHTML) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      part.replaceChildren(...next.childNodes);
      if (focused) document.getElementById(focused)?.focus();
      if (part.dataset.part) say(part.dataset.part);
    }
  }

  function say(text) {
    const region = document.getElementById("said");
    if (region) region.textContent = text;
  }

  let due = null;
  function refreshSoon() {
    clearTimeout(due);
    due = setTimeout(() => refresh().catch(() => {}), 150);
  }

  function openDialogs(event) {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog")?.close();
  }

  function begin() {
    document.documentElement.classList.add("live");
    tellTimes();
    setInterval(tellTimes, 1000);
    document.addEventListener("click", openDialogs);
    const followed = document.querySelector("[data-follows]");
    if (followed) follow(followed.dataset.follows, refreshSoon);
  }

  begin();
  return { follow, refresh, tellTimes, say };
})();
