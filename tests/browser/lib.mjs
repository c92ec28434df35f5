// What every story shares: a real Chromium, people in windows of their own, and what must hold on each page they see.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import assert from "node:assert/strict";

const require = createRequire(`${process.env.CHAPERONE_BROWSER}/package.json`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Where the demo's parts are: gate, app, desk. */
export const places = JSON.parse(process.env.CHAPERONE_PLACES ?? "{}");
/** The profile that the demo runs with. */
export const profile = process.env.CHAPERONE_PROFILE;
/** Where pictures go; none are taken without it. */
const pictures = process.env.CHAPERONE_PICTURES;

/** How long anything may take on a busy machine, in milliseconds. */
const PATIENCE = 30_000;

/** Runs a story in a Chromium of its own; when it fails, says what was on the pages. */
export async function story(tell) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    await tell(browser);
  } catch (error) {
    for (const page of browser.contexts().flatMap((context) => context.pages())) {
      console.error(`${page.url()}:\n${(await page.locator("body").innerText().catch(() => "")).slice(0, 1500)}\n`);
    }
    throw error;
  } finally {
    await browser.close();
  }
}

/** A person with a browser of their own. `expected` are complaints of the browser that belong to the story. */
export async function person(browser, { width = 1280, height = 900, dark = false, script = true, expected = [] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", javaScriptEnabled: script });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !expected.some((known) => known.test(text))) complaints.push(`${page.url()}: ${text}`);
  });
  return { context, page, complaints };
}

/** Signs an engineer in at the demo's identity provider, and ends at `path` of the gate. */
export async function signIn(page, name, path = "/.chaperone/console/") {
  await page.goto(`${places.gate}/.chaperone/login?return=${encodeURIComponent(path)}`);
  await page.getByRole("link", { name }).click();
  await page.waitForURL((url) => url.href.startsWith(places.gate));
}

/** No serious violation of WCAG 2.2 A and AA, and nothing that must be scrolled sideways. */
export async function wellMade(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ; ")}`);
  assert.deepEqual(told, [], `${what}: axe`);
  const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= view, `${what}: ${wide} px wide in a view of ${view} px`);
}

/** What the page shown has cost to load, in bytes: itself and all that it names, without what the browser kept. */
export async function weight(page) {
  return page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.filter(({ name }) => !name.includes("/events")).reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
  });
}

/** Takes a picture, if somebody wants to look at them. */
export async function picture(page, name, options = {}) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, ...options });
}

/** Waits until `probe` gives something true; says what was waited for. */
export async function eventually(what, probe) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const found = await probe();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 100));
  }
  throw new Error(`it never came: ${what}`);
}
