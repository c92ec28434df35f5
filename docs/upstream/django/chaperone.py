"""Verifies X-Chaperone-Assertion. Needs PyJWT and cryptography; knows no framework."""
import json
import logging
import threading
import time
import urllib.request
from urllib.parse import unquote

import jwt

FRESH = 300  # seconds for which the gate's keys are used without asking again
PAUSE = 10  # seconds between two questions for keys, whatever comes in
LEEWAY = 5  # seconds by which clocks may differ
REQUIRED = ["iss", "aud", "sub", "workspace", "session", "access", "mode", "iat", "nbf", "exp", "act"]


class Refused(Exception):
    """The gate has not vouched for this request: answer 401."""


class Gate:
    """A gate whose word is taken: `issuer` is its public_url, `bind` what its route says."""

    def __init__(self, issuer, audience=None, jwks_url=None, bind="session"):
        self.issuer = issuer
        self.audience = audience or issuer
        self.jwks_url = jwks_url or issuer + "/.chaperone/jwks.json"
        self.bind = bind
        self._keys, self._asked, self._lock = {}, float("-inf"), threading.Lock()

    def verify(self, assertion, method, path):
        """The claims of a genuine assertion; `path` is the request's, decoded, without query."""
        try:
            key = self._key(jwt.get_unverified_header(assertion).get("kid"))
            claims = jwt.decode(
                assertion, key, algorithms=["EdDSA"], issuer=self.issuer, audience=self.audience,
                leeway=LEEWAY, options={"require": REQUIRED},
            )
        except jwt.PyJWTError as wrong:
            raise Refused(str(wrong)) from wrong
        if self.bind == "request" and (claims.get("method"), unquote(claims.get("path", ""))) != (method, path):
            raise Refused("the assertion is that of another request")
        return claims

    def _key(self, kid):
        with self._lock:
            age = time.monotonic() - self._asked
            if age > FRESH or (kid not in self._keys and age > PAUSE):
                self._asked = time.monotonic()
                self._fetch()
            if kid not in self._keys:
                raise Refused("the assertion is signed by an unknown key")
            return self._keys[kid]

    def _fetch(self):
        try:
            with urllib.request.urlopen(self.jwks_url, timeout=2) as answer:
                keys = json.load(answer)["keys"]
            self._keys = {key["kid"]: jwt.PyJWK(key).key for key in keys}
        except (OSError, ValueError, KeyError, jwt.PyJWTError):
            logging.exception("cannot fetch %s; going on with the keys at hand", self.jwks_url)
