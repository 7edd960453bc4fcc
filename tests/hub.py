"""A small WebSub hub after the W3C Recommendation (w3.org/TR/websub), as a process of its own: `python -m tests.hub`.

It prints its port. GET /log answers what it was asked, as JSON; POST /mood sets what it answers next.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

ROOM = 60  # seconds for whatever is asked of others


class Hub(ThreadingHTTPServer):
    """Subscriptions by topic and callback (each with its secret), the log, and the mood: (status, headers) to answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.subscriptions: dict[tuple[str, str], str] = {}
        self.log: list[dict[str, Any]] = []
        self.mood: tuple[int, dict[str, str]] = (202, {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def subscribe(self, form: dict[str, str]) -> None:
        """Section 5.3: the subscriber must confirm that it meant it."""
        challenge = secrets.token_hex(8)
        asked = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": challenge,
                 "hub.lease_seconds": form.get("hub.lease_seconds", "3600")}  # fmt: skip
        mark = "&" if "?" in form["hub.callback"] else "?"
        with urllib.request.urlopen(form["hub.callback"] + mark + urlencode(asked), timeout=ROOM) as answer:
            if answer.read().decode() == challenge:
                self.subscriptions[form["hub.topic"], form["hub.callback"]] = form.get("hub.secret", "")

    def distribute(self, topic: str) -> None:
        """Section 7: the topic's content goes to every subscriber, signed where it gave a secret."""
        with urllib.request.urlopen(topic, timeout=ROOM) as answer:
            body, kind = answer.read(), answer.headers["Content-Type"]
        for (subscribed, callback), secret in list(self.subscriptions.items()):
            if subscribed == topic:
                headers = {"Content-Type": kind, "Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"'}
                if secret:
                    headers["X-Hub-Signature"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
                urllib.request.urlopen(urllib.request.Request(callback, body, headers), timeout=ROOM).close()


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self.server.log).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/mood":
            status, headers = json.loads(body)
            self.server.mood = status, headers
            self._answer(204)
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.log.append({"path": self.path, "form": form, "headers": dict(self.headers)})
        status, headers = self.server.mood
        self._answer(status, b"", headers)
        if status == 202:
            work = self.server.distribute if form["hub.mode"] == "publish" else self.server.subscribe
            threading.Thread(target=work, args=(form["hub.url"] if form["hub.mode"] == "publish" else form,)).start()

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | dict(headers or {})).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        return None


if __name__ == "__main__":
    hub = Hub()
    print(hub.server_port, flush=True)
    hub.serve_forever(0.02)
