"""The bad requests behind a count, one by one."""

from datetime import UTC, datetime, timedelta

from errorbudget.ledger.window import Span, minute_floor
from errorbudget.objective.indicator import Union
from errorbudget.source.duckdb.warehouse import Warehouse
from source.asking import indicator
from source.conftest import Send

AWARE = datetime(2026, 7, 1, tzinfo=UTC)
START = AWARE.replace(tzinfo=None)
MINUTE = minute_floor(AWARE)


def rows(count: int) -> list[dict[str, object]]:
    """One request a minute; every third fails, every fourth is slow, every sixth is both."""
    return [
        {
            "time": START + timedelta(minutes=number),
            "service": "shop",
            "route": f"/{number}",
            "status": 500 if number % 3 == 0 else 200,
            "duration_ms": 900.0 if number % 4 == 0 else 9.0,
            "trace_id": f"t{number}",
        }
        for number in range(count)
    ]


def test_failed_requests_are_told_newest_first_and_all_are_counted(
    warehouse: Warehouse, send: Send
) -> None:
    send(rows(60))

    found = warehouse.failing(indicator(), [Span(MINUTE, MINUTE + 60)], 3)

    assert found.count == 20
    assert [one.route for one in found.requests] == ["/57", "/54", "/51"]
    assert found.requests[0].as_dict() == {
        "time": "2026-07-01T00:57:00Z",
        "service": "shop",
        "route": "/57",
        "method": "",
        "status": 500,
        "duration_ms": 9.0,
        "tenant": "",
        "version": "",
        "region": "",
        "request_id": "t57",
        "error_logs": 0,
        "corrections": 0,
    }


def test_minutes_that_do_not_count_have_no_failed_requests(
    warehouse: Warehouse, send: Send
) -> None:
    send(rows(60))

    found = warehouse.failing(
        indicator(), [Span(MINUTE, MINUTE + 4), Span(MINUTE + 57, MINUTE + 60)], 9
    )

    assert [one.route for one in found.requests] == ["/57", "/3", "/0"]
    assert warehouse.failing(indicator(), [], 9).count == 0


def test_what_was_called_good_by_hand_failed_nobody(warehouse: Warehouse, send: Send) -> None:
    send(rows(4))
    warehouse.add_corrections("shop", ["t0"], "good", "a drill", AWARE)
    warehouse.add_corrections("shop", ["t1"], "bad", "stored wrongly", AWARE)

    found = warehouse.failing(indicator("corrections = 0 and status < 500"), _ALL, 9)

    assert [(one.route, one.corrections) for one in found.requests] == [("/3", 0), ("/1", 1)]


def test_a_request_that_fails_two_objectives_fails_once(warehouse: Warehouse, send: Send) -> None:
    send(rows(60))
    objectives = indicator(), indicator("duration_ms < 100", valid="status < 500")
    either = Union(indicators=objectives)

    failed, slow, any_of = warehouse.tally([*objectives, either], None)

    counts = [(int(one.valid.sum()), int(one.bad.sum())) for one in (failed, slow, any_of)]
    plain = warehouse.connection.execute(
        """select count(*), count(*) filter (status >= 500),
            count(*) filter (status < 500), count(*) filter (status < 500 and duration_ms >= 100),
            count(*), count(*) filter (status >= 500 or duration_ms >= 100)
        from requests"""
    ).fetchone()
    assert [number for pair in counts for number in pair] == list(plain or ())
    assert warehouse.failing(either, _ALL, 1).count == counts[2][1]


_ALL = [Span(MINUTE, MINUTE + 60)]
