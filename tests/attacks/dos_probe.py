#!/usr/bin/env python3
"""Bounded resource probes against our own proxy on loopback.  While each probe runs, a canary request is sent every 100 ms;
a probe passes when no canary fails, the slowest canary stays under --max-ms and the proxy's RSS grows less than --max-mb.
  python3 dos_probe.py --proxy 127.0.0.1:18080 --h2-proxy 127.0.0.1:18081 --pid 1234 [--only slow]   (stdlib only)"""
import argparse, os, socket, struct, sys, threading, time
a = argparse.ArgumentParser(); a.add_argument("--proxy", required=True); a.add_argument("--h2-proxy"); a.add_argument("--pid", type=int); a.add_argument("--cookie", default="__Host-chaperone=TESTSESSION")
a.add_argument("--may-refuse", action="store_true", help="503 is no failure: a starved machine refuses rather than guess")
a.add_argument("--max-ms", type=float, default=500); a.add_argument("--max-mb", type=float, default=64); a.add_argument("--only", default=""); a.add_argument("--secs", type=float, default=6)
A = a.parse_args(); hp = lambda s: (s.rsplit(":", 1)[0], int(s.rsplit(":", 1)[1])); P = hp(A.proxy); P2 = hp(A.h2_proxy or A.proxy)
if not P[0].startswith("127."): sys.exit("loopback only")
def rss():
    if not A.pid: return 0.0
    t = 0
    pids = [A.pid] + [int(x) for x in os.popen("pgrep -P %d" % A.pid).read().split()]
    for p in pids:
        try: t += int([l for l in open("/proc/%d/status" % p) if l.startswith("VmRSS")][0].split()[1])
        except (OSError, IndexError): pass
    return t / 1024
def fr(t, f, sid, pl=b""): return struct.pack("!I", len(pl))[1:] + bytes([t, f]) + struct.pack("!I", sid) + pl
s7 = lambda x: bytes([len(x)]) + x
def lit(n, v): return b"\x00" + s7(n) + (s7(v) if len(v) < 127 else b"\x7f" + bytes([(len(v) - 127) & 127 | 128, (len(v) - 127) >> 7]) + v)
HB = b"\x82" + b"\x86" + lit(b":path", b"/invoices") + lit(b":authority", A.proxy.encode()) + lit(b"cookie", A.cookie.encode())
PRE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + fr(4, 0, 0)
def h2(): s = socket.create_connection(P2, 3); s.sendall(PRE); return s
def drain(s, stop):
    s.settimeout(0.2)
    while not stop.is_set():
        try:
            if not s.recv(65536): return
        except socket.timeout: pass
        except OSError: return
def pump(gen, limit):   # send frames until the peer closes, the limit or the time is reached
    s = h2(); st = threading.Event(); threading.Thread(target=drain, args=(s, st), daemon=True).start(); n = 0; end = time.time() + A.secs
    try:
        for b in gen:
            s.sendall(b); n += 1
            if n >= limit or time.time() > end: break
        r = "sent all %d" % n
    except OSError as e: r = "peer closed after %d (%s)" % (n, type(e).__name__)
    time.sleep(0.5); st.set(); s.close(); return r
def sid():
    i = 1
    while True: yield i; i += 2
def rapid_reset(): return pump((fr(1, 5, i, HB) + fr(3, 0, i, struct.pack("!I", 8)) for i in sid()), 20000)
def continuation(): return pump((x for x in [fr(1, 1, 1, HB)] + [fr(9, 0, 1, lit(b"x-a", b"b" * 900))] * 8000), 8001)
def empty_data(): return pump((x for x in [fr(1, 4, 1, b"\x83\x86" + lit(b":path", b"/notes") + lit(b":authority", b"x") + lit(b"cookie", A.cookie.encode()))] + [fr(0, 0, 1)] * 50000), 50001)
def settings(): return pump((fr(4, 0, 0, struct.pack("!HI", 4, 65535 + i % 9)) for i in range(50000)), 50000)
def ping(): return pump((fr(6, 0, 0, struct.pack("!Q", i)) for i in range(50000)), 50000)
def made_you_reset(): return pump((fr(1, 5, i, HB) + fr(8, 0, i, struct.pack("!I", 0)) for i in sid()), 20000)   # our protocol errors make the SERVER reset
def zero_window():
    out = []
    for _ in range(20):
        s = socket.create_connection(P2, 3); s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + fr(4, 0, 0, struct.pack("!HI", 4, 0)))
        hb = b"\x82\x86" + lit(b":path", b"/__up/big?n=5000000") + lit(b":authority", b"x") + lit(b"cookie", A.cookie.encode())
        for i in range(1, 40, 2): s.sendall(fr(1, 5, i, hb))
        out.append(s)
    time.sleep(A.secs); [s.close() for s in out]; return "20 conns x 20 streams, window 0"
def slowloris():
    ss = [socket.create_connection(P, 3) for _ in range(300)]; end = time.time() + A.secs; closed = 0
    for s in ss: s.sendall(b"GET /invoices HTTP/1.1\r\nHost: x\r\n"); s.setblocking(False)
    while time.time() < end:
        for s in ss:
            try: s.send(b"X-a: b\r\n")
            except OSError: pass
        time.sleep(0.5)
    for s in ss:
        try: closed += s.recv(1) == b""
        except BlockingIOError: pass
        except OSError: closed += 1
        s.close()
    return "300 slow heads, %d closed by the proxy within %.0f s" % (closed, A.secs)
def slow_body():
    ss = [socket.create_connection(P, 3) for _ in range(200)]
    for s in ss: s.sendall(("POST /notes HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nContent-Length: 1000000\r\n\r\nz" % A.cookie).encode())
    end = time.time() + A.secs
    while time.time() < end:
        for s in ss:
            try: s.send(b"z")
            except OSError: pass
        time.sleep(0.5)
    [s.close() for s in ss]; return "200 slow bodies"
def slow_read():
    ss = []
    for _ in range(60):
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048); s.connect(P); s.sendall(("GET /__up/big?n=8000000 HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n" % A.cookie).encode()); ss.append(s)
    time.sleep(A.secs); [s.close() for s in ss]; return "60 readers that do not read 8 MB each"
def conn_flood():
    ss = []
    try:
        for _ in range(900): ss.append(socket.create_connection(P, 1))
        r = "900 idle connections accepted"
    except OSError as e: r = "stopped at %d (%s)" % (len(ss), type(e).__name__)
    time.sleep(2); [s.close() for s in ss]; return r
def body_flood():
    s = socket.create_connection(P, 3); s.sendall(("POST /notes HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % A.cookie).encode()); n = 0; s.settimeout(2)
    try:
        for _ in range(800): s.sendall(b"10000\r\n" + b"z" * 65536 + b"\r\n"); n += 65536
    except OSError: pass
    s.close(); return "%d MB chunked, never ended" % (n >> 20)
def tiny_chunks():
    s = socket.create_connection(P, 3); s.sendall(("POST /notes HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % A.cookie).encode()); n = 0; s.settimeout(2)
    try:
        for _ in range(300): s.sendall(b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nz\r\n" * 500); n += 500
        s.sendall(b"0\r\n\r\n")
    except OSError: pass
    s.close(); return "%d one-byte chunks with extensions" % n
PROBES = [slowloris, slow_body, slow_read, conn_flood, body_flood, tiny_chunks] + ([rapid_reset, continuation, empty_data, settings, ping, made_you_reset, zero_window])
WAIT = max(3, A.max_ms / 1000)
def canary(stop, out):
    rq = ("GET /canary HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nConnection: close\r\n\r\n" % A.cookie).encode()
    while not stop.is_set():
        t = time.time()
        try:
            s = socket.create_connection(P, WAIT); s.settimeout(WAIT); s.sendall(rq); b = b""
            while True:
                d = s.recv(4096)
                if not d: break
                b += d
            s.close(); got = b.split(b"\r\n")[0] + b" " + b[-120:]; out.append(((time.time() - t) * 1000, got.startswith(b"HTTP/1.1 200"), got))
        except OSError as e: out.append(((time.time() - t) * 1000, False, repr(e)))
        time.sleep(0.1)
bad = 0
for f in PROBES:
    if A.only not in f.__name__: continue
    stop, out = threading.Event(), []; th = threading.Thread(target=canary, args=(stop, out)); th.start(); m0 = rss(); peak = [m0]
    def watch():
        while not stop.is_set(): peak[0] = max(peak[0], rss()); time.sleep(0.1)
    w = threading.Thread(target=watch); w.start(); t0 = time.time()
    try: note = f()
    except OSError as e: note = "probe error %r" % e
    stop.set(); th.join(); w.join()
    fails = sum(not c[1] and not (A.may_refuse and str(c[2]).startswith("b'HTTP/1.1 503")) for c in out) + (not any(c[1] for c in out)); mx = max([c[0] for c in out] or [0]); ok = not fails and mx <= A.max_ms and peak[0] - m0 <= A.max_mb; bad += not ok
    print("%-4s %-15s canaries %3d failed %2d max %6.0f ms  RSS +%5.1f MB  %4.1f s  %s" % ("pass" if ok else "FAIL", f.__name__, len(out), fails, mx, peak[0] - m0, time.time() - t0, note), [c[2] for c in out if not c[1]][:3] or "", flush=True)
print("%d passed, %d failed" % (sum(A.only in f.__name__ for f in PROBES) - bad, bad)); sys.exit(bool(bad))
