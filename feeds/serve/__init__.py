"""`feeds serve`: output/ and live queries over HTTP. Called by cli and daemon."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from feeds.errors import FeedsError, ServeError
from feeds.serve.files import Files
from feeds.serve.live import Live
from feeds.serve.protocol import LimitedProtocol
from feeds.serve.queries import Queries
from feeds.serve.refusals import Refusals
from feeds.serve.vitals import Vitals
from feeds.serve.wrapping import Wrapped

logger = logging.getLogger(__name__)

_BACKLOG = 1024
_SEND_BUFFER = 131_072  # bytes that the kernel keeps for a client that is slow to listen; Linux doubles it
_ENDING = 5  # seconds that answers under way may take when the server is told to stop


def make_app(live: Live) -> Wrapped:
    """The ASGI application: live queries, health and metrics, and everything else from output/."""
    refusals = Refusals(live)
    queries, vitals = Queries(live, refusals), Vitals(live)
    routes = [
        Route("/search", queries.page, methods=["GET"]),
        Route("/search/{file}", queries.feed, methods=["GET"]),
        Route("/api/articles", queries.articles, methods=["GET"]),
        Route("/api/openapi.json", queries.openapi, methods=["GET"]),
        Route("/healthz", vitals.health, methods=["GET"]),
        Route("/metrics", vitals.metrics, methods=["GET"]),
    ]
    app = Starlette(routes=routes)
    app.router.default = Files(lambda: live.config.output_dir, refusals)
    app.router.redirect_slashes = False
    return Wrapped(app, vitals.count)


class Server:
    """A running server. Raises ServeError where *host* and *port* can't be had."""

    def __init__(self, path: Path, host: str, port: int) -> None:
        self._socket = _bound(host, port)
        self._live = Live(path)
        config = uvicorn.Config(
            make_app(self._live),
            http=LimitedProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="error",  # below that are complaints about clients: as many lines as they please
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=_ENDING,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._stopping = threading.Event()
        self._indexing = threading.Thread(target=self._index, daemon=True)

    @property
    def url(self) -> str:
        """Where it can be reached."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def start(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._thread.start()
        self._indexing.start()

    def _index(self) -> None:
        """Bring what an older store has into the full-text index, while answering."""
        try:
            self._live.store.index(self._stopping.is_set)
        except FeedsError as error:
            logger.warning("%s", error)

    def stop(self) -> None:
        """Take no more requests, and return when those under way are answered, or after a few seconds."""
        self._stopping.set()
        self._server.should_exit = True
        self._thread.join(_ENDING + 2)
        self._indexing.join()
        self._socket.close()
        self._live.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as stack:
            bound = stack.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)  # of each connection
            bound.bind(address)
            bound.listen(_BACKLOG)
            stack.pop_all()  # it stays open
            return bound
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ServeError(f"{host}, port {port} can't be served on: {reason}") from error
