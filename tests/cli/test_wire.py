"""What a command says to a server, and hears: by TLS, past proxies, and what is no such server."""

import ssl
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
import trustme

from errorbudget.cli.door.wire import Refused, Wire
from errorbudget.errors import Failure, Unreachable


class Answers(BaseHTTPRequestHandler):
    """Tells what it was asked; some paths are answered otherwise."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/odd":
            self._say(200, b"<html>a proxy's page</html>")
        elif self.path == "/wrong":
            self._say(400, b'{"error":{"kind":"untrusted","lines":["one","two"]}}')
        elif self.path == "/other":
            self._say(502, b'{"message":"bad gateway"}')
        else:
            told = {"path": self.path, "authorization": self.headers.get("authorization")}
            self._say(200, orjson.dumps(told))

    def do_POST(self) -> None:
        if self.path.startswith("/full"):
            self.close_connection = True
            self._say(503, b'{"error":{"kind":"busy","lines":["the disk is full"]}}')
            return
        if self.headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["content-length"]))
        self._say(200, orjson.dumps({"sent": body.decode(), "path": self.path}))

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Generator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


Dials = Callable[..., Wire]


@pytest.fixture
def dial() -> Iterator[Dials]:
    """Wires that are hung up afterwards."""
    made: list[Wire] = []

    def dialled(url: str, token: str = "") -> Wire:
        made.append(Wire(url, token))
        return made[-1]

    yield dialled
    for wire in made:
        wire.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with listening() as port:
        yield port


def test_what_is_asked_and_sent_arrives_as_it_is(
    port: int, dial: Dials, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    wire = dial(f"http://127.0.0.1:{port}/below/", "t")

    assert wire.get("/a", service="søk & co", none=None, last=3) == {
        "path": "/below/a?service=s%C3%B8k+%26+co&last=3",
        "authorization": "Bearer t",
    }
    sent = wire.post("/b", json={"reason": "ÿ\udc80"}, params={"map": ["a=1", "b=2"]})
    assert sent == {"sent": '{"reason":"\\u00ff\\udc80"}', "path": "/below/b?map=a%3D1&map=b%3D2"}
    assert wire.post("/c", content=iter([b"one,", b"two"]))["sent"] == "one,two"
    assert b"".join(wire.stream("/d", **{"as": "copy"})).startswith(b'{"path":"/below/d?as=copy"')
    named = dial(f"http://ana:p%40ss@127.0.0.1:{port}").get("/e")
    assert named["authorization"] == "Basic YW5hOnBAc3M="


def test_a_failure_is_the_servers_own_and_what_is_no_server_of_ours_is_not_reached(
    port: int, dial: Dials
):
    wire = dial(f"http://127.0.0.1:{port}")

    with pytest.raises(Refused) as refused:
        wire.get("/wrong")
    assert (refused.value.kind.value, refused.value.lines) == ("untrusted", ("one", "two"))
    for path in ("/odd", "/other"):
        with pytest.raises(Unreachable, match="answered"):
            wire.get(path)
    # Said before all of it was sent.
    with pytest.raises(Refused, match="the disk is full"):
        wire.post("/full", content=(b"x" * 2**16 for _ in range(400)))


def test_a_server_is_known_by_an_authority_that_this_machine_trusts(
    tmp_path: Path, dial: Dials, monkeypatch: pytest.MonkeyPatch
):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with listening(context) as port:
        with pytest.raises(Unreachable, match=r"(?i)certificate verify failed"):
            dial(f"https://127.0.0.1:{port}").get("/a")
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert dial(f"https://127.0.0.1:{port}").get("/a")["path"] == "/a"
        with pytest.raises(Unreachable, match=r"(?i)hostname|match"):
            dial(f"https://localhost:{port}").get("/a")


def test_nobody_at_an_address_is_said_with_the_way_out(dial: Dials):
    with pytest.raises(Unreachable, match="Connection refused") as away:
        dial("http://127.0.0.1:9").get("/a")
    assert "errorbudget serve" in away.value.lines[1]


@pytest.mark.parametrize(
    "url", ["", "localhost:8700", "ftp://a", "http://", "http://a:99999", "http://a b", "http://[a"]
)
def test_what_is_no_address_is_said(url: str):
    with pytest.raises(Failure, match="ERRORBUDGET_URL"):
        Wire(url, "")
