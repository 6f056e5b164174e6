"""What a change to a document would have meant on the traffic there was."""

from pathlib import Path

import pytest

from errorbudget.errors import Failure
from program.traffic import at, between, document, fed

DAYS = 63
BURST = between(at(50, "12:00"), at(50, "22:00"), (1, 1), (1, 0))
"""600 of 90,720 requests fail, all of them on one evening of the eighth week."""


def text(folder: Path, target: str, *swap: str) -> bytes:
    return document(folder, target=target).read_text().replace(*swap or ("", "")).encode()


def test_a_tighter_target_is_told_in_windows_that_would_have_been_overspent(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=DAYS) as program:
        said = program.differing.between(
            text(tmp_path, "99.5%"), "new.yaml", old=text(tmp_path, "98%")
        )

    # The last request is a minute before midnight: five windows of 28 days have passed whole, one
    # each week; the last two saw the evening.
    assert said[0].startswith("objectives.availability.target: 98% becomes 99.5%: 1.5")
    assert said[1:] == [
        "objectives.availability: on the last quarter's traffic (2026-03-02 to 2026-05-03),"
        " 2 of 5 windows would have been overspent instead of 0 of 5; 600 of 91,320 requests"
        " were bad."
    ]


def test_a_change_of_criteria_is_told_in_requests(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=DAYS) as program:
        said = program.differing.between(
            text(tmp_path, "99%", "status < 500", "status < 100"),
            "new.yaml",
            old=text(tmp_path, "99%"),
        )

    assert "91,320 of 91,320 requests would have been bad instead of 600 of 91,320" in said[-1]


def test_calendar_windows_count_when_they_are_over(tmp_path: Path) -> None:
    month = ("rolling: 28d", "calendar: month")
    with fed(tmp_path, BURST, days=DAYS) as program:
        said = program.differing.between(
            text(tmp_path, "98%", *month), "new.yaml", old=text(tmp_path, "99.5%", *month)
        )

    # March and April are over, the first three days of May are not.
    assert "0 of 2 windows would have been overspent instead of 1 of 2" in said[-1]


def test_a_history_shorter_than_the_window_tells_what_is_used_to_date(tmp_path: Path) -> None:
    burst = between(at(3, "12:00"), at(3, "13:00"), (1, 1), (1, 0))
    with fed(tmp_path, burst, days=7) as program:
        said = program.differing.between(
            text(tmp_path, "99.9%"), "new.yaml", old=text(tmp_path, "99%")
        )

    assert "no whole window has passed; to date it would have used 5.92 times its budget" in said[1]
    assert "instead of 59% of its budget" in said[1]


def test_without_a_request_nothing_is_said_in_numbers(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=1) as program:
        other = ("service: shop", "service: quiet")
        said = program.differing.between(
            text(tmp_path, "98%", *other), "new.yaml", old=text(tmp_path, "99%", *other)
        )

    assert said[1:] == ["In numbers: nothing, no request of quiet was taken in."]


def test_what_binds_and_any_version_by_its_digest_is_compared_with(tmp_path: Path) -> None:
    with fed(tmp_path, BURST, days=1) as program:
        other = text(tmp_path, "98%", "service: shop", "service: quiet")
        with pytest.raises(Failure, match="no version of quiet is in force to compare it with"):
            program.differing.between(other, "new.yaml")
        program.objectives.apply(document(tmp_path, target="98%"), now=at(1))
        first, second = (one.digest for one in program.home.documents.history("shop"))

        in_force = program.differing.between(text(tmp_path, "97%"), "new.yaml")
        replaced = program.differing.between(text(tmp_path, "97%"), "new.yaml", digest=first[:8])
        same = program.differing.between(text(tmp_path, "98%"), "new.yaml", digest=second)
        with pytest.raises(Failure, match="ffff00: no file, and no version begins like this"):
            program.differing.between(text(tmp_path, "97%"), "new.yaml", digest="ffff00")

    assert "98% becomes 97%" in in_force[0]
    assert "99% becomes 97%" in replaced[0]
    assert same == []
