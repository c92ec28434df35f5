// The settings page of a workspace by the rules of one profile: before a grant, after it, after the revoke; on a desk and on a phone,
// by day and by night; inside the app and as a page of its own, with and without JavaScript.
import assert from "node:assert/strict";
import { person, picture, places, profile, story, weight, wellMade } from "./lib.mjs";

const VIEWS = [[1280, 900, false], [1280, 900, true], [390, 844, false], [390, 844, true]];

/** What each profile's page offers, and does not. */
const OFFERS = {
  lambdatest: { offers: ["Until I revoke it"], not: [] },
  segment: { offers: ["7 days"], not: ["Until I revoke it"] },
  salesforce: { offers: ["For whom", "Until a date"], not: ["Until I revoke it"] },
  bizible: { offers: ["For whom", "What for", "Until a date", "at least"], not: ["Until I revoke it"] },
};

await story(async (browser) => {
  // The trail is not part of every plan.
  const { page, complaints } = await person(browser, { expected: [/status of 403/] });
  await page.goto(`${places.app}/front-door`);
  await page.locator("li", { hasText: "Gus Hartmann" }).getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Support access", exact: true }).click();
  const panel = page.locator("support-access-panel");
  await panel.getByRole("heading", { name: "Support access", exact: true }).waitFor();
  await wellMade(page, "the panel inside the app");

  await page.getByRole("button", { name: "Open it as a page of its own" }).click();
  await page.waitForURL(`${places.gate}/.chaperone/support-access/**`);
  await page.getByText("Nobody needs your password").waitFor();
  await page.reload();
  assert.ok((await weight(page)) <= 60_000, `the first page weighs ${await weight(page)} bytes`);
  const { offers, not } = OFFERS[profile] ?? { offers: [], not: [] };
  const text = await page.locator("main").innerText();
  for (const offer of offers) assert.ok(text.includes(offer), `${profile} offers "${offer}": ${text}`);
  for (const missing of not) assert.ok(!text.includes(missing), `${profile} does not offer "${missing}"`);
  await everyView(page, "before");

  const grant = page.getByRole("button", { name: "Grant access" });
  if ((await grant.count()) > 0) {
    // Where nothing is proposed, nothing is granted without a choice.
    const lengths = page.getByRole("group", { name: "For how long" });
    if ((await lengths.locator("input:checked").count()) === 0) await lengths.getByLabel("7 days").check();
    await grant.click();
    await page.getByRole("heading", { name: "Who may enter" }).waitFor();
    await everyView(page, "granted");
    await page.getByRole("button", { name: /^Revoke/ }).first().click();
    await page.getByRole("heading", { name: "Who may enter" }).waitFor({ state: "detached" });
    await everyView(page, "revoked");
  }
  for (const name of ["Sessions", "Support requests", "Trail"]) {
    const link = page.getByRole("navigation").getByRole("link", { name });
    if ((await link.count()) === 0) continue;
    await link.click();
    await everyView(page, name.toLowerCase().replace(" ", "-"));
  }
  assert.deepEqual(complaints, []);
});

async function everyView(page, what) {
  for (const [width, height, dark] of VIEWS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
    await wellMade(page, `${profile}, ${what}, ${width} px${dark ? ", dark" : ""}`);
    await picture(page, `${profile}-${what}-${width}${dark ? "-dark" : ""}`, { fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}
