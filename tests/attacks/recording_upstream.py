#!/usr/bin/env python3
"""Recording upstream: a raw-socket HTTP/1.1 origin that writes, one JSON line per request, the EXACT bytes it got.

Stdlib only, loopback only.  Stdout (or --log FILE, appended, flushed per line):
  {"t":..., "conn":1, "seq":1, "raw":"latin-1 text of the exact bytes", "method","target","version",
   "headers":[[name,value]..], "trailers":[..], "body":"latin-1", "flags":[framing/syntax oddities]}
Every request is answered 200 with a small JSON body that echoes conn/seq/target, on a kept-alive connection,
so a proxy's connection pool is exercised and a desync shows up as a wrong echo.

Special targets (path only, for response-side and long-lived tests):
  /__up/resp/<name>   one of the odd responses in RESP below
  /__up/sse?n=&ms=    text/event-stream, one event each ms, counts writes in a final log line
  /__up/slow?ms=      answers after ms
  /__up/big?n=        n bytes of body
  any target with 'Upgrade: websocket' -> 101 and then every byte received is echoed (log line 'tunnel')
--framing te|cl : which length wins when both are sent (default te)."""
import argparse, base64, hashlib, json, re, socket, sys, threading, time
from urllib.parse import urlsplit, parse_qs

TCHAR = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")
LOCK = threading.Lock()
OUT = sys.stdout
ARGS = None

RESP = {  # name -> raw response bytes (response-side corpus)
 "cookie-toss": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: __Host-chaperone=EVILSESSION; Path=/; Secure\r\nSet-Cookie: app=1; Path=/\r\n\r\nok",
 "cookie-toss-case": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: __host-Chaperone=EVILSESSION; Path=/; Secure\r\nSet-Cookie: app=1\r\n\r\nok",
 "cookie-toss-nameless": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: =__Host-chaperone=EVILSESSION; Path=/\r\nSet-Cookie: app=1\r\n\r\nok",
 "cookie-domain": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: __Secure-chaperone_csrf=EVILSESSION; Domain=localhost; Path=/\r\n\r\nok",
 "echo-assertion": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Chaperone-Assertion: LEAKEDASSERTION\r\nX-Chaperone-User: LEAKEDUSER\r\n\r\nok",
 "dup-cl": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 50\r\n\r\nok",
 "cl-te": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
 "split-lf": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\nSet-Cookie: __Host-chaperone=EVILSESSION\r\n\r\nok",
 "split-cr": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\rSet-Cookie: __Host-chaperone=EVILSESSION\r\n\r\nok",
 "extra-response": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON",
 "alt-svc": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAlt-Svc: h3=\":8443\"; ma=86400; persist=1\r\n\r\nok",
 "unasked-101": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
 "many-1xx": b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 200 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
 "early-hints-cookie": b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: __Host-chaperone=EVILSESSION\r\nX-Chaperone-User: LEAKEDUSER\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
 "trailer-cookie": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: __Host-chaperone=EVILSESSION\r\n\r\n",
 "truncated": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this",
 "truncated-chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
 "sw-allowed": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/javascript\r\nService-Worker-Allowed: /\r\nClear-Site-Data: \"cookies\"\r\n\r\nok",
 "huge-header": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Big: " + b"A" * 600000 + b"\r\n\r\nok",
 "location-internal": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://{UPHOST}/invoices\r\n\r\n",
 "hop-by-hop": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Inner\r\nX-Inner: LEAKEDHOP\r\nKeep-Alive: timeout=1\r\nProxy-Authenticate: Basic realm=LEAKEDHOP\r\n\r\nok",
}
BLOCK = b"x" * 65536
CLOSE_AFTER = {"truncated", "truncated-chunked", "dup-cl", "cl-te", "split-lf", "split-cr"}

def log(o):
    with LOCK:
        OUT.write(json.dumps(o) + "\n"); OUT.flush()

class Conn:
    def __init__(s, sock, cid): s.s, s.id, s.buf, s.seq = sock, cid, b"", 0
    def more(s):
        try: d = s.s.recv(65536)
        except OSError: d = b""
        s.buf += d
        return bool(d)
    def need(s, n):
        while len(s.buf) < n:
            if not s.more(): return False
        return True
    def line_end(s, start):
        while True:
            i = s.buf.find(b"\n", start)
            if i >= 0: return i + 1
            if len(s.buf) > 4_000_000 or not s.more(): return -1

    def read_request(s):
        flags = []
        while s.buf[:2] == b"\r\n": s.buf = s.buf[2:]; flags.append("leading_crlf")
        if not s.buf and not s.more(): return None
        pos, lines = 0, []
        while True:
            e = s.line_end(pos)
            if e < 0: return s.partial(flags)
            ln = s.buf[pos:e]; pos = e
            if not ln.endswith(b"\r\n"): flags.append("bare_lf"); ln = ln[:-1]
            else: ln = ln[:-2]
            if b"\r" in ln: flags.append("bare_cr")
            if ln == b"" : break
            lines.append(ln)
        if not lines: return s.partial(flags)
        rl = lines[0].split(b" ")
        if len(rl) != 3: flags.append("bad_request_line")
        method, target, version = (rl + [b"", b"", b""])[:3] if len(rl) <= 3 else (rl[0], b" ".join(rl[1:-1]), rl[-1])
        if not TCHAR.match(method): flags.append("bad_method")
        if re.search(rb"[\x00-\x20\x7f-\xff#]", target): flags.append("bad_target_bytes")
        hs = []
        for ln in lines[1:]:
            if ln[:1] in b" \t" and ln[:1]: flags.append("obs_fold"); hs.append([b"<fold>", ln.strip()]); continue
            n, c, v = ln.partition(b":")
            if not c: flags.append("no_colon")
            if n != n.strip(): flags.append("space_in_name")
            elif not TCHAR.match(n): flags.append("bad_name")
            v = v.strip(b" \t")
            if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", v): flags.append("ctl_in_value")
            hs.append([n, v])
        low = [(n.lower().strip(), v) for n, v in hs]
        cls = [v for n, v in low if n == b"content-length"]; tes = [v for n, v in low if n == b"transfer-encoding"]
        hosts = [v for n, v in low if n == b"host"]
        if len(hosts) != 1: flags.append("host_count_%d" % len(hosts))
        if cls and tes: flags.append("cl_and_te")
        if len(cls) > 1: flags.append("dup_cl")
        if any(not re.fullmatch(rb"[0-9]{1,18}", v) for v in cls): flags.append("bad_cl")
        if tes and [v.lower() for v in tes] != [b"chunked"]: flags.append("odd_te")
        if tes and version != b"HTTP/1.1": flags.append("te_on_old_version")
        sq = lambda n: re.sub(rb"[^a-z0-9]", b"-", n)
        for n, v in low:
            if sq(n) in (b"content-length", b"transfer-encoding", b"host", b"connection") and sq(n) != n.replace(b"_", b"-") : flags.append("lookalike_framing:" + n.decode("latin-1"))
            elif sq(n) in (b"content-length", b"transfer-encoding") and b"_" in n: flags.append("lookalike_framing:" + n.decode("latin-1"))
        body, trailers = b"", []
        chunked = bool(tes) and b"chunked" in tes[-1].lower()
        if chunked and (ARGS.framing == "te" or not cls):
            while True:
                e = s.line_end(pos)
                if e < 0: return s.partial(flags + ["truncated_body"])
                ln = s.buf[pos:e]; pos = e
                if not ln.endswith(b"\r\n"): flags.append("chunk_bare_lf")
                size = ln.strip(b"\r\n")
                if b";" in size:
                    flags.append("chunk_ext")
                    if b"\r" in size or b"\n" in size: flags.append("chunk_ext_ctl")
                    size = size.split(b";")[0].rstrip(b" \t")
                if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", size): flags.append("bad_chunk_size"); return s.partial(flags)
                k = int(size, 16)
                if k == 0: break
                if not s.need(pos + k + 2): return s.partial(flags + ["truncated_body"])
                body += s.buf[pos:pos + k]
                if s.buf[pos + k:pos + k + 2] != b"\r\n": flags.append("chunk_no_crlf"); return s.partial(flags)
                pos += k + 2
            while True:
                e = s.line_end(pos)
                if e < 0: return s.partial(flags + ["truncated_body"])
                ln = s.buf[pos:e]; pos = e
                if not ln.endswith(b"\r\n"): flags.append("bare_lf")
                ln = ln.rstrip(b"\r\n")
                if not ln: break
                n, c, v = ln.partition(b":"); trailers.append([n, v.strip(b" \t")])
                if not c: flags.append("trailer_no_colon")
        elif cls and re.fullmatch(rb"[0-9]{1,9}", cls[0]):
            k = int(cls[0])
            if not s.need(pos + k): return s.partial(flags + ["truncated_body"])
            body = s.buf[pos:pos + k]; pos += k
        raw, s.buf = s.buf[:pos], s.buf[pos:]
        s.seq += 1
        d = lambda b: b.decode("latin-1")
        rec = dict(t=round(time.time(), 4), conn=s.id, seq=s.seq, raw=d(raw), method=d(method), target=d(target), version=d(version),
                   headers=[[d(n), d(v)] for n, v in hs], trailers=[[d(n), d(v)] for n, v in trailers], body=d(body), flags=sorted(set(flags)))
        log(rec)
        return rec

    def partial(s, flags):
        if s.buf: log(dict(t=round(time.time(), 4), conn=s.id, seq=s.seq + 1, raw=s.buf.decode("latin-1"), partial=True, flags=sorted(set(flags + ["partial"]))))
        return None

    def run(s):
        try:
            while True:
                r = s.read_request()
                if r is None: break
                if not s.respond(r): break
        except OSError: pass
        finally: s.s.close()

    def respond(s, r):
        h = {n.lower(): v for n, v in r["headers"]}
        u = r["target"].split("?", 1); path = u[0]; q = parse_qs(u[1]) if len(u) > 1 else {}
        n = lambda k, d: min(int((q.get(k) or [d])[0]), 10**7)
        if h.get("upgrade", "").lower() == "websocket" and "upgrade" in h.get("connection", "").lower():
            key = h.get("sec-websocket-key", "")
            acc = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
            s.s.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % acc).encode())
            tot = len(s.buf)
            if s.buf: s.s.sendall(s.buf); s.buf = b""
            while True:
                d = s.s.recv(65536)
                if not d: break
                tot += len(d); s.s.sendall(d)
            log(dict(t=round(time.time(), 4), conn=s.id, event="tunnel_closed", bytes=tot)); return False
        if path.startswith("/__up/resp/"):
            name = path.rsplit("/", 1)[1]; b = RESP.get(name, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            s.s.sendall(b.replace(b"{UPHOST}", h.get("host", "").encode()))
            return name not in CLOSE_AFTER
        if path == "/__up/slow": time.sleep(n("ms", "1000") / 1000)
        if path == "/__up/sse":
            s.s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n")
            k = 0
            try:
                for k in range(n("n", "600")): s.s.sendall(b"data: %d %.3f\n\n" % (k, time.time())); time.sleep(n("ms", "100") / 1000)
            finally: log(dict(t=round(time.time(), 4), conn=s.id, event="sse_closed", sent=k))
            return False
        if path == "/__up/big":   # in blocks: hundreds of them at once must not be what fills the machine's memory
            left = n("n", "0"); s.s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % left)
            while left and r["method"] != "HEAD": s.s.sendall(BLOCK[:left]); left -= min(left, len(BLOCK))
            return True
        body = json.dumps(dict(conn=s.id, seq=s.seq, method=r["method"], target=r["target"])).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        s.s.sendall(head + (b"" if r["method"] == "HEAD" else body))
        return "close" not in h.get("connection", "").lower() and r["version"] == "HTTP/1.1"

def main():
    global ARGS, OUT
    ap = argparse.ArgumentParser(); ap.add_argument("--port", type=int, default=19000); ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--log"); ap.add_argument("--framing", choices=["te", "cl"], default="te"); ap.add_argument("--max-seconds", type=int, default=3600)
    ARGS = ap.parse_args()
    if not ARGS.host.startswith("127.") and ARGS.host != "::1": sys.exit("loopback only")
    if ARGS.log: OUT = open(ARGS.log, "a")
    ls = socket.socket(); ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); ls.bind((ARGS.host, ARGS.port)); ls.listen(512)
    ls.settimeout(1.0); end = time.time() + ARGS.max_seconds; cid = 0
    while time.time() < end:
        try: c, _ = ls.accept()
        except socket.timeout: continue
        cid += 1; c.settimeout(60); c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Conn(c, cid).run, daemon=True).start()
main()
