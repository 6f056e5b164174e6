"""What `burn` says of traffic whose burn is known."""

from pathlib import Path

import pytest

from errorbudget.burn.rules import DAY
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.program.program import Program
from program.traffic import at, between, fed

OUTAGE = between(at(9, "12:00"), at(9, "13:00"), then=(0, 10), usual=(10, 0))
GONE = between(at(9, "12:00"), at(9, "13:00"), then=(0, 0), usual=(10, 0))


def read(program: Program, day: float, clock: str) -> BurnStanding:
    with program:
        (one,) = program.burns.read(at=at(day, clock))
    return one


@pytest.mark.parametrize(
    ("clock", "alert"),
    [
        ("12:05", "none"),
        ("12:06", "fire"),
        ("13:20", "fire"),
        ("14:10", "warn"),
        ("15:10", "recovering"),
    ],
)
def test_an_outage_is_followed_from_its_first_minutes_to_its_end(
    tmp_path: Path, clock: str, alert: str
) -> None:
    assert read(fed(tmp_path, OUTAGE, days=10), 9, clock).alert == alert


def test_a_fire_says_which_numbers_made_it_and_since_when(tmp_path: Path) -> None:
    told = read(fed(tmp_path, OUTAGE, days=10), 9, "12:30").as_dict()

    assert told["alert"] == "fire"
    assert told["reason"].startswith("300 of 600 requests failed in 1h = 50x; on budget this happ")
    assert told["onset"] == told["since"] == "2026-03-11T12:06:00Z"
    hour, quarter, day = told["horizons"]
    assert [one["horizon"] for one in (hour, quarter, day)] == ["1h", "6h", "24h"]
    assert (hour["valid"], hour["bad"], hour["rate"]) == (600, 300, 50.0)
    assert hour["interval"][0] < hour["shown_rate"] < hour["interval"][1]
    assert hour["relative"] == pytest.approx(hour["rate"] / told["sustainable"])
    assert told["exhausts_at"] is not None


def test_one_bad_request_of_a_quiet_service_pages_nobody(tmp_path: Path) -> None:
    quiet = between(at(9, "12:00"), at(9, "12:01"), then=(0, 1), usual=(0, 0))

    told = read(fed(tmp_path, lambda m: (1, 0) if m % 30 == 7 else quiet(m), days=10), 9, "12:02")

    assert told.alert == "none"
    assert told.reason == "1 of 49 requests failed in 24h = 2x"


def test_a_job_that_runs_once_a_night_fires_when_it_failed_often_enough_in_a_row(
    tmp_path: Path,
) -> None:
    def nightly(minute: int) -> tuple[int, int]:
        day = minute // DAY
        runs = minute % DAY == 120
        return (0, 0) if not runs else (0, 1) if day >= START_OF_TROUBLE else (1, 0)

    START_OF_TROUBLE = int(at(18).timestamp()) // 60 // DAY  # noqa: N806
    program = fed(tmp_path, nightly, days=21, target="98%")

    with program:
        nights = [program.burns.read(at=at(day, "02:03"))[0] for day in (17, 18, 20)]

    assert [night.alert for night in nights] == ["none", "none", "fire"]
    assert nights[2].reason.startswith("the last 3 requests failed one after the other; 1 of 1 req")


def test_traffic_that_stops_arriving_fires(tmp_path: Path) -> None:
    told = read(fed(tmp_path, GONE, days=10), 9, "12:20")

    assert told.alert == "fire"
    assert told.reason == "0 requests came in 15m; about 150 are usual at this time"


def test_silence_can_be_left_to_others(tmp_path: Path) -> None:
    told = read(fed(tmp_path, GONE, days=10, more="burn: {silence: false}\n"), 9, "12:20")

    assert told.alert == "none"


def test_nothing_is_missed_where_the_data_ends(tmp_path: Path) -> None:
    program = fed(tmp_path, lambda _: (10, 0), days=10)

    with program:
        soon = program.burns.read(at=at(10, "00:30"))[0]
        later = program.burns.read(at=at(12))[0]

    assert soon.alert == "none"
    assert later.alert == "unknown"
    assert later.reason == "no valid request in 24h; its data reaches to 2026-03-11T23:59:00Z"
    assert later.horizons[0].rate is None


def test_announced_maintenance_is_no_silence(tmp_path: Path) -> None:
    out = 'exclude:\n  - {from: "2026-03-11T12:00:00Z", to: "2026-03-11T13:00:00Z", reason: move}\n'

    assert read(fed(tmp_path, GONE, days=10, more=out), 9, "12:40").alert == "none"


def test_a_document_may_look_at_longer_horizons(tmp_path: Path) -> None:
    long = "burn: {drift: {rate: 1, horizons: [3d, 7d]}, warn: {rate: 3, horizons: [3d]}}\n"

    told = read(fed(tmp_path, OUTAGE, days=10, more=long), 9, "23:00")

    assert [one.horizon for one in told.horizons] == ["1h", "6h", "24h", "3d", "7d"]
    assert told.horizons[4].bad == 600
