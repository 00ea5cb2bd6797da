#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A receiver of webhooks that behaves as badly as the path of the URL says.

usage: receiver.py --log FILE [--cert FILE --key FILE] [--secret TEXT]

Listens on a free port of 127.0.0.1 and prints it. Each request becomes a line of JSON in the log:
path, whether it was taken, and what it was. Ends when its standard input does.

  /ok            200
  /status/N      N, with a body that names the request's query; /status/N/S: Retry-After: S
  /redirect/URL  302 to that URL
  /hang          never answers
  /close         closes without an answer
  /reset         resets the connection
  /slow          the headers, then one byte of the body each 50 ms, without an end
  /slow-head     one byte of the headers each 50 ms, without an end
  /big           200, and 10 MB
  /many-headers  200, and headers without an end
  /garbage       no HTTP
  /moody         every third request fails, in one of these ways after the other
"""
import argparse
import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
import sys
import threading
import time

lock = threading.Lock()
requests = 0
failures = 0
MOODS = ("status/500", "close", "reset", "redirect/http://127.0.0.1:9/", "status/429/0", "linger", "big", "many-headers")


def read_request(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = conn.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, value = line.split(":", 1)
        headers[name.strip().lower()] = value.strip()
    size = int(headers.get("content-length", "0"))
    while len(body) < size:
        chunk = conn.recv(65536)
        if not chunk:
            return None
        body += chunk
    return lines[0].split(" ")[0], lines[0].split(" ")[1], headers, body


def is_signed(headers, body, secret):
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    want = "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(want, headers.get("webhook-signature", ""))


def write_log(args, method, path, headers, body, taken):
    entry = {"method": method, "path": path.split("?")[0], "taken": taken, "headers": headers}
    if args.secret:
        entry["signed"] = is_signed(headers, body, args.secret)
    try:
        event = json.loads(body)
        entry.update({key: event[key] for key in ("id", "subject", "type")})
        entry["task"] = event["data"].get("Id")
    except (ValueError, KeyError, TypeError):
        entry["body"] = body.decode("latin-1")[:200]
    with lock, open(args.log, "a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")


def answer(conn, status, headers=(), body=b""):
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    conn.sendall(("\r\n".join(head) + "\r\n\r\n").encode() + body)


def drip(conn, text):
    conn.sendall(text)
    while True:
        conn.sendall(b"x")
        time.sleep(0.05)


def behave(conn, path, query):
    """Returns whether the connection can be used again."""
    what, _, rest = path.lstrip("/").partition("/")
    if what == "status":
        status, _, wait = rest.partition("/")
        answer(conn, status, [f"Retry-After: {wait}"] if wait else (), f"I was asked {query}\n\033[1mhere".encode())
        return True
    if what == "redirect":
        answer(conn, 302, [f"Location: {rest}"])
        return True
    if what == "hang":
        conn.settimeout(60)
        conn.recv(1)
    if what == "linger":
        conn.settimeout(0.1)
        try:
            conn.recv(1)
        except OSError:
            pass
    if what == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if what == "slow":
        drip(conn, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    if what == "slow-head":
        drip(conn, b"HTTP/1.1 200 OK\r\nX: ")
    if what == "garbage":
        conn.sendall(b"220 mail.example.org ESMTP\r\n" * 10)
    if what == "big":
        answer(conn, 200, (), b"x" * 10_000_000)
    if what == "many-headers":
        conn.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            conn.sendall(b"X-Y: " + b"z" * 1000 + b"\r\n")
    if what == "ok":
        answer(conn, 200, (), b"thanks")
        return True
    return False


def choose(path):
    global requests, failures
    if path != "/moody":
        return path
    with lock:
        requests += 1
        if requests % 3:
            return "/ok"
        failures += 1
        return "/" + MOODS[failures % len(MOODS)]


def serve(conn, args, context):
    try:
        conn.settimeout(60)
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        while True:
            request = read_request(conn)
            if request is None:
                return
            method, target, headers, body = request
            path, _, query = target.partition("?")
            path = choose(path)
            # What answers 200 has taken it, however the rest of the answer looks.
            write_log(args, method, target, headers, body, path in ("/ok", "/big", "/slow"))
            if not behave(conn, path, query):
                return
    except (OSError, ValueError):
        pass
    finally:
        conn.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--secret")
    args = parser.parse_args()
    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def accept():
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=serve, args=(conn, args, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
