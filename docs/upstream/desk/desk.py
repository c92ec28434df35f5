"""Two issuers on your desk, to try a gate without an identity provider. Needs PyJWT and cryptography.

python desk.py keys          writes the issuers' public keys, and a token of an engineer and of a member
python desk.py enter KEY     the member grants, the engineer enters; prints the cookie of the session (and the grant)
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

GATE = os.environ.get("GATE", "http://127.0.0.1:8080")
ADA = {"iss": "https://idp.example.com", "sub": "ada", "email": "ada@example.com", "groups": ["support"], "org": "vendor"}
OLGA = {"iss": "https://app.example.com", "sub": "olga", "email": "olga@acme.example", "workspace": "acme", "role": "owner"}


def vouch(name, claims):
    key = Ed25519PrivateKey.generate()
    jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "desk"}
    with open(f"{name}.jwks.json", "w", encoding="utf-8") as file:
        json.dump({"keys": [jwk]}, file)
    now = int(time.time())
    claims = claims | {"aud": "chaperone", "iat": now, "exp": now + 86400}
    with open(f"{name}.token", "w", encoding="utf-8") as file:
        file.write(jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "desk"}))


def call(method, path, bearer, document):
    headers = {"authorization": f"Bearer {bearer}", "content-type": "application/json"}
    body = json.dumps(document).encode()
    request = urllib.request.Request(f"{GATE}/.chaperone/api/v1{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        sys.exit(f"{method} {path}: {refused.read().decode()}")


def token(name):
    with open(f"{name}.token", encoding="utf-8") as file:
        return file.read()


def enter(key):
    call("PUT", "/workspaces/acme", key, {"name": "Acme", "plan": "business", "forced_sso": False})
    grant = call("POST", "/workspaces/acme/grants", token("customers"), {"access": "full", "duration": "1d"})
    why = {"workspace": "acme", "grant": grant["id"], "reason": "to try it"}
    session = call("POST", "/sessions", token("staff"), why)
    print("__Host-chaperone=" + session["token"])
    print("grant", grant["id"], file=sys.stderr)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["keys"]:
            vouch("staff", ADA)
            vouch("customers", OLGA)
        case ["enter", key]:
            enter(key)
        case _:
            sys.exit(__doc__)
