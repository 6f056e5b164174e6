import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from errorbudget import request
from errorbudget.errors import Failure
from errorbudget.shop import Shop, generate


def digests(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.iterdir())
    }


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_workers(tmp_path: Path) -> None:
    generate(tmp_path / "one", days=35, scale=0.05, workers=1)
    generate(tmp_path / "two", days=35, scale=0.05, workers=2)

    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_other_requests(tmp_path: Path) -> None:
    generate(tmp_path / "seven", days=2, scale=0.05, seed=7)
    generate(tmp_path / "eight", days=2, scale=0.05, seed=8)

    name = "checkout-2026-07.parquet"
    assert digests(tmp_path / "seven")[name] != digests(tmp_path / "eight")[name]


def test_another_start_moves_the_whole_story(tmp_path: Path) -> None:
    shop = generate(tmp_path, start=datetime(2025, 1, 1, tzinfo=UTC), days=20, scale=0.05)

    assert shop.truth["events"][0]["from"] == "2025-01-20T14:05:00Z"
    assert [path.name for path in shop.requests["ledger"]] == ["ledger-2025-01.parquet"]


def test_the_columns_are_those_a_sender_may_fill(
    shop: Shop, rows: duckdb.DuckDBPyConnection
) -> None:
    for service in shop.requests:
        columns = [row[0] for row in rows.execute(f"describe {service}").fetchall()]

        assert sorted(columns) == sorted(request.SENT)


def test_span_ids_are_unique_and_rows_are_in_order_of_time(
    shop: Shop, rows: duckdb.DuckDBPyConnection
) -> None:
    for service, paths in shop.requests.items():
        spans, count = rows.execute(
            f"select count(distinct span_id), count(*) from {service}"
        ).fetchall()[0]
        backwards = duckdb.execute(
            """select count(*) from (
                select time < lag(time) over () as is_back from read_parquet($1)) where is_back""",
            [str(paths[0])],
        ).fetchall()

        assert spans == count
        assert backwards == [(0,)]


def test_every_log_record_about_a_request_names_one_that_exists(
    rows: duckdb.DuckDBPyConnection,
) -> None:
    told, strangers = rows.execute(
        """select count(*), count(*) filter (known.trace_id is null)
        from logs left join (
            select service, trace_id from checkout union all select service, trace_id from search
            union all select service, trace_id from ledger
        ) as known using (service, trace_id)
        where logs.trace_id <> ''"""
    ).fetchall()[0]

    assert told > 1_000
    assert strangers == 0


def test_a_payment_tried_again_is_good_in_the_end(rows: duckdb.DuckDBPyConnection) -> None:
    retried, redeemed = rows.execute(
        """select count(*), count(*) filter (second.status = 200)
        from checkout as second join checkout as first
            on second.attributes['idempotency_key'] = first.attributes['idempotency_key']
            and second.time > first.time
        where first.status = 502 and second.attributes['attempt'] = '2'"""
    ).fetchall()[0]

    assert retried > 100
    assert redeemed > 0.9 * retried


def test_the_records_beside_the_requests_hold_what_the_shop_says(shop: Shop) -> None:
    changes = json.loads((shop.directory / "changes.json").read_text())
    corrections = json.loads((shop.directory / "corrections.json").read_text())

    assert len(changes) == len(shop.changes) - 1 == 40
    assert corrections == list(shop.corrections)
    assert json.loads((shop.directory / "truth.json").read_text()) == shop.truth


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"start": datetime(2026, 7, 1, 3, tzinfo=UTC)}, "midnight"),
        ({"start": datetime(2026, 7, 1)}, "midnight"),  # noqa: DTZ001
        ({"days": 93}, "92 days long"),
        ({"scale": 0}, "scale"),
        ({"search_scale": 11}, "scale"),
    ],
)
def test_a_quarter_that_cannot_be_told_is_refused(
    tmp_path: Path, asked: dict[str, object], complaint: str
) -> None:
    with pytest.raises(Failure, match=complaint):
        generate(tmp_path / "shop", **asked)  # pyright: ignore[reportArgumentType]

    assert not (tmp_path / "shop").exists()
