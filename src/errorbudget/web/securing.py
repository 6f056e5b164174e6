"""The same application with TLS, beside the plain listener that this machine's commands use."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Generator
from types import FrameType

import uvicorn

from errorbudget.errors import Failure
from errorbudget.program.configuration import Securing


class _Beside(uvicorn.Server):
    """Leaves signals to the server beside it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing is captured."""
        yield


class Listeners(uvicorn.Server):
    """The plain listener, which hears signals, and the one with TLS, in one loop."""

    def __init__(
        self, plain: uvicorn.Config, secure: uvicorn.Config, listening: socket.socket
    ) -> None:
        super().__init__(plain)
        self._beside = _Beside(secure)
        self._listening = listening

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve both until a signal says stop."""
        await asyncio.gather(super().serve(sockets), self._beside.serve([self._listening]))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal stops both."""
        super().handle_exit(sig, frame)
        self._beside.handle_exit(sig, frame)


class Secured:
    """A certificate, and the socket that it is shown on."""

    def __init__(self, tls: Securing, listening: socket.socket) -> None:
        self._tls = tls
        self._listening = listening
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.renew()

    def renew(self) -> None:
        """Let new connections see the certificate that is in the files now. Raises Failure."""
        certificate, key = self._tls.certificate, self._tls.key
        try:
            self._context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as cause:
            raise Failure(
                f"tls: {certificate} and {key} cannot be used: {cause}",
                "Both are PEM files; the first has the certificate, then its chain.",
            ) from cause

    def _shown(
        self, _config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]
    ) -> ssl.SSLContext:
        return self._context

    def beside(self, config: Callable[..., uvicorn.Config]) -> uvicorn.Server:
        """A server of the plain listener and this one."""
        secure = config(ssl_context_factory=self._shown)
        return Listeners(config(), secure, self._listening)
