"""Versions, services on the way and log records of a burn, as the warehouse tells them."""

import numpy as np

from errorbudget.burn.correlation import Way
from errorbudget.burn.log_patterns import Of
from errorbudget.ledger.window import Span
from errorbudget.source.duckdb import witnessing
from source.asking import indicator
from source.test_counting import TEN, request

BURN = Span(TEN, TEN + 2)


def rows(split) -> list[tuple[int, str, str, int, int]]:
    columns = (split.minute - TEN, split.version, split.route, split.valid, split.bad)
    return sorted(zip(*(np.asarray(column).tolist() for column in columns), strict=True))


def call(trace: str, service: str = "shop", **columns: object) -> dict[str, object]:
    return request(service=service, trace_id=trace, span_id=f"{service} {trace}") | columns


def test_counts_are_split_by_minute_version_and_route(warehouse, send):
    send([call("a", version="1", route="/pay"), call("b", version="2", route="/pay", status=500),
          call("c", version="2", route="/pay"), call("d", time="2026-07-01 10:01", version="1"),
          call("e", time="2026-07-01 10:02", version="1")])  # fmt: skip

    assert rows(warehouse.split(indicator(), BURN)) == [
        (0, "1", "/pay", 1, 0),
        (0, "2", "/pay", 2, 1),
        (1, "1", "", 1, 0),
    ]


def test_counts_are_split_by_the_version_of_a_service_on_the_way(warehouse, send):
    send([call("a", version="9", status=500), call("b", version="9"), call("c", version="9"),
          call("a", "prices", version="2"), call("b", "prices", version="1")])  # fmt: skip

    assert rows(warehouse.split(indicator(), BURN, through="prices")) == [
        (0, "1", "", 1, 0),
        (0, "2", "", 1, 1),
    ]


def test_services_on_the_way_are_counted_for_bad_and_good_requests(warehouse, send):
    send([call("a", status=500), call("b", status=500), call("c"),
          call("a", "prices"), call("b", "prices"), call("c", "mail"),
          call("z", "prices")])  # fmt: skip

    found = warehouse.paths(indicator(), BURN, ["prices", "mail", "stock"], 3)

    assert found == {
        "prices": Way(bad=2, of_bad=2, good=0, of_good=1),
        "mail": Way(bad=0, of_bad=2, good=1, of_good=1),
    }


def log(message: str, time: str = "2026-07-01 10:00", **columns: object) -> dict[str, object]:
    return {"time": time, "service": "shop", "message": message} | columns


def read(warehouse) -> dict[str, int]:
    found = warehouse.logs(indicator(), Span(TEN - 10, TEN), BURN)
    return {
        message: of
        for batch in found.batches
        for message, of in zip(batch.message, batch.of, strict=True)
    }


def test_log_records_are_told_with_what_they_belong_to(warehouse, send):
    send([call("good"), call("bad", status=500)])
    send([log("earlier", "2026-07-01 09:55", request_id="bad"), log("alone"),
          log("well", request_id="good"), log("ill", request_id="bad"),
          log("of nobody", service="", request_id="bad"), log("elsewhere", service="mail"),
          log("long ago", "2026-07-01 08:00"), log("later", "2026-07-01 10:30")],
         kind="logs")  # fmt: skip

    assert read(warehouse) == {
        "earlier": Of.BEFORE,
        "alone": Of.BURN,
        "well": Of.GOOD,
        "ill": Of.BAD,
        "of nobody": Of.BAD,
    }


def test_of_very_many_log_records_a_sample_is_read(warehouse, send, monkeypatch):
    monkeypatch.setattr(witnessing, "MOST_RECORDS", 20)
    send([log(f"line {number}") for number in range(100)], kind="logs")
    found = warehouse.logs(indicator(), Span(TEN - 10, TEN), BURN)

    assert (found.stride, found.records) == (5, 100)
    assert 5 <= sum(len(batch.message) for batch in found.batches) <= 40


def test_without_log_records_there_is_nothing_to_read(warehouse, send):
    send([call("a")])
    found = warehouse.logs(indicator(), Span(TEN - 10, TEN), BURN)

    assert (found.records, list(found.batches)) == (0, [])
