"""The fixtures of the tests that talk to a server."""

from collections.abc import Generator
from pathlib import Path

import pytest

from web.issuing import Issuer, issuing
from web.served import Served, serve


@pytest.fixture
def server(home: Path) -> Generator[Served]:
    """A server on a home of its own."""
    with serve(home) as served:
        yield served


@pytest.fixture
def issuer() -> Generator[Issuer]:
    """A platform that signs tokens."""
    with issuing() as found:
        yield found
