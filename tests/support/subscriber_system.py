"""The subscriber's system: a web server on loopback that takes notifications and answers as a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import attrs


@attrs.define
class SubscriberSystem:
    """What it was notified of, and the HTTP status that it answers."""

    url: str
    status: int = 204
    notified: list[dict[str, Any]] = attrs.field(factory=list)  # Any: JSON as it came


@contextmanager
def subscriber_system() -> Iterator[SubscriberSystem]:
    """One that runs until the end of the block."""

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take one notification."""
            system.notified.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(system.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Requests)
    system = SubscriberSystem(f"http://127.0.0.1:{server.server_port}/voicemail?key=1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
