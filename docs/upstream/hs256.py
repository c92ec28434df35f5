"""Verifies an assertion of a route with `alg = "HS256"`. `python hs256.py SECRET_FILE < ASSERTION`"""
import sys

import jwt


def verify(assertion, secret, issuer, audience):
    # One algorithm for one kind of key: never a list with both.
    return jwt.decode(
        assertion, secret, algorithms=["HS256"], issuer=issuer, audience=audience, leeway=5,
        options={"require": ["iss", "aud", "sub", "workspace", "nbf", "exp", "act"]},
    )


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        shared = file.read().removesuffix("\n")
    gate = "https://support.example.com"
    print(verify(sys.stdin.read().strip(), shared, gate, gate)["sub"])
