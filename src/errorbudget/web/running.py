"""How does a server start, hear signals, and stop without losing anything?"""

import glob
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import uvicorn

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.program.configuration import Configuration, is_loopback, split
from errorbudget.program.objectives.signing import beside
from errorbudget.program.program import Program, store_address
from errorbudget.store.address import Address, leave, remove
from errorbudget.web.application import application
from errorbudget.web.securing import Secured
from errorbudget.web.server import Server

LOG = logging.getLogger(__name__)

BACKLOG: Final = 1024
"""Callers that may wait to be accepted."""
DRAIN: Final = 20
"""Seconds that calls under way have to end when the server is told to stop."""
SWITCH: Final = 0.001
"""Seconds after which a busy thread lets another one in: the gate must not wait for ingestion."""


Beside = Callable[[Server], AbstractContextManager[object]]
"""What goes on for as long as a server serves."""


def refuse_taken(listen: str) -> None:
    """Raise Failure where nobody could listen now; for who has much to do before they serve."""
    bound(listen).close()


def run(
    home: Path,
    read: Callable[[], Configuration],
    announce: Callable[[str], None],
    beside: Beside = nullcontext,
    *,
    replica: bool = False,
) -> None:
    """Serve the home until a signal says stop. Raises Failure, HomeBusy."""
    configuration = read()
    if replica:
        _refuse_what_replicas_cannot(configuration)
    sys.setswitchinterval(SWITCH)
    with Program.open(home, create=True, configuration=configuration, replica=replica) as program:
        server = Server(program, configuration, secrets.token_urlsafe(32))
        _refuse_unguarded(server)
        listening = bound(configuration.listen)
        tls = configuration.tls
        secured = Secured(tls, bound(tls.listen)) if tls else None
        apply_all(server, configuration)
        url = url_of(listening)
        server.start()
        try:
            leave(home, Address(url=url, pid=os.getpid(), key=server.key))
            with _reloading(server, read, secured), beside(server):
                announce(url)
                _serve(server, listening, secured)
        finally:
            remove(home)
            server.stop()
            LOG.info("stopped; everything acknowledged is loaded")


def _refuse_what_replicas_cannot(configuration: Configuration) -> None:
    """Raise Failure for what only one server can do."""
    if not store_address():
        raise Failure(
            "--replica: replicas share their records, and ERRORBUDGET_STORE names none",
            "Set it to postgresql://USER:PASSWORD@HOST/DATABASE, or leave --replica out.",
        )
    if configuration.measure_itself:
        raise Failure(
            "--replica: measure_itself keeps requests where no other replica sees them",
            "Leave it out, and have a Prometheus scrape /metrics of every replica.",
        )


def _refuse_unguarded(server: Server) -> None:
    """Raise Failure where others could call and no token keeps them out."""
    open_to_all = [one for one in server.configuration.listens if not is_loopback(split(one)[0])]
    for listen in open_to_all:
        if server.tokens.are_any(clock.now()):
            break
        raise Failure(
            f"{listen}: others than this machine could call, and there is no token",
            "Make one first: `errorbudget token create NAME --scope ingest --scope read`;"
            " or listen on 127.0.0.1.",
        )


def apply_all(server: Server, configuration: Configuration) -> None:
    """Put every configured document in force; one that is wrong holds up no other."""
    for pattern in configuration.documents:
        files = sorted(glob.glob(pattern))  # noqa: PTH207 -- patterns may be absolute
        if not files:
            LOG.warning("documents: nothing matches %s", pattern)
        for file in files:
            _apply(server, Path(file))


def _apply(server: Server, file: Path) -> None:
    try:
        applied = server.writer.apply(file.read_bytes(), str(file), beside(file))
        LOG.info("%s: %s", file, applied["state"], extra={"about": {"document": applied}})
        for line in applied["refused"]:
            LOG.warning("%s", line)
    except (Failure, OSError) as cause:
        LOG.error("%s", cause, extra={"about": {"document": str(file)}})


def _serve(server: Server, listening: socket.socket, secured: Secured | None) -> None:
    config = partial(
        uvicorn.Config,
        application(server),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN,
        timeout_keep_alive=75,
        backlog=BACKLOG,
    )
    # uvicorn raises the signal again when it has ended: by then stopping is already under way.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _heard)
    plain = uvicorn.Server(config()) if secured is None else secured.beside(config)
    plain.run(sockets=[listening])


def _heard(_number: int, _frame: object) -> None:
    """What is left to do about a signal that uvicorn has acted on."""


class _reloading:  # noqa: N801 -- read as `with reloading`
    """SIGHUP reads the configuration again and applies its documents, in a thread of its own."""

    def __init__(
        self, server: Server, read: Callable[[], Configuration], secured: Secured | None
    ) -> None:
        self._secured = secured
        self._server = server
        self._read = read
        self._hangup = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="errorbudget-reload")

    def __enter__(self) -> None:
        signal.signal(signal.SIGHUP, lambda _number, _frame: self._hangup.set())
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._hangup.set()
        self._thread.join()

    def _run(self) -> None:
        while self._hangup.wait() and not self._ending:
            self._hangup.clear()
            self._reload()

    def _reload(self) -> None:
        try:
            configuration = self._read()
        except Failure as failure:
            LOG.error("not reloaded: %s", failure)
            return
        apply_all(self._server, configuration)
        try:
            if self._secured:
                self._secured.renew()
        except Failure as failure:
            LOG.error("the certificate is the one from before: %s", failure)
        LOG.info("reloaded")


def bound(listen: str) -> socket.socket:
    """A socket that listens on the address. Raises Failure."""
    host, port = split(listen)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # From here on callers wait instead of being refused, while the application still starts.
        bound.listen(BACKLOG)
    except OSError as cause:
        raise Failure(
            f"{listen}: cannot listen there: {cause.strerror or cause}",
            "Give another port with --port PORT, or any that is free with --port 0.",
        ) from cause
    return bound


def url_of(listening: socket.socket) -> str:
    """What this machine calls a socket by that listens."""
    host, port = listening.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
