"""A real HTTP server on loopback that keeps what it is sent and answers as it is told to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any

import orjson


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0
    body: bytes = b""
    raw: bytes | None = None
    """Sent in place of an HTTP answer."""


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url
        self.host = url.removeprefix("http://")
        self.received: list[Received] = []
        self.answer: Callable[[Received], Answer] = lambda _: Answer()
        self.closing = Event()
        self.lock = Lock()

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        eventually(lambda: len(self.received) >= count, seconds)
        return self.received


def eventually(true: Callable[[], bool], seconds: float = 10) -> None:
    until = monotonic() + seconds
    while not true():
        assert monotonic() < until, "it did not happen in time"
        sleep(0.02)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a sender that was killed or gave up

    class Taking(Receiver):
        def take(self, request: BaseHTTPRequestHandler) -> None:
            length = int(request.headers["content-length"])
            body = request.rfile.read(length)
            if len(body) < length:
                return  # its sender was killed while it wrote
            headers = {name.lower(): value for name, value in request.headers.items()}
            received = Received(request.path, headers, body)
            with self.lock:
                answer = self.answer(received)
                self.received.append(received)
            self.closing.wait(answer.delay)
            if answer.raw is not None:
                request.wfile.write(answer.raw)
                return
            request.send_response(answer.status)
            for name, value in answer.headers.items():
                request.send_header(name, value)
            request.send_header("content-length", str(len(answer.body)))
            request.end_headers()
            request.wfile.write(answer.body)

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver = Taking(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            server.shutdown()
            thread.join()
