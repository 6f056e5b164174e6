"""Lines are folded to templates, and the templates that tell of a burn come first."""

from collections.abc import Sequence

import pytest

from errorbudget.burn.log_patterns import (
    Exposure,
    Of,
    Pattern,
    Records,
    Templates,
    fold,
    patterns,
)

EVEN = Exposure(before=1_000, burn=1_000, good=900, bad=100)


def records(*rows: tuple[str, Of, str]) -> Records:
    return Records(
        message=[message for message, _, _ in rows],
        template=[None] * len(rows),
        of=[of for _, of, _ in rows],
        trace_id=[trace for _, _, trace in rows],
        is_error=[False] * len(rows),
    )


def many(message: str, of: Of, count: int) -> list[tuple[str, Of, str]]:
    """Records of as many traces; `{}` in the message is a number that is never the same."""
    return [(message.format(7000 + n), of, f"{of.name}-{n}") for n in range(count)]


def told(*rows: tuple[str, Of, str], exposure: Exposure = EVEN) -> list[Pattern]:
    return patterns([records(*rows)], exposure)


@pytest.mark.parametrize(
    ("lines", "template"),
    [
        (["order 17 paid in 12.5 ms", "order 2 paid in 9 ms"], "order <NUM> paid in <NUM> ms"),
        (["took 120ms", "took 3s"], "took <NUM>"),
        (["lost 10.0.0.1:443", "lost 10.9.8.7:80"], "lost <IP>"),
        (["span 4bf92f3577b34da6 done", "span 00f067aa0ba902b7 done"], "span <ID> done"),
        (["at 12:01:07.004 stop", "at 23:59:59 stop"], "at <TIME> stop"),
        (
            ["log in of user maria failed", "log in of user petra failed"],
            "log in of user <*> failed",
        ),
        (["2026-03-02 10:00:01,250 INFO up", "2026-03-02 10:00:02,000 INFO up"], "INFO up"),
    ],
)
def test_what_varies_is_folded(lines: Sequence[str], template: str) -> None:
    mined = Templates()
    keys = set(mined.of(lines))

    assert [mined.texts()[key] for key in keys] == [template]


def test_the_line_of_code_that_writes_is_kept() -> None:
    mined = Templates()
    (key,) = mined.of(["INFO shop.OrderService#212 order #17 stored"])

    assert mined.texts()[key] == "INFO shop.OrderService#212 order #<NUM> stored"


def test_a_stack_trace_is_told_by_its_message_and_exceptions() -> None:
    java = (
        "order 7 not stored\njava.lang.IllegalStateException: closed\n\tat a.B.c(B.java:12)\n"
        "\tat a.B.d(B.java:99)\nCaused by: java.io.EOFException\n\t... 23 more"
    )
    python = (
        "order 7 not stored\nTraceback (most recent call last):\n"
        '  File "a.py", line 3, in b\n    c()\nKeyError: 7'
    )

    assert fold(java) == (
        "order 7 not stored java.lang.IllegalStateException: closed Caused by: java.io.EOFException"
    )
    assert fold(python) == "order 7 not stored Traceback (most recent call last): KeyError: 7"


def test_a_new_template_is_told_as_new_with_three_traces_of_bad_requests() -> None:
    (one,) = told(*many("cannot round order {}", Of.BAD, 40), *many("paid {}", Of.BEFORE, 2))

    assert one.template == "cannot round order <NUM>"
    assert (one.count, one.baseline_count) == (40, 0)
    assert "new: 40 in the burn, none before" in one.reason
    assert one.trace_ids == ("BAD-0", "BAD-1", "BAD-2")


def test_few_lines_that_only_bad_requests_write_outrank_many_that_all_write() -> None:
    found = told(
        *many("cache miss for {}", Of.BEFORE, 5_000),
        *many("cache miss for {}", Of.GOOD, 6_500),
        *many("lock lost by {}", Of.BAD, 20),
        *many("lock lost by {}", Of.BEFORE, 2),
    )

    assert found[0].template == "lock lost by <NUM>"


def test_a_template_as_frequent_on_bad_requests_as_on_good_ones_tells_nothing() -> None:
    found = told(
        *many("answered {}", Of.BEFORE, 1_000),
        *many("answered {}", Of.GOOD, 900),
        *many("answered {}", Of.BAD, 100),
    )

    assert found == []


def test_a_template_of_bad_requests_is_told_though_it_is_no_more_frequent() -> None:
    (one,) = told(*many("tried {} again", Of.BEFORE, 60), *many("tried {} again", Of.BAD, 60))

    assert one.reason == "on 60% of bad requests and 0% of good ones"


def test_twice_the_requests_make_twice_the_lines_and_no_surge() -> None:
    busy = Exposure(before=1_000, burn=2_000, good=2_000, bad=0)

    assert (
        told(*many("got {}", Of.BEFORE, 500), *many("got {}", Of.BURN, 1_000), exposure=busy) == []
    )


def test_lines_that_stopped_are_told_as_gone_unless_they_reported_trouble() -> None:
    found = told(
        *many("INFO stored {}", Of.BEFORE, 50),
        *many("ERROR not stored {}", Of.BEFORE, 50),
    )

    assert [one.template for one in found] == ["INFO stored <NUM>"]
    assert found[0].reason == "gone: none in the burn, about 50 are usual"


def test_a_thousand_lines_of_one_request_count_once() -> None:
    loop = [("spinning", Of.BURN, "the-only-one")] * 1_000

    assert told(*loop) == []


def test_the_template_that_the_sender_told_is_the_template() -> None:
    rows = Records(
        message=[f"rounding 5.{n} EUR" for n in range(30)],
        template=["rounding {amount} {currency}"] * 30,
        of=[Of.BURN] * 30,
        trace_id=[f"t{n}" for n in range(30)],
        is_error=[True] * 30,
    )
    (one,) = patterns([rows], EVEN)

    assert one.template == "rounding {amount} {currency}"
    assert one.count == 30


def test_batches_add_up() -> None:
    halves = [records(*many("lost {}", Of.BAD, 30)), records(*many("lost {}", Of.BAD, 30))]
    (one,) = patterns(halves, EVEN)

    assert one.count == 60


def test_without_records_there_is_no_pattern() -> None:
    assert patterns([], EVEN) == []
    assert told(("", Of.BURN, ""), ("  ", Of.BURN, "")) == []


def test_a_burn_without_requests_is_compared_by_time() -> None:
    silent = Exposure(before=180, burn=60, good=0, bad=0)
    (one,) = told(*many("disk full {}", Of.BURN, 9), exposure=silent)

    assert one.reason.startswith("new: 9")
