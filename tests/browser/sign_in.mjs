// An engineer signs in at oidc-provider, a certified identity provider, with its own pages: code flow with PKCE; shows anew who they are;
// signs out here and there; is signed out by the provider itself.
//
// `node sign_in.mjs keys FOLDER` makes the provider's keys beforehand: the gate reads the public half when it starts.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { eventually, person, places, story, wellMade } from "./lib.mjs";

const [, , task, folder] = process.argv;
if (task === "keys") {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const about = { use: "sig", alg: "ES256", kid: "provider" };
  writeFileSync(`${folder}/private.json`, JSON.stringify({ keys: [{ ...privateKey.export({ format: "jwk" }), ...about }] }));
  writeFileSync(`${folder}/public.json`, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), ...about }] }));
  process.exit(0);
}

const { default: Provider } = await import(createRequire(`${process.env.CHAPERONE_BROWSER}/package.json`).resolve("oidc-provider"));
const issuer = process.env.CHAPERONE_ISSUER;
const gate = places.gate;
const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(`${folder}/private.json`, "utf8")),
  clients: [{
    client_id: "chaperone-web",
    client_secret: process.env.CHAPERONE_CLIENT_SECRET,
    redirect_uris: [`${gate}/.chaperone/callback`],
    post_logout_redirect_uris: [`${gate}/.chaperone/logout`],
    grant_types: ["authorization_code", "refresh_token"],
    id_token_signed_response_alg: "ES256",
    backchannel_logout_uri: `${gate}/.chaperone/logout/back-channel`,
  }],
  features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true }, devInteractions: { enabled: true } },
  claims: { openid: ["sub", "auth_time"], email: ["email"], profile: ["name"], groups: ["groups"] },
  scopes: ["openid", "offline_access", "email", "profile", "groups"],
  conformIdTokenClaims: false,
  cookies: { keys: ["for this story alone"] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@vendor.example`, name: "Ada Lindqvist", groups: ["support"] }) }),
});
const listening = provider.listen(new URL(issuer).port, "127.0.0.1");

/** Goes through the provider's own pages, as far as it shows any. */
async function atTheProvider(page) {
  await page.getByPlaceholder("Enter any login").fill("ada");
  await page.getByPlaceholder("and password").fill("a password of the provider's, never ours");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.waitForURL((url) => url.href.startsWith(gate) || url.pathname.includes("/interaction/"));
  const consent = page.getByRole("button", { name: "Continue" });
  await eventually("the way back", async () => {
    if (page.url().startsWith(gate)) return true;
    if ((await consent.count()) > 0) await consent.click();
    return page.url().startsWith(gate);
  });
}

await story(async (browser) => {
  const { page, context } = await person(browser);
  await page.goto(`${gate}/.chaperone/login?return=/.chaperone/logout`);
  await atTheProvider(page);
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  await page.getByText("ada@vendor.example").waitFor();
  await wellMade(page, "the page that says who is signed in");
  const before = (await context.cookies()).find(({ name }) => name === "__Host-chaperone-staff").value;

  // The provider remembers them, so it does not ask; where a fresh sign-in is needed, it does.
  await page.goto(`${gate}/.chaperone/login?return=/.chaperone/logout`);
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  await page.goto(`${gate}/.chaperone/login?fresh=true&return=/.chaperone/logout`);
  await atTheProvider(page);
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  const after = (await context.cookies()).find(({ name }) => name === "__Host-chaperone-staff").value;
  assert.notEqual(before, after, "each sign-in has a cookie of its own");

  // Out here, and there.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: /yes/i }).click();
  await page.waitForURL(`${gate}/.chaperone/logout**`);
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();

  // Out there, by another window of theirs: the provider tells us.
  await page.goto(`${gate}/.chaperone/login?return=/.chaperone/logout`);
  await atTheProvider(page);
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${issuer}/session/end`);
  await elsewhere.getByRole("button", { name: /yes/i }).click();
  await eventually("the provider's word", async () => {
    await page.goto(`${gate}/.chaperone/logout`);
    return (await page.getByRole("heading", { name: "You are signed out" }).count()) === 1;
  });
});
listening.close();
process.exit(0);
