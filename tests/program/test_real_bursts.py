"""The bursts of failures in real traffic alert, and its quiet days do not.

Three weeks of an image service. At 98 % its worst hours burn at
4x and 7x, which is less than anybody is told of; at 99 % they are twice that.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from errorbudget.burn.rules import Level
from errorbudget.program.program import Program
from program.replaying import Episode, episodes
from program.traffic import START, document
from tracing import of, untraced

MINUTE = timedelta(minutes=1)
MAPS = {
    "time": "gmt_create",
    "route": "predict_type",
    "status": "CASE predict_status WHEN 'SUCCEED' THEN 200 WHEN 'FAILED' THEN 500 END",
}
GROUPED = "burn: {group_by: [route, attributes.checkpoint_model_version_id]}\n"
QUIET = [date(2024, 11, day) for day in (17, 19, 20, 23, 24, 25, 29, 30)] + [
    date(2024, 12, day) for day in (2, 3, 4, 5, 8)
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("images")
    with Program.open(folder / "home", create=True) as program:
        trace = shared_data / "genai-requests" / "lora_request_trace.csv"
        program.requests.ingest(trace, service="images", maps=MAPS)
        program.objectives.apply(document(folder, "images", target="99%", more=GROUPED), now=START)
    return folder / "home"


@pytest.fixture(scope="module")
def images(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Its home; whoever uses it opens no incident and drafts nothing."""
    with Program.open(copy(filled, tmp_path_factory.mktemp("read"))) as program:
        yield program


@pytest.fixture
def own(filled: Path, tmp_path: Path) -> Iterator[Program]:
    """The same, for what a test keeps in it."""
    with Program.open(copy(filled, tmp_path)) as program:
        yield program


def copy(home: Path, folder: Path) -> Path:
    return Path(shutil.copytree(home, folder / "home"))


@pytest.fixture(scope="module")
def told(images: Program) -> list[Episode]:
    since, until = (datetime(2024, *day, tzinfo=UTC) for day in ((11, 17), (12, 9)))
    return episodes(images, since, until)


@pytest.mark.parametrize(
    ("hour", "level"), [("2024-11-28T17:00Z", Level.WARN), ("2024-12-06T20:00Z", Level.FIRE)]
)
def test_a_burst_alerts_within_its_hour(told: list[Episode], hour: str, level: Level) -> None:
    began = datetime.fromisoformat(hour)
    (one,) = [one for one in told if began <= one.start < began + timedelta(hours=1)]

    assert one.level >= level


@pytest.mark.parametrize(
    ("until", "model"), [("2024-11-28T18:00Z", "M0003"), ("2024-12-06T21:00Z", "M0017")]
)
def test_the_first_line_names_the_model_whose_requests_fail(
    images: Program, until: str, model: str
) -> None:
    found = images.explaining.explain("images", "availability", at=datetime.fromisoformat(until))

    column = "attributes.checkpoint_model_version_id"
    assert found.where[0].match[column] == model
    assert f"{column}={model}" in found.headline()
    assert f"{column}={model}" in (found.first_move() or "")


def test_quiet_days_alert_nobody(told: list[Episode]) -> None:
    began = {one.start.date() for one in told}

    assert began.isdisjoint(QUIET)


def test_traffic_that_comes_and_goes_as_people_please_is_never_missed(told: list[Episode]) -> None:
    assert not any(one.silent for one in told)


def test_an_evening_of_bursts_is_told_a_few_times_at_most(told: list[Episode]) -> None:
    assert max(one.told for one in told) <= 6


@pytest.mark.parametrize(
    ("hour", "level", "model"),
    [("2024-11-28T17:00Z", "warn", "M0003"), ("2024-12-06T20:00Z", "fire", "M0017")],
)
def test_what_the_watch_sends_of_a_burst_names_its_model(
    own: Program, hour: str, level: str, model: str
) -> None:
    contexts = own.contexts(patience=60)
    watch, start = own.watch(contexts=contexts), datetime.fromisoformat(hour)
    for before in (14, 7):
        watch.tick(start - timedelta(hours=before))

    messages = [one for after in range(60) for one in watch.tick(start + after * MINUTE)]
    contexts.close()

    pages = [one for one in messages if one.kind == "fired"]
    assert [one.level for one in pages] == [level]
    assert pages[0].title.startswith("images: requests fail")
    assert f"attributes.checkpoint_model_version_id={model}" in pages[0].title
    assert any(line.startswith("Try: ") and model in line for line in pages[0].lines)
    assert "requests failed in" in pages[0].lines[0]


def test_the_burst_gives_a_postmortem_whose_numbers_its_queries_tell(own: Program) -> None:
    at = datetime(2024, 12, 8, tzinfo=UTC)
    since, until = (datetime(2024, 12, 6, hour, tzinfo=UTC) for hour in (20, 22))
    found = own.postmortems.draft("images", "availability", since, until, at=at)

    *wrong, numbers = untraced(str(found.document), of(own))

    assert wrong == []
    assert int(numbers.split()[0]) > 30
    cost = found.kept.told["impact"]["costs"][0]
    counted = own.postmortems.impact("images", None, since, until, at=at)["costs"][0]
    assert (cost["seen"], cost["excess"]) == (counted["seen"], counted["excess"])
    assert "checkpoint\\_model\\_version\\_id=M0017" in found.document.section("summary")
    assert found.document.section("preventions").startswith("\n- a fallback for")


def test_several_bursts_of_one_evening_are_one_postmortem(own: Program) -> None:
    at = datetime(2024, 12, 8, tzinfo=UTC)

    (found,) = own.postmortems.due("images", "2024Q4", at=at)

    impact = found.kept.told["impact"]
    assert (impact["from"], impact["to"]) == ("2024-11-28T17:00:00Z", "2024-11-28T21:00:00Z")
    assert impact["costs"][0]["seen"] == 30
    assert impact["costs"][0]["few"]
