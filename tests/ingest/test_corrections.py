"""What people may say about requests later."""

from datetime import UTC, datetime

import pytest

from errorbudget.errors import Failure
from errorbudget.ingest.corrections import correct

NOW = datetime(2026, 7, 21, tzinfo=UTC)
GOOD = {"time": "2026-07-20T14:05:00Z", "service": "checkout", "trace_id": "t1"}


def test_known_requests_are_corrected_and_unknown_ones_named(desk):
    desk.take_records(GOOD)

    done = correct(desk.warehouse, "checkout", ["t1", "t2"], "bad", "lost the order", now=NOW)

    assert (done.corrected, done.unknown) == (1, ("t2",))


@pytest.mark.parametrize(
    ("service", "ids", "verdict", "reason", "says"),
    [
        ("checkout", ["t1"], "wrong", "why", "bad, good or excluded"),
        ("checkout", ["t1"], "bad", " ", "needs a reason"),
        ("checkout", ["", " "], "bad", "why", "request id"),
        ("", ["t1"], "bad", "why", "service"),
    ],
    ids=["verdict", "reason", "ids", "service"],
)
def test_a_correction_says_which_and_why(desk, service, ids, verdict, reason, says):
    with pytest.raises(Failure, match=says):
        correct(desk.warehouse, service, ids, verdict, reason, now=NOW)
