"""What several tests of the program share."""

import os
from collections.abc import Iterator

import pytest

from program.shops import Open, shop


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The simulated shop, most of a quarter of it; whoever uses it leaves its requests alone."""
    base = tmp_path_factory.getbasetemp()
    beside = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with shop(beside / "shop", tmp_path_factory.mktemp("shop")) as opened:
        yield opened
