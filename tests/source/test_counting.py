"""What counts as valid and as bad, and which minutes must be counted again."""

from datetime import UTC, datetime

import numpy as np
import pytest

from errorbudget.errors import Failure
from source.asking import criterion, indicator, requests_of

NOW = datetime(2026, 7, 9, tzinfo=UTC)
OPERATION = criterion("attributes['key']", "attributes")


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() // 60)


TEN = minute("2026-07-01 10:00")


def request(time: str = "2026-07-01 10:00", **columns: object) -> dict[str, object]:
    return {"time": time, "service": "shop", "status": 200, "duration_ms": 100} | columns


def counts(warehouse, asked, minutes=None) -> dict[int, tuple[int, int]]:
    (found,) = warehouse.tally([asked], minutes)
    rows = zip(found.minute.tolist(), found.valid.tolist(), found.bad.tolist(), strict=True)
    return {at: (valid, bad) for at, valid, bad in rows}


def test_requests_are_counted_in_the_minute_they_began(warehouse, send):
    send([request("2026-07-01 10:00:00"), request("2026-07-01 10:00:59.999", status=500),
          request("2026-07-01 10:01:00")])  # fmt: skip

    assert counts(warehouse, indicator()) == {TEN: (2, 1), TEN + 1: (1, 0)}


def test_several_indicators_are_counted_in_one_pass(warehouse, send):
    send([request(), request(status=500), request(duration_ms=900), request(status=404)])

    available, fast = warehouse.tally(
        [indicator(), indicator("duration_ms <= 300", valid="status < 400")], None
    )

    assert (available.valid.tolist(), available.bad.tolist()) == ([4], [1])
    assert (fast.valid.tolist(), fast.bad.tolist()) == ([2], [1])


def test_a_scope_of_null_excludes_a_valid_of_null_is_valid_a_good_of_null_is_bad(warehouse, send):
    send([request(status=None), request(status=500), request()])

    assert counts(warehouse, indicator("true", valid="status < 400")) == {TEN: (2, 0)}
    assert counts(warehouse, indicator("status < 500")) == {TEN: (3, 2)}
    scoped = requests_of(scope=criterion("status > 0"))
    assert counts(warehouse, indicator("true", requests=scoped)) == {TEN: (2, 0)}


def test_a_request_without_an_environment_belongs_to_every_document(warehouse, send):
    send([request(), request(environment="production"), request(environment="staging")])

    assert counts(warehouse, indicator()) == {TEN: (3, 0)}
    production = requests_of(environment="production")
    assert counts(warehouse, indicator(requests=production)) == {TEN: (2, 0)}


def test_asked_for_minutes_are_answered_exactly_zeros_included(warehouse, send):
    send([request("2026-07-01 10:00"), request("2026-07-01 10:02"), request("2026-07-05 10:00")])

    asked = np.array([TEN - 1, TEN, TEN + 1, TEN + 5760])
    assert counts(warehouse, indicator(), asked) == {
        TEN - 1: (0, 0), TEN: (1, 0), TEN + 1: (0, 0), TEN + 5760: (1, 0)
    }  # fmt: skip
    assert counts(warehouse, indicator(), np.array([5, 7])) == {5: (0, 0), 7: (0, 0)}
    assert counts(warehouse, indicator(), np.array([], dtype=np.int64)) == {}


def test_attempts_of_one_operation_are_one_request_judged_by_the_last(warehouse, send):
    key = {"attributes": {"key": "order-1"}}
    asked = indicator(requests=requests_of(operation=OPERATION))

    send([request(status=500, **key), request(attributes={}), request(attributes={})])
    assert counts(warehouse, asked) == {TEN: (3, 1)}
    send([request("2026-07-01 10:03", **key)])
    assert counts(warehouse, asked) == {TEN: (2, 0), TEN + 3: (1, 0)}


def test_an_attempt_a_day_later_is_another_request(warehouse, send):
    key = {"attributes": {"key": "order-1"}}
    asked = indicator(requests=requests_of(operation=OPERATION))

    send([request(status=500, **key), request("2026-07-02 10:00:00.001", **key)])
    assert counts(warehouse, asked) == {TEN: (1, 1), TEN + 1440: (1, 0)}
    send([request("2026-07-02 10:00", **key)])
    assert counts(warehouse, asked) == {TEN + 1440: (1, 0)}


def test_error_logs_are_those_of_the_request_near_its_time(warehouse, send):
    send([request(trace_id="t1"), request(trace_id="t2"), request(trace_id="")])
    asked = indicator("error_logs = 0", "error_logs")

    def log(time, request_id="t1", is_error=True, service="shop"):
        send([{"time": time, "service": service, "request_id": request_id,
               "is_error": is_error}], kind="logs")  # fmt: skip
        return counts(warehouse, asked)[TEN]

    assert log("2026-07-01 10:00", is_error=False) == (3, 0)
    assert log("2026-07-01 10:00", request_id="") == (3, 0)
    assert log("2026-07-01 10:00", service="search") == (3, 0)
    assert log("2026-07-01 08:59:59") == (3, 0)
    assert log("2026-07-02 10:00:01") == (3, 0)
    assert log("2026-07-02 10:00:00") == (3, 1)
    assert log("2026-07-01 09:00:00", request_id="t2", service="") == (3, 2)


def test_the_newest_correction_decides(warehouse, send):
    send([request(trace_id="t1"), request(trace_id="t2", status=500)])
    asked = indicator("status < 500 and corrections = 0", "corrections")

    def correct(request_id, verdict, reason=""):
        warehouse.add_corrections("shop", [request_id], verdict, reason, NOW)
        return counts(warehouse, asked)[TEN]

    assert correct("t1", "bad") == (2, 2)
    assert correct("t2", "good") == (2, 1)
    assert correct("t1", "excluded") == (1, 0)
    assert correct("t1", "bad", "after all") == (2, 1)


def test_required_logs_leave_out_minutes_without_a_live_feed(warehouse, send):
    send([request(f"2026-07-01 10:{at:02}") for at in (0, 5, 10, 30)])
    asked = indicator(requests=requests_of(logs_required=True))
    assert counts(warehouse, asked) == {}

    for time in ("2026-07-01 10:00", "2026-07-01 10:10"):
        send([{"time": time, "service": "shop"}], kind="logs")
    assert list(counts(warehouse, asked)) == [TEN, TEN + 5, TEN + 10]


def test_nothing_new_touches_nothing(warehouse, send):
    send([request()])

    assert warehouse.touched(requests_of(), 0).minutes.tolist() == [TEN]
    assert warehouse.touched(requests_of(), 0).newest == 1
    assert warehouse.touched(requests_of(), 1).minutes.tolist() == []
    assert warehouse.touched(requests_of("search"), 0).minutes.tolist() == []


def test_a_late_row_touches_its_minute_only(warehouse, send):
    send([request("2026-07-01 10:00"), request("2026-07-01 11:00")])
    send([request("2026-07-01 10:00")])

    touched = warehouse.touched(requests_of(), 1)
    assert (touched.minutes.tolist(), touched.newest) == ([TEN], 2)


def test_a_retry_touches_the_attempts_of_the_day_before(warehouse, send):
    send([request("2026-06-30 10:00:01", attributes={"key": "a"}),
          request("2026-06-30 09:59:59", attributes={"key": "a"}),
          request("2026-07-01 09:00", attributes={"key": "b"})])  # fmt: skip
    send([request("2026-07-01 10:00", attributes={"key": "a"})])

    touched = warehouse.touched(requests_of(operation=OPERATION), 1)
    assert touched.minutes.tolist() == [TEN - 1440, TEN]


def test_a_late_log_touches_the_minute_of_its_request(warehouse, send):
    send([request("2026-07-01 10:00", trace_id="t1"), request("2026-07-01 10:01", trace_id="t2")])
    send([{"time": "2026-07-02 09:00", "service": "", "request_id": "t1", "is_error": True}],
         kind="logs")  # fmt: skip

    assert warehouse.touched(requests_of(), 1).minutes.tolist() == [TEN]


def test_a_correction_touches_the_minute_of_its_request_at_any_age(warehouse, send):
    send([request("2025-07-01 10:00", trace_id="t1"), request("2026-07-01 10:01", trace_id="t2")])
    warehouse.add_corrections("shop", ["t1"], "bad", "corrupted", NOW)

    assert warehouse.touched(requests_of(), 1).minutes.tolist() == [minute("2025-07-01 10:00")]


def test_indicators_of_different_requests_are_not_counted_together(warehouse):
    with pytest.raises(ValueError, match="same requests"):
        warehouse.tally([indicator(), indicator(requests=requests_of("search"))], None)


def test_a_criterion_that_does_not_suit_the_data_says_so(warehouse, send):
    send([request(attributes={"n": "many"})])

    with pytest.raises(Failure, match="TRY_CAST"):
        warehouse.tally([indicator("cast(attributes['n'] as integer) < 3")], None)
