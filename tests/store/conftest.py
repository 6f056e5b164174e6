"""An open home of its own for every test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from errorbudget.store.home import Home


@pytest.fixture
def opened(home: Path) -> Iterator[Home]:
    """A new home, held by this test."""
    with Home.open(home, create=True) as one:
        yield one
