"""A burn's requests and those before it, summed by what they have in common."""

from datetime import UTC, datetime

import pytest

from errorbudget.burn.breakdown import Breakdown
from errorbudget.ledger.window import Span
from source.asking import criterion, indicator, requests_of


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() // 60)


NINE, TEN = minute("2026-07-01 09:00"), minute("2026-07-01 10:00")
BURN, BEFORE = [Span(TEN, TEN + 60)], [Span(NINE, TEN)]
Told = dict[tuple[str, ...], tuple[int, int, int, int]]


def request(time: str, *, bad: bool = False, **columns: object) -> dict[str, object]:
    return {
        "time": f"2026-07-01 {time}",
        "service": "shop",
        "status": 500 if bad else 200,
    } | columns


def told(of: Breakdown) -> Told:
    """Valid, bad, valid before and bad before of each combination of values."""
    sums = of.sums
    rows = zip(sums.valid, sums.bad, sums.valid_before, sums.bad_before, strict=True)
    return {
        tuple(
            of.values[place][code - 1] if code else "*" for place, code in enumerate(codes)
        ): tuple(map(int, row))
        for codes, row in zip(of.codes.tolist(), rows, strict=True)
    }


def test_valid_and_bad_are_summed_by_each_combination_now_and_before(warehouse, send):
    failing = [request("10:01", bad=True, route="/pay", region="eu")] * 2
    send([request("09:10", route="/pay", region="eu"), request("09:20", bad=True, route="/cart"),
          *failing, request("10:02", route="/pay", region="us"),
          request("10:03", bad=True, route="/pay", region="us"),
          request("10:04", bad=True, route="/pay", region="us")])  # fmt: skip

    found = warehouse.breakdown(indicator(), ("route", "region"), BURN, BEFORE)

    assert told(found) == {
        ("/pay", "eu"): (2, 2, 1, 0),
        ("/pay", "us"): (3, 2, 0, 0),
        ("*", "*"): (0, 0, 1, 1),
    }


def test_what_is_summed_comes_in_one_order_whichever_thread_was_first(warehouse, send):
    names = [f"t{number % 97:02}" for number in range(970)]
    send([request("10:01", bad=True, route=f"/{name}", tenant=name) for name in names])

    found = warehouse.breakdown(indicator(), ("route",), BURN, BEFORE)

    assert found.tenants.values == sorted(set(names))
    assert found.codes[:, 0].tolist() == sorted(found.codes[:, 0].tolist())


def test_only_what_the_criteria_call_valid_is_there(warehouse, send):
    send([request("10:01", bad=True, route="/a"), request("10:01", bad=True, route="/a"),
          request("10:02", route="/b", status=404)])  # fmt: skip

    found = warehouse.breakdown(indicator(valid="status <> 404"), ("route",), BURN, BEFORE)

    assert told(found) == {("/a",): (2, 2, 0, 0)}


def test_attributes_are_columns_and_what_is_missing_is_empty(warehouse, send):
    send([request("10:01", bad=True, attributes={"cdn's": "7"})] * 2
         + [request("10:02", bad=True)] * 2)  # fmt: skip

    found = warehouse.breakdown(indicator(), ("attributes.cdn's",), BURN, BEFORE)

    assert told(found) == {("7",): (2, 2, 0, 0), ("",): (2, 2, 0, 0)}


def test_a_number_is_a_column_and_so_is_what_logs_tell(warehouse, send):
    ids = ("t1", "t2", "t3", "t4")
    send([request("10:01", bad=True, trace_id=trace_id) for trace_id in ids])
    send([{"time": "2026-07-01 10:01", "service": "shop", "request_id": trace_id, "is_error": True}
          for trace_id in ids[:2]], kind="logs")  # fmt: skip

    found = warehouse.breakdown(indicator(), ("status", "error_logs"), BURN, BEFORE)

    assert told(found) == {("500", "1"): (2, 2, 0, 0), ("500", "0"): (2, 2, 0, 0)}


def test_a_superseded_attempt_is_in_no_slice(warehouse, send):
    send([request("10:01", bad=True, route="/a", attributes={"key": "k"}),
          request("10:02", bad=True, route="/b", attributes={"key": "k"}),
          request("10:02", bad=True, route="/b")])  # fmt: skip
    of = requests_of(operation=criterion("attributes['key']", "attributes"))

    found = warehouse.breakdown(indicator(requests=of), ("route",), BURN, BEFORE)

    assert told(found) == {("/b",): (2, 2, 0, 0)}


def test_minutes_that_nobody_asked_for_are_left_out(warehouse, send):
    send([request(time, bad=True, route="/a") for time in ("09:59", "10:00", "10:30", "10:59")])

    found = warehouse.breakdown(
        indicator(), ("route",), [Span(TEN, TEN + 30), Span(TEN + 31, TEN + 60)], []
    )

    assert told(found) == {("/a",): (2, 2, 0, 0)}


@pytest.mark.parametrize("columns", [(), ("route",), ("tenant",)])
def test_tenants_are_told_whatever_the_columns(warehouse, send, columns):
    send([request("09:10", tenant="t1"), request("10:01", bad=True, tenant="t2")])

    tenants = warehouse.breakdown(indicator(), columns, BURN, BEFORE).tenants

    of = dict(zip(tenants.values, tenants.sums.valid.tolist(), strict=True))
    assert of == {"t1": 0, "t2": 1}


def test_a_burn_without_requests_breaks_down_into_nothing(warehouse):
    found = warehouse.breakdown(indicator(), ("route",), BURN, BEFORE)

    assert (len(found.sums), found.values, len(found.tenants.sums)) == (0, ((),), 0)
