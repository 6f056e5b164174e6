"""What every test may ask for: a home of its own, and the real data sets where they are."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

import databases
import zygote
from a_shop import fill
from databases import Databases

# How long an example takes says how busy the machine is, and nothing about the program.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")

# A shell starts what runs in its background with this signal ignored, and so would be all that
# tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; where CI=true their absence is a failure, not a skip."""
    if SHARED_DATA.is_dir():
        return SHARED_DATA
    if os.environ.get("CI") == "true":
        pytest.fail(f"the real data sets are missing: expected them at {SHARED_DATA}")
    pytest.skip("the real data sets are not on this machine")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A path where a home may be made; nothing is there yet."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def shop_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three weeks of the simulated shop, to be read; copy it to write."""
    return fill(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A folder with an `errorbudget` that starts at once, for the PATH of scripts."""
    with zygote.running(tmp_path_factory.mktemp("bin")) as folder:
        yield folder


@pytest.fixture(scope="session")
def postgresql() -> Generator[Databases]:
    """A PostgreSQL of this test run's own."""
    with databases.running() as server:
        yield server
