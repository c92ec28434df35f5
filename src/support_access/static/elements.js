// <support-access-panel>, <support-access-banner> and <support-access-prompt>. What they show is the gate's own HTML,
// escaped there; nothing else ever becomes HTML here.
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(STYLE);
// How long what has just appeared cannot be approved: nobody approves what they had no time to read.
const PAUSE = 700;
const trusted = window.trustedTypes?.createPolicy("support-access", { createHTML: (html) => html });

function parse(html) {
  return new DOMParser().parseFromString(trusted ? trusted.createHTML(html) : html, "text/html");
}

// The app's own words: { "Revoke": "Widerrufen", "{} asks for access": "{} bittet um Zugang" }.
function reword(root) {
  const texts = window.supportAccessTexts;
  if (!texts) return;
  const patterns = Object.entries(texts).map(([from, to]) =>
    [new RegExp(`^${from.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.+?)")}$`), to]);
  const other = (text) => {
    const plain = text.trim().replace(/\s+/g, " ");
    for (const [pattern, to] of plain ? patterns : []) {
      const found = plain.match(pattern);
      if (found) return text.replace(text.trim(), () => to.split("{}").map((part, at) => part + (found[at + 1] ?? "")).join(""));
    }
    return text;
  };
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = other(node.data);
      if (text !== node.data) node.data = text;
    } else {
      for (const name of ["aria-label", "placeholder"]) if (node.hasAttribute(name)) node.setAttribute(name, other(node.getAttribute(name)));
    }
  }
}

// Somebody is about to answer here: it is not taken from under their hands.
function inUse(part) {
  const focus = part.getRootNode().activeElement;
  const typed = [...part.querySelectorAll("input:not([type=hidden], [type=radio], [type=checkbox]), textarea")].some((it) => it.value !== it.defaultValue);
  return typed || (part.contains(focus) && /^(INPUT|TEXTAREA|SELECT)$/.test(focus.tagName));
}

class Part extends HTMLElement {
  connectedCallback() {
    this.root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [SHEET];
    if (!this.content) this.build();
    this.source = Source.of(this.getAttribute("token-url") ?? "/api/chaperone-token");
    this.unlisten = this.source.listen(() => this.soon());
    this.clock = setInterval(() => this.tick(), 1000);
    this.load();
  }

  disconnectedCallback() {
    this.unlisten();
    clearInterval(this.clock);
  }

  build() {
    this.content = document.createElement("div");
    this.said = Object.assign(document.createElement("div"), { className: "unseen", role: "status" });
    this.said.setAttribute("aria-live", "polite");
    this.root.append(this.content, this.said);
    this.root.addEventListener("submit", (event) => this.submit(event));
    this.root.addEventListener("click", (event) => this.click(event));
    tendForms(this.root);
    this.place = PATH + this.constructor.path;
    this.changed = 0;
    this.ticks = 0;
  }

  tick() {
    tellTimes(this.content);
    this.ticks += 1;
    // What somebody does inside is no event: it is looked at while it is shown.
    if (this.ticks % 3 === 0 && !document.hidden && this.content.querySelector("[data-busy]")) this.load();
  }

  soon() {
    clearTimeout(this.due);
    this.due = setTimeout(() => this.load(), 150);
  }

  async load() {
    const number = this.number = (this.number ?? 0) + 1;
    try {
      const answer = await this.source.call(this.place);
      const html = await answer.text();
      // A later look counts.
      if (number !== this.number) return;
      if (!/^text\/html/.test(answer.headers.get("Content-Type") ?? "")) throw new Error(String(answer.status));
      this.show(html, false);
    } catch {
      if (number === this.number) this.failed();
    }
  }

  // Shows new content: all of it, or those of its parts that have changed.
  show(html, all) {
    const fresh = parse(html).body;
    tellTimes(fresh);
    reword(fresh);
    const parts = [...this.content.querySelectorAll("[data-part][id]")];
    const same = parts.length > 0 && parts.length === fresh.querySelectorAll("[data-part][id]").length;
    if (all || !same) return this.replace(this.content, fresh, "");
    for (const part of parts) {
      const next = fresh.querySelector(`#${CSS.escape(part.id)}`);
      if (next && !inUse(part)) this.replace(part, next, part.dataset.part);
    }
  }

  replace(place, fresh, words) {
    tellTimes(place);
    // What the reader has opened stays open.
    const open = [...place.querySelectorAll("details[open] > summary")].map((it) => it.textContent);
    for (const it of fresh.querySelectorAll("details > summary")) if (open.includes(it.textContent)) it.parentElement.open = true;
    if (place.innerHTML === fresh.innerHTML) return;
    const focused = this.root.activeElement?.id;
    place.replaceChildren(...document.adoptNode(fresh).childNodes);
    if (focused) this.root.getElementById(focused)?.focus();
    this.changed = Date.now();
    if (words) this.say(words);
    this.shown();
  }

  shown() {}

  say(text) { this.said.textContent = text; }

  failed() {
    if (this.content.childElementCount > 0) return;
    const again = Object.assign(document.createElement("button"), { className: "quiet", textContent: "Try again" });
    again.addEventListener("click", () => this.load());
    const note = Object.assign(document.createElement("p"), { className: "note", textContent: "Support access cannot be shown at the moment. " });
    note.append(again);
    this.content.replaceChildren(note);
    reword(this.content);
  }

  async submit(event) {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter;
    const fields = new FormData(form);
    const address = new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? this.place, HERE);
    // Taking back is never held up.
    if (address.pathname.endsWith("/approve") && Date.now() - this.changed < PAUSE) return;
    if (form.method === "get") {
      address.search = new URLSearchParams([...fields].filter(([, value]) => value !== ""));
      return this.go(address.pathname + address.search);
    }
    if (button) button.disabled = true;
    const body = form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
    try {
      const answer = await this.source.call(address, { method: "POST", body });
      const text = await answer.text();
      const isPage = /^text\/html/.test(answer.headers.get("Content-Type") ?? "");
      // What was refused stays as it was filled in, with the reason above it.
      if (answer.ok) this.done(text);
      else this.complain(form, isPage ? { detail: parse(text).querySelector("[role=alert]")?.textContent } : JSON.parse(text));
    } catch {
      this.complain(form, { detail: "there was no answer", next: "try again" });
    }
    if (button) button.disabled = false;
  }

  // What was done is told by the page that comes back.
  done(html) {
    this.show(html, true);
    this.say(this.content.querySelector("[role=status], [role=alert]")?.textContent ?? "");
    this.source.tell();
  }

  complain(form, { detail, next }) {
    form.querySelector(":scope > .note.bad")?.remove();
    const sentence = (text) => text ? `${text[0].toUpperCase()}${text.slice(1).replace(/([^.)])$/, "$1.")} ` : "";
    const note = Object.assign(document.createElement("p"), { className: "note bad", textContent: sentence(detail) + sentence(next) });
    note.setAttribute("role", "alert");
    form.prepend(note);
  }

  async click(event) {
    const link = event.target.closest("a[href]");
    const address = link && new URL(link.getAttribute("href"), HERE);
    if (!link || address.origin !== HERE || !address.pathname.startsWith(PATH)) return;
    event.preventDefault();
    if (link.hasAttribute("download")) return this.download(address);
    await this.go(address.pathname + address.search);
  }

  async go(place) {
    this.place = place;
    this.content.replaceChildren();
    await this.load();
    const heading = this.content.querySelector("h1");
    if (heading) { heading.tabIndex = -1; heading.focus(); }
  }

  // A link cannot carry the app's token, so the file is fetched and handed to the browser.
  async download(address) {
    const answer = await this.source.call(address);
    if (!answer.ok) return this.say("The file cannot be fetched.");
    const [, name] = (answer.headers.get("Content-Disposition") ?? "").match(/filename="([^"]+)"/) ?? [];
    const url = URL.createObjectURL(await answer.blob());
    Object.assign(document.createElement("a"), { href: url, download: name ?? "support-access" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
}

class Panel extends Part {
  static path = "";
}

// The indicator of a navigation bar: nothing while nobody is inside. `href`: the app's page with the panel.
class Banner extends Part {
  static path = "/banner";

  shown() {
    this.hidden = this.content.childElementCount === 0;
    const href = this.getAttribute("href");
    if (this.hidden || !href || this.content.querySelector("a")) return;
    const link = Object.assign(document.createElement("a"), { href, textContent: "Show" });
    this.content.firstElementChild.append(link);
    reword(this.content);
  }

  build() { super.build(); this.hidden = true; }

  failed() { this.hidden = true; }

  done() { this.load(); this.source.tell(); }
}

// The question that somebody has to answer. It takes no focus, so that no key that was meant for something else answers it.
class Prompt extends Part {
  static path = "/prompt";

  shown() {
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Support asks for access");
    const asked = [...this.content.querySelectorAll("h2[id]")].map((it) => it.id).join();
    // The panel asks by itself.
    this.hidden = asked === "" || asked === this.later || document.querySelector("support-access-panel") !== null;
    if (this.hidden || this.content.querySelector(".later")) return;
    const later = Object.assign(document.createElement("button"), { className: "link", textContent: "Answer later" });
    later.addEventListener("click", () => { this.later = asked; this.hidden = true; });
    const row = Object.assign(document.createElement("div"), { className: "later" });
    row.append(later);
    this.content.append(row);
    reword(row);
  }

  build() { super.build(); this.hidden = true; }

  failed() { this.hidden = true; }

  done() { this.load(); this.source.tell(); }
}

for (const [name, element] of [["panel", Panel], ["banner", Banner], ["prompt", Prompt]]) {
  if (!customElements.get(`support-access-${name}`)) customElements.define(`support-access-${name}`, element);
}
