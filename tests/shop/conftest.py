from collections.abc import Iterator

import duckdb
import pytest

from errorbudget.program.program import Program
from errorbudget.shop import Shop, generate
from errorbudget.shop.story import record_deploys, tell


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return generate(tmp_path_factory.mktemp("shop"), scale=0.2, search_scale=1)


@pytest.fixture
def rows(shop: Shop) -> duckdb.DuckDBPyConnection:
    """A connection with a view of each service's requests, and one of all log records."""
    connection = duckdb.connect()
    for service, paths in shop.requests.items():
        connection.from_parquet([str(path) for path in paths]).create_view(service)
    logs = [str(path) for paths in shop.logs.values() for path in paths]
    connection.execute("set variable logs = $1", [logs])
    connection.execute("create view logs as from read_ndjson(getvariable('logs'))")
    return connection


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Shop, list[str]]]:
    """The story of the demo on a home of its own, and every deploy until the quarter's end."""
    folder = tmp_path_factory.mktemp("story")
    shop = generate(folder / "shop", scale=0.2, search_scale=0.1)
    lines: list[str] = []
    with Program.open(folder / "home", create=True) as program:
        tell(program, shop, lines.append)
        record_deploys(program, shop, shop.at(58, "14:00"), shop.at(92))
        yield program, shop, lines
