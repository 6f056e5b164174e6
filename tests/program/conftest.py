"""What several tests of the program share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from program.shops import Open, shop


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where processes that test beside each other tell the shop's story once."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shop"


@pytest.fixture(scope="session")
def opened(story: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The simulated shop, most of a quarter of it; whoever uses it records no request or change."""
    with shop(story, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
def own(story: Path, tmp_path: Path) -> Iterator[Open]:
    """The same, for a test that adds to its story."""
    with shop(story, tmp_path) as opened:
        yield opened
