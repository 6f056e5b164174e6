import duckdb
import pytest

from errorbudget.shop import Shop, generate


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
