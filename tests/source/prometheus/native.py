"""A service with one native histogram, written as its protocol has it.

https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TYPE = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _signed(number: int) -> bytes:
    return _varint(number * 2 if number >= 0 else -number * 2 - 1)


def _held(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _number(field: int, body: bytes) -> bytes:
    return _varint(field << 3) + body


def family(quick: int, slow: int) -> bytes:
    """So many requests of an eighth to a quarter of a second, and of up to half a second."""
    span = _number(1, _signed(-2)) + _number(2, _varint(2))
    histogram = (
        _number(1, _varint(quick + slow))
        + _varint(2 << 3 | 1)
        + struct.pack("<d", quick * 0.2 + slow * 0.4)
        + _number(5, _signed(0))
        + _varint(6 << 3 | 1)
        + struct.pack("<d", 1e-9)
        + _number(7, _varint(0))
        + _held(12, span)
        + _number(13, _signed(quick))
        + _number(13, _signed(slow - quick))
    )
    told = _held(1, b"native_seconds") + _number(3, _varint(4)) + _held(4, _held(7, histogram))
    return _varint(len(told)) + told


@contextmanager
def serving() -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Where it is scraped, and what each scrape saw: ten quick requests more, and three slow."""
    seen: list[tuple[int, int]] = []

    class Scraped(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((10 * len(seen), 3 * len(seen)))
            body = family(*seen[-1])
            self.send_response(200)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Scraped) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", seen
        server.shutdown()
