// One connection to the gate for all elements of a page that name the same token: calls, and the stream of events.
const HERE = document.currentScript ? new URL(document.currentScript.src).origin : "";
const PATH = "/.chaperone/support-access/panel";
const sources = new Map();

class Source {
  static of(tokenUrl) {
    if (!sources.has(tokenUrl)) sources.set(tokenUrl, new Source(tokenUrl));
    return sources.get(tokenUrl);
  }

  constructor(tokenUrl) {
    this.tokenUrl = tokenUrl;
    this.listeners = new Set();
    this.fetched = null;
  }

  // The app's word on who is there, fetched when it is needed and kept while it is good for another half minute.
  async token(anew = false) {
    if (anew || this.fetched === null || this.until < Date.now() + 30000) {
      this.until = Infinity;
      this.fetched = this.mint().catch((error) => { this.fetched = null; throw error; });
    }
    return this.fetched;
  }

  async mint() {
    const answer = await fetch(this.tokenUrl, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`the app gives no token (${answer.status})`);
    const { token } = await answer.json();
    const claims = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    this.until = claims.exp * 1000;
    return token;
  }

  async call(path, options = {}) {
    for (const anew of [false, true]) {
      const headers = { ...options.headers, Authorization: `Bearer ${await this.token(anew)}` };
      const answer = await fetch(new URL(path, HERE), { ...options, headers, credentials: "omit", cache: "no-store" });
      if (answer.status !== 401 || anew) return answer;
    }
  }

  // Calls back whenever something has happened; returns what stops that.
  listen(heard) {
    this.listeners.add(heard);
    if (this.listeners.size === 1) this.follow();
    return () => {
      this.listeners.delete(heard);
      if (this.listeners.size === 0) this.stop?.abort();
    };
  }

  async follow() {
    const stop = this.stop = new AbortController();
    let after = null;
    for (let wait = 1000; !stop.signal.aborted; wait = Math.min(wait * 2, 30000)) {
      try {
        const headers = { Accept: "text/event-stream", ...(after === null ? {} : { "Last-Event-ID": after }) };
        const answer = await this.call("/.chaperone/support-access/events", { headers, signal: stop.signal });
        if ([403, 404].includes(answer.status)) return;
        if (!answer.ok) throw new Error(String(answer.status));
        // Whatever happened while nobody listened is seen by looking.
        if (after === null) this.tell();
        for await (const event of events(answer.body)) {
          wait = 1000;
          after = event.id ?? after;
          this.tell();
          if (event.kind === "access-ended") break;
        }
      } catch { /* Cut, or not reached: tried again below. */ }
      await new Promise((again) => setTimeout(again, wait + Math.random() * 500));
    }
  }

  tell() {
    for (const heard of this.listeners) heard();
  }
}

// Server-sent events of a body, as far as we use them.
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

