"""Reviews of quarters that are not as they should be: without traffic, begun late, with gaps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errorbudget.errors import Failure
from errorbudget.program.program import Program
from errorbudget.review.markdown import markdown
from program.traffic import START, Minute, at, fed, rows

AFTER = datetime(2026, 8, 1, tzinfo=UTC)
CALENDAR = "rolling: 28d", "calendar: quarter, timezone: Europe/Berlin"


def hourly(minute: int) -> Minute:
    """Twenty requests an hour; one of eighty fails."""
    hour = minute // 60
    return (0, 0) if minute % 60 else (20 - (hour % 4 == 0), int(hour % 4 == 0))


def quarterly(
    folder: Path, program: Program, *, target: str = "99%", now: datetime = START
) -> None:
    """Promise by the quarter, as it is lived in Berlin."""
    path = folder / "shop.yaml"
    text = path.read_text().replace(*CALENDAR)
    path.write_text(text.replace("target: 99%", f"target: {target}"))
    program.objectives.apply(path, now=now)


def one(told: dict[str, Any]) -> dict[str, Any]:
    """The only objective of a review."""
    (service,) = told["services"]
    (objective,) = service["objectives"]
    return objective


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service begun on 2 March, with four months of traffic; promised by the quarter."""
    folder = tmp_path_factory.mktemp("lived")
    with fed(folder, hourly, days=123) as program:
        quarterly(folder, program)
        yield program, folder


@pytest.fixture(scope="module")
def second(lived: Any) -> dict[str, Any]:
    """The second quarter, while the first version was in force."""
    return lived[0].reviews.read("shop", at=AFTER)


@pytest.fixture(scope="module")
def first(second: dict[str, Any], lived: Any) -> dict[str, Any]:
    """The first quarter, which began without the service."""
    return lived[0].reviews.read("shop", "2026Q1", at=AFTER)


def test_without_a_quarter_the_last_one_that_is_over_is_counted_as_its_people_live_it(
    second: dict[str, Any],
) -> None:
    told = second

    assert told["quarter"] == "2026Q2"
    hours = range(int(datetime(2026, 3, 31, 22, tzinfo=UTC).timestamp()) // 3600, 10**6)
    hours = hours[: 91 * 24]
    assert one(told)["valid"] == 20 * len(hours)
    assert one(told)["bad"] == sum(hour % 4 == 0 for hour in hours)
    assert (told["services"][0]["from"], told["services"][0]["to"]) == (
        "2026-03-31T22:00:00Z",
        "2026-06-30T22:00:00Z",
    )


def test_a_service_begun_in_the_middle_is_judged_from_there_on(first: dict[str, Any]) -> None:
    told = first

    # A clock change lies inside: Berlin's quarter ends an hour earlier in UTC than it began.
    assert told["services"][0]["to"] == "2026-03-31T22:00:00Z"
    assert one(told)["verdict"] == "missed"
    assert one(told)["minutes"]["of"] == (30 * 24 - 2) * 60
    assert one(told)["last"] is None
    assert "Three windows of four weeks are asked for, and 1 are known." in " ".join(
        one(told)["recalibration"]["evidence"]
    )


def test_a_quarter_without_a_request_is_unknown_and_never_kept(lived: Any) -> None:
    program, _ = lived

    told = program.reviews.read("shop", "2025Q4", at=AFTER)

    assert one(told)["verdict"] == "unknown"
    assert told["whole"] | {"unknown": 1, "kept": 0} == told["whole"]
    assert told["services"][0]["freezes"]["count"] == 0
    assert "no data is not kept" in markdown(told)


def test_it_stands_beside_the_last_quarter(first: dict[str, Any], second: dict[str, Any]) -> None:
    last, before = one(second)["last"], one(first)

    for name in ("verdict", "valid", "bad", "used"):
        assert last[name] == before[name]


def test_a_quarter_that_is_not_over_says_so_and_one_that_has_not_begun_is_refused(
    lived: Any,
) -> None:
    program, _ = lived

    told = program.reviews.read("shop", "2026Q2", at=at(60))

    assert not told["over"]
    assert "so far (it is not over: 2026-05-01)" in told["sentence"]
    with pytest.raises(Failure, match="--quarter: 2026Q3 has not begun by"):
        program.reviews.read("shop", "2026Q3", at=at(60))


def test_a_version_that_came_within_the_quarter_is_told_with_what_it_changed(
    lived: Any, first: dict[str, Any], tmp_path: Path
) -> None:
    program, folder = lived
    tighter = (folder / "shop.yaml").read_text().replace("target: 99%", "target: 98%")
    (tmp_path / "shop.yaml").write_text(tighter)
    program.objectives.apply(tmp_path / "shop.yaml", now=datetime(2026, 5, 20, tzinfo=UTC))

    told = program.reviews.read("shop", "2026Q2", at=AFTER)

    (version,) = told["services"][0]["versions"]
    assert version["since"] == "2026-05-20T00:00:00Z"
    assert "target: 99% becomes 98%" in version["changes"][0]
    # Each quarter is judged by what was promised at its end.
    assert (one(told)["target"], one(told)["verdict"]) == ("98%", "kept")
    assert (one(first)["target"], one(first)["verdict"]) == ("99%", "missed")
    (other,) = one(told)["other_targets"]
    assert (other["target"], other["until"]) == ("99%", "2026-05-20T00:00:00Z")


def test_a_quarter_with_gaps_is_unknown_however_good_what_was_seen(tmp_path: Path) -> None:
    def good(minute: int) -> Minute:
        return (0, 0) if minute % 60 else (20, 0)

    with fed(tmp_path, good, days=50) as program:
        later = tmp_path / "later.ndjson"
        later.write_bytes(rows(at(75), START + timedelta(days=123), good))
        program.requests.ingest(later)
        quarterly(tmp_path, program)

        told = program.reviews.read("shop", "2026Q2", at=AFTER)

    assert one(told)["bad"] == 0
    assert one(told)["verdict"] == "unknown"
    assert one(told)["coverage"] < 0.9
    assert "of the quarter was seen" in one(told)["sentence"]
    assert one(told)["recalibration"]["advice"] == "keep"


def test_nothing_promised_is_a_sentence_and_a_way_out(tmp_path: Path) -> None:
    with (
        Program.open(tmp_path / "home", create=True) as program,
        pytest.raises(Failure, match="nothing is promised yet"),
    ):
        program.reviews.read(at=AFTER)
