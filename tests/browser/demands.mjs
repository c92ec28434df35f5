// What the documents of real systems demand of pages, one by one: `node demands.mjs s3` plays one.
import assert from "node:assert/strict";
import { person, places, signIn, story } from "./lib.mjs";

const WORKSPACE = "globex";
const SETTINGS = `${places.app}/w/${WORKSPACE}/settings/support-access`;
const REASON = "The invoice total is off by a cent and I want to see why";

/** Gus, who owns Globex, signed in to the app. */
async function owner(browser) {
  const { page } = await person(browser);
  await page.goto(`${places.app}/front-door`);
  await page.locator("li", { hasText: "Gus Hartmann" }).getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`**/w/${WORKSPACE}/**`);
  return page;
}

const panel = (page) => page.locator("support-access-panel");
const heading = (root, name) => root.getByRole("heading", { name, exact: true });

/** Opens the settings inside the app, by its navigation. */
async function throughTheNavigation(page) {
  await page.getByRole("link", { name: "Support access", exact: true }).click();
  await heading(panel(page), "Support access").waitFor();
}

/** From there to the page of its own. */
async function asAPageOfItsOwn(page) {
  await page.getByRole("button", { name: "Open it as a page of its own" }).click();
  await page.waitForURL(`${places.gate}/.chaperone/support-access/**`);
}

/** Grants for seven days, wherever the form stands. */
async function grants(root) {
  await root.getByRole("group", { name: "For how long" }).getByLabel("7 days").check();
  await root.getByRole("button", { name: "Grant access" }).click();
  await heading(root, "Who may enter").waitFor();
}

/** Ada asks for access to Globex. */
async function engineerAsks(browser) {
  const { page } = await person(browser, { expected: [/status of 40[13]/] });
  await signIn(page, "Ada Lindqvist", `/.chaperone/console/workspaces/${WORKSPACE}`);
  await page.getByLabel("Reason").last().fill(REASON);
  await page.getByRole("button", { name: "Ask for access" }).click();
  await heading(page, "You asked for access").waitFor();
  return page;
}

/** The owner approves in the prompt, as soon as it takes a click; then Ada enters. */
async function approvedAndEntered(ownersPage, engineersPage) {
  const approve = ownersPage.locator("support-access-prompt").getByRole("button", { name: "Approve" });
  await approve.waitFor();
  await ownersPage.waitForTimeout(1000);
  await approve.click();
  const enter = engineersPage.locator("form", { has: engineersPage.getByRole("button", { name: "Enter Globex Logistics" }) });
  await enter.getByLabel("Reason").fill(REASON);
  await enter.getByRole("button", { name: "Enter Globex Logistics" }).click();
  await engineersPage.waitForURL(`**/w/${WORKSPACE}/**`);
}

const demands = {
  async l1(browser) {
    await throughTheNavigation(await owner(browser));
  },

  async l3(browser) {
    const page = await owner(browser);
    await throughTheNavigation(page);
    await panel(page).getByRole("button", { name: "Grant access" }).click();
    await heading(panel(page), "Support access is on").waitFor();
    await panel(page).getByText("until somebody revokes it").waitFor();
  },

  async s3(browser) {
    const page = await owner(browser);
    await page.goto(SETTINGS);
    await heading(panel(page), "Support access").waitFor();
  },

  async s10(browser) {
    const page = await owner(browser);
    await page.goto(SETTINGS);
    await heading(panel(page), "Support access is off").waitFor();
    assert.equal(await heading(panel(page), "Who may enter").count(), 0);
    await grants(panel(page));
    await heading(panel(page), "Support access is on").waitFor();
    await panel(page).getByRole("button", { name: /^Revoke/ }).waitFor();
  },

  async f2(browser) {
    const page = await owner(browser);
    await throughTheNavigation(page);
    await heading(panel(page), "Nobody needs your password").waitFor();
    const report = panel(page).getByRole("link", { name: /asked for it|asks for it/ });
    assert.match(await report.getAttribute("href"), /^http/);
  },

  async f6(browser) {
    const page = await owner(browser);
    await throughTheNavigation(page);
    const form = panel(page);
    await form.getByLabel("For whom").selectOption({ label: "Ledgerly Support" });
    await form.getByRole("group", { name: "For how long" }).getByLabel("7 days").check();
    const beside = await page.context().newPage();
    await beside.goto(SETTINGS);
    await heading(panel(beside), "Support access is off").waitFor();
    await form.getByRole("button", { name: "Grant access" }).click();
    await form.getByRole("listitem").filter({ hasText: "Ledgerly Support" }).waitFor();
    await beside.reload();
    await heading(panel(beside), "Support access is on").waitFor();
  },

  async f7(browser) {
    const page = await owner(browser);
    await throughTheNavigation(page);
    await grants(panel(page));
    const granted = async (root) => (await root.getByRole("listitem").filter({ hasText: "granted" }).locator("h3").innerText()).trim();
    const inTheApp = await granted(panel(page));
    await panel(page).getByRole("button", { name: /^Revoke/ }).click();
    await heading(panel(page), "Support access is off").waitFor();
    await asAPageOfItsOwn(page);
    await grants(page.locator("main"));
    assert.equal(await granted(page.locator("main")), inTheApp);
  },

  async b3(browser) {
    const page = await owner(browser);
    await throughTheNavigation(page);
    const form = panel(page);
    await form.getByText(/at least 7 days/).waitFor();
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    await form.getByLabel("Until a date").check();
    await form.getByLabel("Last day").fill(tomorrow);
    await form.getByRole("button", { name: "Grant access" }).click();
    await heading(form, "Support access is on").waitFor();
  },

  async b6(browser) {
    const page = await owner(browser);
    await throughTheNavigation(page);
    const setting = (root) => root.getByRole("group", { name: "For how long" }).innerText();
    const first = await setting(panel(page));
    await page.goto(SETTINGS);
    assert.equal(await setting(panel(page)), first);
    await asAPageOfItsOwn(page);
    assert.equal(await setting(page.locator("main")), first);
  },

  async t10(browser) {
    const page = await owner(browser);
    await engineerAsks(browser);
    const prompt = page.locator("support-access-prompt");
    await prompt.getByText(REASON).waitFor();
    await prompt.getByRole("button", { name: "Decline" }).waitFor();
  },

  async t25(browser) {
    const page = await owner(browser);
    const warning = page.locator("support-access-banner").getByText(/in progress/);
    assert.equal(await warning.count(), 0);
    await approvedAndEntered(page, await engineerAsks(browser));
    await warning.waitFor();
  },

  async t27(browser) {
    const page = await owner(browser);
    const warning = page.locator("support-access-banner").getByText(/in progress/);
    await approvedAndEntered(page, await engineerAsks(browser));
    for (const name of ["Invoices", "Notes", "Overview"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await warning.waitFor();
    }
    await page.goto("about:blank");
    await page.goto(`${places.app}/w/${WORKSPACE}/`);
    await warning.waitFor();
    await page.locator("support-access-banner").getByRole("button", { name: /^End/ }).click();
    await warning.waitFor({ state: "detached" });
  },
};

await story(demands[process.argv[2]]);
