"""The HTTP server of the AWS endpoint: threaded, HTTP/1.1 with keep-alive, silent.

werkzeug's own server closes every connection and waits 10 ms at the end of each, which is most of
what a call costs; its reading of requests (with moto's care for S3 metadata names) is kept.
"""

from __future__ import annotations

import contextlib
import io
import socket
import sys
import threading
import time
import traceback
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from moto.moto_server.werkzeug_app import MotoRequestHandler

from emulator.door.refusals import Answer, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.addresses import Endpoint

_BACKLOG: Final = 128
_BODILESS: Final = (204, 304)
_POLL_S: Final = 0.05  # how soon a stop is noticed


class ApiServer(ThreadingHTTPServer):
    """Serves `answer` on one loopback endpoint, one thread a connection.

    Every answer is dated by `now_s` (Unix time): AWS's clock, whatever the caller's says.
    """

    daemon_threads = True
    request_queue_size = _BACKLOG
    # What werkzeug's request reader asks of its server.
    ssl_context = None
    multithread = True
    multiprocess = False
    _server_version = "understudy"

    def __init__(
        self,
        listener: socket.socket,
        answer: Callable[[dict[str, Any]], Answer],
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_address = listener.getsockname()
        self.server_activate()
        self.answer = answer
        self.now_s = now_s
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_S,), name="aws-api", daemon=True
        )

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting, close every open connection, free the port."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, to close it at the end."""
        self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        self._connections.discard(connection)


def listen(endpoint: Endpoint) -> socket.socket:
    """Bind an endpoint; whoever holds the API's endpoint holds the whole block.

    Raises:
        OSError: Somebody else listens there.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A connection in TIME_WAIT must not keep the next emulator from its port.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(endpoint)
        # Until one of them listens, two sockets may be bound to one address.
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one write
    server: ApiServer  # pyright: ignore[reportIncompatibleVariableOverride]  # werkzeug names its own server class here; it asks of it what ApiServer has

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with contextlib.suppress(OSError):  # the client may have left before its last answer
            super().finish()

    def run_wsgi(self) -> None:
        """Answer one request; the name is werkzeug's, which calls it for every method."""
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        try:
            answer = self.server.answer(self._environ_with_body())
        except NoAnswerError:
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001  # a defect of moto or ours must answer 500, not hang up
            traceback.print_exc(file=sys.stderr)
            answer = _internal_failure()
        self._send(answer)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Date an answer by AWS's clock, which here passes as fast as all that is emulated."""
        return super().date_time_string(self.server.now_s() if timestamp is None else timestamp)

    def _environ_with_body(self) -> dict[str, Any]:
        environ = self.make_environ()
        stream = environ["wsgi.input"]
        if environ.pop("wsgi.input_terminated", False):  # chunked: werkzeug dechunks
            body = io.BufferedReader(stream).read()
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        else:
            body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return environ

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        named: set[str] = set()
        for name, value in answer.headers:
            self.send_header(name, value)
            named.add(name.lower())
        without_body = self.command == "HEAD" or answer.status in _BODILESS
        if "content-length" not in named and answer.status not in _BODILESS:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not without_body:
            self.wfile.write(answer.body)
        self.wfile.flush()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        """Say nothing: requests are not logged."""


def _internal_failure() -> Answer:
    body = b'{"__type": "InternalFailure", "message": "the emulator failed; its log says why"}'
    headers = (
        ("Content-Type", "application/x-amz-json-1.1"),
        ("x-amzn-ErrorType", "InternalFailure"),
    )
    return Answer(status=500, headers=headers, body=body)
