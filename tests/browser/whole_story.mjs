// The whole story, in two browsers side by side: asked, prompted, approved by keyboard alone, entered with the banner, watched live,
// revoked, and dark.
import assert from "node:assert/strict";
import { eventually, person, picture, places, signIn, story, wellMade } from "./lib.mjs";

const WORKSPACE = "globex";
const REASON = "The invoice total is off by a cent and I want to see why";

await story(async (browser) => {
  const ada = await person(browser, { expected: [/status of 40[13]/] });
  const gus = await person(browser);

  // The owner is in the app, on any page.
  await gus.page.goto(`${places.app}/front-door`);
  await gus.page.locator("li", { hasText: "Gus Hartmann" }).getByRole("button", { name: "Sign in" }).click();
  await gus.page.waitForURL(`**/w/${WORKSPACE}/**`);

  // The engineer signs in and asks.
  await signIn(ada.page, "Ada Lindqvist");
  await wellMade(ada.page, "the console");
  await picture(ada.page, "story-1-console");
  await ada.page.getByRole("link", { name: "Globex Logistics" }).click();
  await ada.page.getByLabel("Reason").last().fill(REASON);
  await ada.page.getByLabel("Look around and change things").check();
  await ada.page.getByRole("button", { name: "Ask for access" }).click();
  await ada.page.getByRole("heading", { name: "You asked for access" }).waitFor();
  await wellMade(ada.page, "the console while one waits");

  // The owner is prompted where they are, and approves without a mouse.
  const prompt = gus.page.locator("support-access-prompt");
  await prompt.getByText("Ada Lindqvist asks for access").waitFor();
  await prompt.getByText(REASON).waitFor();
  await wellMade(gus.page, "the prompt");
  await picture(gus.page, "story-2-prompt");
  await eventually("the approval by keyboard", async () => {
    const approve = prompt.getByRole("button", { name: "Approve" });
    if ((await approve.count()) === 0) return true;
    await reach(gus.page, "Approve");
    await gus.page.keyboard.press("Enter");
    await gus.page.waitForTimeout(300);
    return (await approve.count()) === 0;
  });

  // The engineer's page says so by itself; they enter, and see on the app's own pages where they are.
  await ada.page.getByRole("button", { name: "Enter Globex Logistics" }).waitFor();
  const enter = ada.page.locator("form", { has: ada.page.getByRole("button", { name: "Enter Globex Logistics" }) });
  await enter.getByLabel("Reason").fill(REASON);
  await enter.getByRole("button", { name: "Enter Globex Logistics" }).click();
  await ada.page.waitForURL(`**/w/${WORKSPACE}/**`);
  const banner = ada.page.getByRole("region", { name: "Support session" });
  await banner.waitFor();
  const says = await banner.innerText();
  for (const part of ["Ada Lindqvist", "gus@globex.example", "Globex Logistics", "full access", "left"]) assert.ok(says.includes(part), says);
  await picture(ada.page, "story-3-inside");
  await ada.page.getByRole("link", { name: "Invoices", exact: true }).click();
  await banner.waitFor();

  // The owner's navigation bar shows it on every page, and they watch.
  const indicator = gus.page.locator("support-access-banner");
  await indicator.getByText(/in progress/).waitFor();
  await gus.page.getByRole("link", { name: "Notes", exact: true }).click();
  await indicator.getByText(/in progress/).waitFor();
  await gus.page.getByRole("link", { name: "Support access", exact: true }).click();
  const panel = gus.page.locator("support-access-panel");
  await panel.getByText(`/w/${WORKSPACE}/invoices`).first().waitFor();
  await wellMade(gus.page, "the panel while somebody is inside");
  await picture(gus.page, "story-4-watched", { fullPage: true });

  // A page with server-sent events and a WebSocket is open when the owner revokes.
  await ada.page.getByRole("link", { name: "Live", exact: true }).click();
  await banner.waitFor();
  await panel.getByRole("button", { name: /^Revoke/ }).first().click();
  await ada.page.getByRole("heading", { name: /revoked|taken back|ended/i }).waitFor();
  assert.equal(await banner.count(), 0, "nothing of the app is left");
  await wellMade(ada.page, "what the engineer sees after the revoke");
  await picture(ada.page, "story-5-dark");
  await indicator.getByText(/in progress/).waitFor({ state: "detached" });

  assert.deepEqual([...ada.complaints, ...gus.complaints], []);
});

/** Moves the focus by keyboard until the button `name` has it. */
async function reach(page, name) {
  const focused = () => page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.textContent?.trim();
  });
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused()) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no key leads to "${name}"`);
}
