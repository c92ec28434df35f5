// Verifies X-Chaperone-Assertion. Needs Node.js 18, and no packages.
import { createPublicKey, verify } from "node:crypto";

const FRESH = 300_000; // ms for which the gate's keys are used without asking again
const PAUSE = 10_000; // ms between two questions for keys, whatever comes in
const LEEWAY = 5; // seconds by which clocks may differ

/** The gate has not vouched for this request: answer 401. */
export class Refused extends Error {}

/** A gate whose word is taken: `issuer` is its public_url, `bind` what its route says. */
export class Gate {
  #keys = new Map();
  #asked = -Infinity;
  #asking = null;

  constructor({ issuer, audience = issuer, jwksUrl = `${issuer}/.chaperone/jwks.json`, bind = "session" }) {
    Object.assign(this, { issuer, audience, jwksUrl, bind });
  }

  /** The claims of a genuine assertion; `path` is the request's, as it came, without query. */
  async verify(assertion, method, path) {
    const parts = String(assertion ?? "").split(".");
    if (parts.length !== 3) throw new Refused("there is no assertion");
    const [header, claims] = parts.slice(0, 2).map(read);
    if (header.alg !== "EdDSA" || header.crit !== undefined) throw new Refused("another algorithm than EdDSA");
    const key = await this.#key(header.kid);
    const signature = Buffer.from(parts[2], "base64url");
    if (!key || !verify(null, Buffer.from(`${parts[0]}.${parts[1]}`), key, signature)) {
      throw new Refused("not signed by the gate");
    }
    if (claims.iss !== this.issuer || claims.aud !== this.audience) throw new Refused("for somebody else");
    const now = Date.now() / 1000;
    if (!(claims.nbf - LEEWAY <= now && now < claims.exp + LEEWAY)) throw new Refused("not now");
    if (this.bind === "request" && !(claims.method === method && claims.path === path)) {
      throw new Refused("the assertion is that of another request");
    }
    return claims;
  }

  async #key(kid) {
    const age = performance.now() - this.#asked;
    if (age > FRESH || (!this.#keys.has(kid) && age > PAUSE)) {
      this.#asked = performance.now();
      this.#asking = this.#fetch();
    }
    await this.#asking;
    return this.#keys.get(kid);
  }

  async #fetch() {
    try {
      const answer = await fetch(this.jwksUrl, { signal: AbortSignal.timeout(2000) });
      const { keys } = await answer.json();
      const ours = keys.filter((jwk) => jwk.kty === "OKP" && jwk.crv === "Ed25519");
      this.#keys = new Map(ours.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: "jwk" })]));
    } catch (error) {
      console.error(`cannot fetch ${this.jwksUrl}; going on with the keys at hand`, error);
    }
  }
}

function read(part) {
  try {
    return Object(JSON.parse(Buffer.from(part, "base64url")));
  } catch {
    throw new Refused("not a token");
  }
}

/** Middleware for Express, Connect and the like: `request.support` holds the claims, and nobody passes without them.
 *  With `required: false`, whoever has no assertion passes with `request.support = null`. */
export function chaperone({ required = true, ...options }) {
  const gate = new Gate(options);
  return async (request, response, next) => {
    request.support = null;
    if (!required && request.headers["x-chaperone-assertion"] === undefined) return next();
    try {
      const path = (request.originalUrl ?? request.url).split("?", 1)[0];
      request.support = await gate.verify(request.headers["x-chaperone-assertion"], request.method, path);
    } catch (error) {
      if (!(error instanceof Refused)) return next(error);
      response.writeHead(401, { "content-type": "text/plain" });
      return response.end("not by way of the support gate\n");
    }
    next();
  };
}
