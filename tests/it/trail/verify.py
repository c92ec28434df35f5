#!/usr/bin/env python3
"""An independent verifier of a trail, written after docs/TRAIL.md alone; Python's standard library is all it needs.

    verify.py JWKS FOLDER                     a journal
    verify.py JWKS EXPORT                     the records of one workspace behind their proof, as JSON Lines or CSV

Exit 0 and a line of JSON when everything is as the document says; else 1 and what is wrong.
"""
import base64
import csv
import hashlib
import json
import os
import re
import sys

NONE = "0" * 64
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()


class Wrong(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Wrong(what)


# --- Ed25519, after RFC 8032, section 5.1.7 --------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    check(y < P and not (x * x - xx) % P and (x or not sign), "not a point of the curve")
    return P - x if x % 2 != sign else x


def point(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = recover_x(y, sign)
    return (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, p):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, p)
        p, scalar = add(p, p), scalar >> 1
    return result


def same(p, q):
    return not (p[0] * q[2] - q[0] * p[2]) % P and not (p[1] * q[2] - q[1] * p[2]) % P


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point(BASE_Y.to_bytes(32, "little"))


def genuine(key, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    return s < L and same(times(s, BASE), add(point(r), times(h, point(key))))


# --- Lines -----------------------------------------------------------------------------------------------------------
def record(line):
    """A line without its newline, whose hash is right."""
    found = re.fullmatch(rb'(.*),"hash":"([0-9a-f]{64})"}', line, re.DOTALL)
    check(found, "this is no record")
    check(sha(found[1], b"}").hex() == found[2].decode(), "the record was changed")
    return json.loads(line)


def checkpoint(line):
    """A line without its newline, with what was signed and the signature."""
    found = re.fullmatch(rb'(.*),"signature":"([A-Za-z0-9_-]{86})"}', line, re.DOTALL)
    check(found, "this is no checkpoint")
    members = json.loads(line)
    members["signed"] = b"chaperone checkpoint\n" + found[1] + b"}"
    members["signature"] = base64.urlsafe_b64decode(found[2] + b"==")
    members["digest"] = sha(line).hex()
    return members


def trusted(checkpoint, keys):
    """Whether one of `keys` has signed; false when none has that name."""
    key = keys.get(checkpoint["kid"])
    if key is None:
        return False
    check(genuine(key, checkpoint["signed"], checkpoint["signature"]), "a signature is not genuine")
    return True


def whole_lines(path):
    """The lines of a file up to its zeros."""
    with open(path, "rb") as file:
        text, zero, rest = file.read().partition(b"\0")
    check(not rest.strip(b"\0"), path + ": zeros, and something behind them")
    check(text.endswith(b"\n") or not text, path + ": the last line is torn")
    return text.split(b"\n")[:-1]


# --- The Merkle tree -------------------------------------------------------------------------------------------------
def leaf(workspace, seq, digest):
    return sha(b"\0", f"{workspace} {seq} {digest}".encode())


def left_of(size):
    return 1 << (size - 1).bit_length() - 1


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    at = left_of(len(leaves))
    return sha(b"\1", root(leaves[:at]), root(leaves[at:]))


def climb(start, index, size, path):
    if size == 1:
        check(index == 0 and not path, "this is no path of the tree")
        return start
    check(path, "this is no path of the tree")
    at, neighbour, below = left_of(size), bytes.fromhex(path[-1]), path[:-1]
    if index < at:
        return sha(b"\1", climb(start, index, at, below), neighbour)
    return sha(b"\1", neighbour, climb(start, index - at, size - at, below))


# --- The whole of it -------------------------------------------------------------------------------------------------
def checkpoints(folder, keys):
    """By their `seq`; and the last record that is covered by one that counts."""
    path = os.path.join(folder, "checkpoints")
    found = [checkpoint(line) for line in whole_lines(path)] if os.path.exists(path) else []
    number, previous, seq = 0, NONE, 0
    for each in found:
        check(each["checkpoint"] == number + 1 and each["previous"] == previous, "checkpoints are missing or changed")
        check(each["seq"] > seq, "a checkpoint covers nothing new")
        number, previous, seq = each["checkpoint"], each["digest"], each["seq"]
    check(not found or trusted(found[-1], keys), "the last checkpoint is of a key that is not trusted")
    return {each["seq"]: each for each in found}, seq


def journal(folder, keys):
    anchors, covered = checkpoints(folder, keys)
    names = sorted(name for name in os.listdir(folder) if re.fullmatch(r"journal-\d{6}\.jsonl", name))
    check(names and names == [f"journal-{n + 1:06}.jsonl" for n in range(len(names))], "a file is missing")
    seq, prev, heads, events = 0, NONE, {}, set()
    for line in (line for name in names for line in whole_lines(os.path.join(folder, name))):
        each = record(line)
        check(each["seq"] == seq + 1 and each["prev"] == prev, f"record {seq + 1} is not in its place")
        seq, prev = each["seq"], each["hash"]
        if each["workspace"] is None:
            check(each["workspace_seq"] is None and each["workspace_prev"] is None, "a place in no workspace")
        else:
            before = heads.get(each["workspace"], (0, NONE))
            check((each["workspace_seq"] - 1, each["workspace_prev"]) == before, "the workspace's chain is broken")
            heads[each["workspace"]] = (each["workspace_seq"], prev)
        if not each["kind"].startswith("access."):
            check(each["event_id"] not in events, "an event is there twice")
            events.add(each["event_id"])
        if seq in anchors:
            anchor = anchors.pop(seq)
            leaves = [leaf(id, *heads[id]) for id in sorted(heads)]
            check(anchor["head"] == prev, "a checkpoint covers another record")
            check((anchor["workspaces"], anchor["root"]) == (len(leaves), root(leaves).hex()), "a root is another")
    check(not anchors, "records that a checkpoint covers are missing")
    return {"records": seq, "unanchored": seq - covered, "head": prev}


def export_lines(path):
    """The lines of an export; of a sheet, the last column of each row behind the columns' names."""
    with open(path, "rb") as file:
        if not file.read(16).startswith(b'"workspace_seq"'):
            return whole_lines(path)
    with open(path, encoding="utf-8", newline="") as file:
        return [row[-1].encode() for row in csv.reader(file)][1:]


def export(path, keys):
    first, *lines = export_lines(path)
    proof = json.loads(first)
    anchor = checkpoint(proof["checkpoint"].encode())
    check(trusted(anchor, keys), "the checkpoint is of a key that is not trusted")
    start = leaf(proof["workspace"], proof["workspace_seq"], proof["hash"])
    reached = climb(start, proof["index"], anchor["workspaces"], proof["path"])
    check(reached.hex() == anchor["root"], "the path does not lead to the root")
    seq, count, prev = 0, 0, NONE
    for line in lines:
        each = record(line)
        check(each["workspace"] == proof["workspace"] and each["seq"] > seq, "a record does not belong here")
        check((each["workspace_seq"], each["workspace_prev"]) == (count + 1, prev), "the chain is broken")
        seq, count, prev = each["seq"], count + 1, each["hash"]
    check((count, prev) == (proof["workspace_seq"], proof["hash"]), "records are missing, or others were added")
    return {"records": count, "unanchored": 0, "head": prev}


def main(jwks, path):
    with open(jwks, "rb") as file:
        document = json.load(file)
    keys = {
        key["kid"]: base64.urlsafe_b64decode(key["x"] + "=")
        for key in document["keys"]
        if (key["kty"], key.get("crv")) == ("OKP", "Ed25519")
    }
    print(json.dumps(journal(path, keys) if os.path.isdir(path) else export(path, keys)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Wrong, ValueError, KeyError, TypeError) as wrong:
        sys.exit(f"not as docs/TRAIL.md says: {wrong}")
