"""The services of the demo servers: small, but they listen, answer and log as real ones do."""

import argparse
import contextlib
import os
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opsmanager.embedded.demo.inside import journal

HOST = "127.0.0.1"


def main(arguments: list[str]) -> int:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="service")
    parser.add_argument("name")
    parser.add_argument("--http", type=int, help="port to answer HTTP on")
    parser.add_argument("--tcp", type=int, help="port to answer lines on")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two log lines")
    parser.add_argument("--says", default="alive", help="what those lines say")
    options = parser.parse_args(arguments)
    servers: list[socketserver.BaseServer] = []
    if options.http:
        servers.append(_HttpServer((HOST, options.http), _Page))
    if options.tcp:
        servers.append(_LineServer((HOST, options.tcp), _Line))
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = ", ".join(str(port) for port in (options.http, options.tcp) if port)
    _log(options.name, f"Listening on {HOST}:{ports}" if ports else "Started")
    while True:
        time.sleep(options.every)
        _log(options.name, options.says)


def _log(name: str, text: str) -> None:
    # A full disk is no reason for a service to fall over.
    with contextlib.suppress(OSError):
        print(journal.line(name, os.getpid(), text), flush=True)


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"ok\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        _log("http", f"{self.command} {self.path} 200")


class _LineServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for _ in self.rfile:
            self.wfile.write(b"PONG\n")
