// The banner of a support session, on the app's own pages: who one is, as whom, where, on what, for how long; and the way out. When the
// session has ended, the page goes dark. It lives in a shadow tree of its own beside the page's body, so that neither's style reaches the other.
"use strict";

(() => {
  const script = document.currentScript;
  const says = { ...script.dataset };
  script.remove();
  if (document.querySelector("chaperone-banner") || window.top !== window) return;

  const emergency = says.mode === "emergency";
  const css = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    .bar, .over { font: 500 13px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: #fff; }
    .bar { position: fixed; z-index: 2147483646; left: 12px; right: 12px; bottom: 12px; width: fit-content; margin: 0 auto; display: flex; flex-wrap: wrap; align-items: center; gap: 2px 14px;
      padding: 7px 8px 7px 16px; border-radius: 12px; background: #1c2f6b; border: 1px solid rgb(255 255 255 / 35%); box-shadow: 0 4px 18px rgb(0 0 0 / 35%); }
    .bar.emergency { background: #8e1420; }
    .bar.top { bottom: auto; top: 12px; }
    b { font-weight: 700; }
    .kind { font-weight: 700; letter-spacing: 0.02em; }
    .soft { opacity: 0.88; }
    a, button { display: inline-flex; align-items: center; min-height: 30px; padding: 2px 12px; border: 1px solid rgb(255 255 255 / 55%); border-radius: 8px; background: rgb(255 255 255 / 14%); color: #fff; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
    a:hover, button:hover { background: rgb(255 255 255 / 26%); }
    a:focus-visible, button:focus-visible { outline: 2px solid #fff; outline-offset: 2px; }
    .acts { display: flex; gap: 6px; margin-left: auto; }
    .over { position: fixed; inset: 0; z-index: 2147483647; display: grid; place-items: center; padding: 20px; background: #12161c; }
    .over div { max-width: 480px; font-size: 16px; }
    h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; }
    p { margin: 0 0 14px; color: #c5ccd5; }
    .mark { position: fixed; inset: 0; z-index: 2147483645; overflow: hidden; pointer-events: none; display: flex; flex-wrap: wrap; gap: 90px 60px; align-content: flex-start; rotate: -24deg; scale: 1.5; }
    .mark span { font: 500 13px/1 system-ui, sans-serif; color: rgb(110 110 110 / 20%); white-space: nowrap; }
    @media print { .bar { position: static; } }
    @media (prefers-contrast: more) { .bar { border: 2px solid #fff; } }`;

  function make(tag, text, attributes = {}) {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  const host = document.createElement("chaperone-banner");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const who = make("span");
  who.append(make("b", says.engineer), " as ", make("b", says.subject), " in ", make("b", says.workspace));
  const left = make("span", "", { class: "soft", role: "timer" });
  const acts = make("span", "", { class: "acts" });
  const move = make("button", "Move", { type: "button", title: "Move to the other edge" });
  move.addEventListener("click", () => bar.classList.toggle("top"));
  acts.append(move, make("a", "Leave", { href: "/.chaperone/leave" }));
  const bar = make("div", "", { class: emergency ? "bar emergency" : "bar", role: "region", "aria-label": "Support session" });
  bar.append(
    make("span", emergency ? "EMERGENCY, without consent" : "Support session", { class: "kind" }),
    who,
    make("span", says.access === "read_only" ? "read-only" : "full access", { class: "soft" }),
    left,
    acts,
  );
  root.append(bar);
  if (says.watermark) {
    const mark = make("div", "", { class: "mark", "aria-hidden": "true" });
    for (let n = 0; n < 120; n += 1) mark.append(make("span", says.watermark));
    root.prepend(mark);
  }

  let expires = Date.parse(says.expires);
  function tell() {
    const seconds = Math.max(0, Math.floor((expires - Date.now()) / 1000));
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
    left.textContent = hours > 48 ? `${Math.floor(hours / 24)} days left`
      : hours > 0 ? `${hours} h ${minutes} min left`
        : minutes > 4 ? `${minutes} min left` : `${minutes}:${String(seconds % 60).padStart(2, "0")} min left`;
  }

  // A page may rebuild itself: the banner comes back.
  function attach() {
    if (!host.isConnected) document.documentElement.append(host);
  }

  // Two sessions do not mix: what was shown in this one is covered when another has taken its place.
  function cover() {
    if (root.querySelector(".over")) return;
    const title = "Another support session has begun in this browser";
    const over = make("div", "", { class: "over", role: "alertdialog", "aria-modal": "true", "aria-label": title });
    const text = make("div");
    const again = make("a", "Show it", { href: location.href });
    text.append(make("h1", title), make("p", "What stood here belongs to the one before."), again);
    over.append(text);
    root.append(over);
    document.body?.setAttribute("inert", "");
    again.focus();
  }

  // Asked while somebody looks: when the session was ended elsewhere, the page is asked for again, and its refusal says why.
  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch("/.chaperone/api/v1/sessions/current", { headers: { Accept: "application/json" }, cache: "no-store", credentials: "same-origin" });
      const said = await answer.json();
      if (answer.status === 401 || answer.status === 403 || said.standing === "ended") location.replace(location.href);
      else if (answer.ok && said.id !== says.session) cover();
      else if (answer.ok) expires = Date.parse(said.expires_at);
    } catch { /* Not reached, or not allowed by the page: asked again. */ }
  }

  attach();
  new MutationObserver(attach).observe(document.documentElement, { childList: true });
  tell();
  setInterval(tell, 1000);
  setInterval(look, 2000);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", look);
})();
