"""Taking NDJSON in, against decoding it with orjson alone, and against DuckDB's own `read_json`."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import duckdb
import orjson

from errorbudget import clock
from errorbudget.ingest.run import ingest
from errorbudget.source.duckdb.warehouse import Warehouse

ROWS = 1_000_000
ROUNDS = 2
LIMIT_MB = 500.0
Row = tuple[str, float, float, str, str]
"""What was measured, ours, the reference, the unit of both, and a note."""

REQUESTS = """
copy (
    select
        strftime(epoch_ms(1767225600000 + i * 37), '%Y-%m-%dT%H:%M:%S.%gZ') as time,
        'checkout' as service,
        ['/cart', '/pay', '/order/{{id}}', '/search'][1 + chance % 4] as route,
        ['GET', 'POST'][1 + chance % 2] as method,
        case when chance % 300 = 0 then 500 else 200 end as status,
        round(chance % 100000 / 300, 2) as duration_ms,
        't' || chance % 500 as tenant,
        'v1.4.2' as version,
        'eu-1' as region,
        'production' as environment,
        md5(i::varchar) as trace_id,
        left(md5((-i)::varchar), 16) as span_id,
        false as is_bot,
        {{'payment.provider': 'a', 'cache': 'hit'}} as attributes,
        case when i % 4 = 0 then i % 9 end as cart_size
    from (select i, (hash(i) >> 8)::bigint as chance from range({rows}) r(i))
) to '{file}' (format json)
"""
COLUMNS = {
    "time": "TIMESTAMP",
    **dict.fromkeys(("service", "route", "method"), "VARCHAR"),
    "status": "INTEGER",
    "duration_ms": "DOUBLE",
    **dict.fromkeys(("tenant", "version", "region", "environment"), "VARCHAR"),
    **dict.fromkeys(("trace_id", "span_id"), "VARCHAR"),
    "is_bot": "BOOLEAN",
    "attributes": "MAP(VARCHAR, VARCHAR)",
}


def requests(file: Path, rows: int) -> None:
    """Write a file of simulated requests."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(REQUESTS.format(rows=rows, file=file))


def by_orjson(file: Path) -> float:
    """Seconds to decode every line, and nothing else."""
    with file.open("rb") as lines:
        return _seconds(lambda: [None for line in lines if orjson.loads(line) is None])


def by_duckdb(file: Path, folder: Path) -> float:
    """Seconds of DuckDB reading into an equal table, unchecked and without recognising rows."""
    database = folder / "reference.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute("set enable_progress_bar = false")
        columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
        connection.execute(f"create table requests ({columns})")
        read = f"read_json('{file}', format = 'newline_delimited', columns = {COLUMNS})"
        return _seconds(lambda: connection.execute(f"insert into requests select * from {read}"))


def by_us(file: Path) -> tuple[float, float]:
    """Seconds of taking the file into a new home, and the MB that the process needed at most."""
    told = subprocess.check_output([sys.executable, "-m", "bench.ingest", str(file)], text=True)
    seconds, megabytes = told.split()
    return float(seconds), float(megabytes)


def _quiet(database: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(database)
    connection.execute("set enable_progress_bar = false")
    return connection


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def run(rows: int = ROWS) -> list[Row]:
    """Throughput against both references, and the memory of one process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests.ndjson"
        requests(file, rows)
        size = file.stat().st_size / 1e6
        rounds = [
            (by_us(file), by_duckdb(file, Path(folder)), by_orjson(file)) for _ in range(ROUNDS)
        ]
    ours = size / min(us[0] for us, _, _ in rounds)
    memory = max(us[1] for us, _, _ in rounds)
    engine = size / min(engine for _, engine, _ in rounds)
    decoded = size / min(decoded for _, _, decoded in rounds)
    note = f"{rows:,} requests, {size:,.0f} MB"
    return [
        ("ingest NDJSON, DuckDB read_json", ours, engine, " MB/s", note),
        ("ingest NDJSON, orjson alone", ours, decoded, " MB/s", note),
        ("ingest NDJSON, peak memory", memory, LIMIT_MB, " MB", "the limit; any size of file"),
    ]


def _child(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Warehouse.open(home / "warehouse.duckdb") as warehouse:
            seconds = _seconds(
                lambda: ingest(warehouse, file, rejected=home / "rejected", now=clock.now())
            )
    print(seconds, _peak() / 1e3)


def _peak() -> int:
    """Kilobytes resident at most. getrusage would tell of the process that started this one too."""
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1])


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
