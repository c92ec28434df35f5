// Apps of others behind the gate, in a real browser: copyparty, a file server, and swagger-ui, a heavy single-page app that it serves. Their
// pages work with the banner on them, and what is no page comes byte for byte.
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import { person, picture, places, story } from "./lib.mjs";

const digest = process.argv[2];

await story(async (browser) => {
  const { page, context } = await person(browser);
  // The provider of the tests asks nothing.
  await page.goto(`${places.gate}/.chaperone/login`);
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const begun = await fetch(`${places.gate}/.chaperone/api/v1/sessions`, {
    method: "POST",
    headers: { Cookie: cookies, Origin: places.gate, "Content-Type": "application/json" },
    body: JSON.stringify({ workspace: "acme", reason: "an invoice is wrong" }),
  });
  assert.equal(begun.status, 201, await begun.text());
  const [name, value] = begun.headers.getSetCookie()[0].split(";")[0].split("=");
  await context.addCookies([{ name, value, url: places.gate.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Lax" }]);

  const failures = [];
  page.on("pageerror", (error) => failures.push(error.message));
  const banner = page.getByRole("region", { name: "Support session" });

  await page.goto(`${places.gate}/u/olga/`);
  await banner.waitFor();
  await page.getByRole("link", { name: "octets.bin" }).waitFor();
  const came = Buffer.from(await page.evaluate(async () => Array.from(new Uint8Array(await (await fetch("octets.bin")).arrayBuffer()))));
  assert.equal(createHash("sha256").update(came).digest("hex"), digest, "what is no page is untouched");
  await picture(page, "real-copyparty");

  // The single-page app draws itself; the banner stays, and reloads do not double it.
  await page.goto(`${places.gate}/u/olga/heavy/index.html`);
  await page.getByText("Failed to load API definition").waitFor();
  await banner.waitFor();
  await page.evaluate(() => { document.body.replaceChildren(document.createElement("main")); });
  await banner.waitFor();
  await page.evaluate(() => { document.querySelector("chaperone-banner").remove(); });
  await banner.waitFor();
  assert.equal(await page.locator("chaperone-banner").count(), 1);
  await picture(page, "real-spa");
  assert.deepEqual(failures, []);

  // Leaving always works.
  await banner.getByRole("link", { name: "Leave" }).click();
  await page.getByRole("button", { name: "Leave" }).click();
  await page.waitForURL("**/.chaperone/console/**");
  await page.goto(`${places.gate}/u/olga/`);
  assert.equal(await banner.count(), 0);
});
