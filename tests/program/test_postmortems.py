"""Postmortems of a service's incidents: drafted, kept current, written by people, published."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.postmortem.draft import sections
from errorbudget.program.postmortems.files import Save, bring, put
from errorbudget.program.postmortems.postmortems import Postmortems
from errorbudget.program.postmortems.shelf import Written
from errorbudget.program.program import Program
from errorbudget.store.incidents import DeclaredBy, Incident
from errorbudget.store.postmortems import State
from program.traffic import START, Minute, at, fed, rows

MINUTE = timedelta(minutes=1)
FIRST, SECOND = at(8, "12:00"), at(9, "12:00")
QUIET = at(9, "20:00")
END = at(10)
JUDGED = {
    "root-cause": "the pool was too small",
    "went-well": "the alert came at once",
    "actions": "- [ ] a larger pool (owner: ana, due: 2026-03-20)",
}


def traffic(minute: int) -> Minute:
    """Five a minute, of which one in an hour fails; twice 40 minutes in which most do.

    For an hour there is none at all.
    """
    moment = START + (minute - int(START.timestamp()) // 60) * MINUTE
    if QUIET <= moment < QUIET + 60 * MINUTE:
        return 0, 0
    burns = any(begins <= moment < begins + 40 * MINUTE for begins in (FIRST, SECOND))
    if burns:
        return 1, 6
    return (4, 1) if minute % 60 == 7 else (5, 0)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("seen")
    with fed(folder, traffic, days=10) as program:
        for version, begins in (("2", FIRST), ("3", SECOND)):
            change = Change(
                id=f"shop-{version}",
                service="shop",
                version=version,
                started_at=begins - 2 * MINUTE,
                finished_at=begins,
            )
            program.changes.record(change, now=begins)
        yield program


@pytest.fixture
def program(seen: Program) -> Iterator[Program]:
    """The same traffic, and no postmortem yet."""
    yield seen
    from errorbudget.store.schema import alert, happening, incident, notice, postmortem, wording

    with seen.home.database.writing() as connection:
        for table in (wording, postmortem, happening, incident, alert, notice):
            connection.execute(table.delete())


@pytest.fixture
def learning(program: Program) -> Postmortems:
    return Postmortems(program.home, program.source, program.objectives)


def drafted(learning: Postmortems, begins: datetime = FIRST, *, now: datetime = END) -> Written:
    return learning.draft("shop", "availability", begins, begins + 40 * MINUTE, at=now)


def written(learning: Postmortems, of: Written, **sections: str) -> Written:
    told = {name.replace("_", "-"): text for name, text in sections.items()}
    return learning.authoring.write(of.kept.id, of.kept.version, told, by="ana", at=END)


def declared(program: Program) -> Incident:
    """An incident that bo declares five minutes after the first burn began."""
    new = Incident(
        service="shop",
        environment="",
        title="shop is down",
        origin=DeclaredBy.PERSON,
        declared_by="bo",
        started_at=FIRST + 5 * MINUTE,
    )
    with program.home.database.writing() as connection:
        return program.home.incidents.open(connection, new)


def test_what_spent_more_than_the_document_bears_is_drafted_once(learning: Postmortems) -> None:
    found = [*learning.due(None, at=END)]

    assert [one.kept.id for one in found] == [
        "shop-2026-03-10-1200",
        "shop-2026-03-11-1200",
        "shop-2026-03-11-2000",
    ]
    cost = found[0].kept.told["impact"]["costs"][0]
    assert (cost["seen"], cost["valid"]) == (240, 280)
    assert cost["excess"] == pytest.approx(240 - 280 / 300, abs=0.1)
    assert "240 of 280 requests failed" in str(found[0].document)

    again = [*learning.due(None, at=END)]
    assert [(one.kept.id, one.kept.version) for one in again] == [
        ("shop-2026-03-10-1200", 1),
        ("shop-2026-03-11-1200", 1),
        ("shop-2026-03-11-2000", 1),
    ]


def test_a_silence_that_nobody_recorded_is_found_in_the_data(learning: Postmortems) -> None:
    *_, silence = learning.due(None, at=END)

    assert (silence.kept.start, silence.kept.end) == (minute(QUIET), minute(QUIET + 60 * MINUTE))
    assert silence.kept.kind.cause == "silence"


def test_the_timeline_names_the_source_of_each_line(
    program: Program, learning: Postmortems
) -> None:
    opened = declared(program)
    program.incidents.acknowledge(opened.id, by="ana", now=FIRST + 9 * MINUTE)
    program.incidents.note(opened.id, "the pool is empty", by="ana", now=FIRST + 12 * MINUTE)
    program.incidents.close(opened.id, by="ana", now=FIRST + 45 * MINUTE)

    found = learning.of_incident(opened.id, at=END)

    impact = found.kept.told["impact"]
    sources = {one["source"] for one in impact["timeline"]}
    assert sources == {"burn", "change", f"incident {opened.id}", "acknowledgement", "note"}
    assert impact["times"]["acknowledged_after"] == 9
    assert (found.kept.start, found.kept.end) == (minute(FIRST), minute(FIRST + 40 * MINUTE))
    assert found.kept.incident == opened.id


def minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def test_it_burns_until_it_settles(learning: Postmortems) -> None:
    now = FIRST + 30 * MINUTE
    found = learning.of_burn("shop", "availability", at=now)
    assert found is not None
    assert found.kept.state is State.BURNING
    assert "still burning" in found.document.section("summary")
    mine = written(learning, found, root_cause="the pool")
    with pytest.raises(Failure, match="still burns"):
        learning.authoring.publish(found.kept.id, by="ana", at=now)

    assert learning.renew_burning(at=FIRST + 5 * 60 * MINUTE) == [found.kept.id]

    after = learning.show(found.kept.id)
    assert after.kept.state is State.DRAFT
    assert after.kept.end == minute(FIRST + 40 * MINUTE)
    assert after.document.section("root-cause") == mine.document.section("root-cause")
    assert "240 of 280 requests failed" in after.document.section("summary")


def test_an_onset_that_spans_days_names_them_and_no_share_is_above_all(
    learning: Postmortems,
) -> None:
    found = drafted(learning)
    told = found.kept.told
    onset = {"earliest": "2026-03-09T14:15:00Z", "latest": "2026-03-10T12:36:00Z"}
    place = {"match": {"route": "/pay"}, "share": 1.011, "rate": 0.5, "n": 9, "baseline_rate": 0}
    explain = told["explain"]
    other = explain | {"onset": explain["onset"] | onset, "where": [place]}

    said = sections(found.kept.id, {**told, "explain": other})

    spread = "It began between 9 March 2026, 14:15 UTC and 10 March 2026, 12:36 UTC"
    assert spread in said["detection"]
    assert "All of the excess is in route=/pay." in said["summary"]


def test_what_overlaps_another_says_why_fewer_count_than_failed(learning: Postmortems) -> None:
    assert "count here" not in drafted(learning).document.section("summary")

    found = learning.draft("shop", "availability", FIRST, FIRST + 20 * MINUTE, at=END)

    cost = found.kept.told["impact"]["costs"][0]
    assert cost["gross"] < cost["seen"]
    summary = found.document.section("summary")
    assert f"Only {cost['gross']:.0f} of what failed count here" in summary


def test_a_time_without_an_end_that_still_burns_is_not_said_to_be_over(
    learning: Postmortems,
) -> None:
    now = FIRST + 30 * MINUTE

    named = learning.draft("shop", "availability", FIRST, now, at=now)
    assert named.kept.state is State.DRAFT

    found = learning.draft("shop", "availability", FIRST, None, at=now)
    assert (found.kept.id, found.kept.state) == (named.kept.id, State.BURNING)
    assert "It has not recovered yet." in found.document.section("summary")
    assert "no more than usual" not in found.document.section("timeline")

    assert learning.renew_burning(at=FIRST + 5 * 60 * MINUTE) == [found.kept.id]
    after = learning.show(found.kept.id).kept
    assert (after.state, after.end) == (State.DRAFT, minute(FIRST + 40 * MINUTE))


def test_the_watch_drafts_what_burns_and_settles_it(program: Program) -> None:
    drafting = program.drafting()
    watch = program.watch(looked=drafting.look)

    def states(now: datetime) -> list[tuple[str, State]]:
        watch.tick(now)
        drafting.settle()
        return [(one.id, one.state) for one in program.home.postmortems.list()]

    assert states(FIRST - 10 * MINUTE) == []
    assert states(FIRST + 30 * MINUTE) == [("shop-2026-03-10-1200", State.BURNING)]
    early = program.postmortems.show("shop-2026-03-10-1200").document.section("summary")
    assert states(FIRST + 31 * MINUTE + 5 * MINUTE) == [("shop-2026-03-10-1200", State.BURNING)]
    later = program.postmortems.show("shop-2026-03-10-1200").document.section("summary")
    assert early != later
    assert states(FIRST + 5 * 60 * MINUTE) == [("shop-2026-03-10-1200", State.DRAFT)]
    drafting.close()

    settled = program.postmortems.show("shop-2026-03-10-1200")
    assert "240 of 280 requests failed" in settled.document.section("summary")
    sources = [one["source"] for one in settled.kept.told["impact"]["timeline"]]
    assert "alert" in sources
    assert settled.kept.told["impact"]["times"]["alert_recorded"]
    drafts = [one for one in program.audit.log() if one["kind"] == "postmortem"]
    assert drafts[-1]["body"]["state"] == "burning"


def test_late_rows_and_corrections_change_data_and_no_text_of_people(
    tmp_path: Path,
) -> None:
    with fed(tmp_path, traffic, days=9) as program:
        learning = Postmortems(program.home, program.source, program.objectives)
        mine = written(learning, drafted(learning, now=at(9)), **JUDGED_WORDS)
        assert learning.refreshed(at=at(9)) == []

        late = tmp_path / "late.ndjson"
        late.write_bytes(rows(FIRST, FIRST + 10 * MINUTE, lambda _: (0, 2)))
        program.requests.ingest(late)

        assert learning.refreshed(at=at(9)) == [mine.kept.id]
        after = learning.show(mine.kept.id)
        assert "260 of 300 requests failed" in after.document.section("summary")
        for name in JUDGED:
            assert after.document.section(name) == mine.document.section(name)


JUDGED_WORDS = {name.replace("-", "_"): text for name, text in JUDGED.items()}


def test_it_is_published_only_when_people_have_judged(
    program: Program, learning: Postmortems
) -> None:
    found = drafted(learning)
    with pytest.raises(Failure, match="yet to write the root cause, what went well and the act"):
        learning.authoring.publish(found.kept.id, by="ana", at=END)
    whole = written(learning, found, **JUDGED_WORDS | {"actions": "- [ ] a larger pool"})
    with pytest.raises(Failure, match="action 1 has no owner"):
        learning.authoring.publish(found.kept.id, by="ana", at=END)
    written(learning, whole, actions=JUDGED["actions"])

    published = learning.authoring.publish(found.kept.id, by="ana", at=END)

    assert published.kept.state is State.PUBLISHED
    last = program.audit.log(1)[0]
    assert (last["kind"], last["body"]["state"], last["body"]["by"]) == (
        "postmortem",
        "published",
        "ana",
    )


def test_actions_are_tracked_and_shown_when_it_burns_again(learning: Postmortems) -> None:
    first = written(learning, drafted(learning), **JUDGED_WORDS)
    second = drafted(learning, SECOND)

    (alike,) = second.kept.told["impact"]["similar"]
    assert alike["id"] == first.kept.id
    assert "a larger pool (ana, 2026-03-20)" in second.document.section("similar")
    (action,) = learning.authoring.actions("shop", at=at(30))
    assert (action["owner"], action["overdue"], action["done"]) == ("ana", True, False)

    learning.authoring.done(first.kept.id, 1, by="ana", at=END)

    assert [one["done"] for one in learning.authoring.actions(None, at=END)] == [True]
    again = learning.refresh(second.kept.id, at=END)
    assert "Still open" not in again.document.section("similar")
    assert "1 actions" in again.document.section("similar")


def test_two_people_and_the_program_write_at_once(learning: Postmortems) -> None:
    found = drafted(learning)
    text = str(found.document)
    one = text.replace("<!-- Yours: why", "The pool.\n<!-- Yours: why")
    other = text.replace("<!-- Yours: what kept", "The alert.\n<!-- Yours: what kept")
    learning.authoring.save(one, by="ana", at=END)
    learning.refresh(found.kept.id, at=END)

    merged = learning.authoring.save(other, by="bo", at=END)

    assert "The pool." in str(merged.document)
    assert "The alert." in str(merged.document)
    assert not merged.told
    with pytest.raises(Failure, match="never was a version 99"):
        learning.authoring.save(text.replace("version 1", "version 99"), by="bo", at=END)


@pytest.fixture
def save(learning: Postmortems) -> Save:
    return lambda text, name: learning.authoring.save(text, by="ana", at=END, name=name).as_dict()


def test_a_file_is_brought_in_and_its_data_brought_up_to_date(
    learning: Postmortems, save: Save, tmp_path: Path
) -> None:
    found, file = drafted(learning), tmp_path / "journal" / "it.md"
    assert put(file, found.as_dict(), save).state == "written"
    file.write_text(file.read_text().replace("<!-- Yours: why", "The pool.\n<!-- Yours: why"))
    written(learning, found, went_well="The alert.")

    assert bring(file, save).state == "merged"

    assert "The pool." in learning.show(found.kept.id).document.section("root-cause")
    assert "The alert." in file.read_text()
    assert file.read_text() == str(learning.show(found.kept.id).document)
    assert bring(file, save).state == "same"


def _no_end(text: bytes) -> bytes:
    return text.replace(b"<!-- /errorbudget:data -->", b"", 1)


def _no_version(text: bytes) -> bytes:
    return text.replace(b"version 1", b"version one")


def _no_text(text: bytes) -> bytes:
    return text + b"\xff\xfe"


@pytest.mark.parametrize("broken", [_no_end, _no_version, _no_text])
def test_a_file_that_cannot_be_read_is_kept_and_reported(
    learning: Postmortems,
    save: Save,
    tmp_path: Path,
    broken: Callable[[bytes], bytes],
) -> None:
    found, file = drafted(learning), tmp_path / "it.md"
    file.write_bytes(before := broken(str(found.document).encode()))

    brought = bring(file, save)

    assert brought.state == "unreadable"
    assert str(file) in brought.told[0]
    assert file.read_bytes() == before
    assert learning.show(found.kept.id).kept.version == 1


def test_a_time_without_traffic_is_said_to_be_one(learning: Postmortems) -> None:
    found = learning.draft("shop", None, QUIET, QUIET + 60 * MINUTE, at=END)

    summary = found.document.section("summary")
    assert "No valid request came" in summary
    assert "300 are usual, 0 came" in summary
    assert found.kept.told["impact"]["costs"][0]["excess"] == 0
    assert "shop: requests stop coming, 11 March 2026, 20:00 UTC" in str(found.document)
    assert "fail" not in found.document.section("timeline")


def test_what_comes_after_the_end_of_a_file_is_not_lost_demand(learning: Postmortems) -> None:
    after = learning.impact("shop", None, END, END + 60 * MINUTE, at=END + 180 * MINUTE)
    across = learning.impact("shop", None, END - 60 * MINUTE, END + 60 * MINUTE, at=at(11))

    assert after["lost"] is None
    assert across["lost"]["expected"] == pytest.approx(300, rel=0.05)
    assert across["lost"]["interval"][0] == 0


def test_nothing_that_came_after_the_moment_is_told(
    program: Program, learning: Postmortems
) -> None:
    now = FIRST + 45 * MINUTE
    opened = declared(program)
    program.incidents.acknowledge(opened.id, by="ana", now=now + MINUTE)
    later = Change(id="shop-later", service="shop", version="9", started_at=now + MINUTE)
    program.changes.record(later, now=now + MINUTE)

    told = learning.impact("shop", None, FIRST, FIRST + 40 * MINUTE, at=now)

    assert max(one["at"] for one in told["timeline"]) <= clock.text(now)
    assert told["times"]["acknowledged"] is None
    assert any("opened by bo" in one["text"] for one in told["timeline"])


def test_a_range_whose_ends_read_alike_is_not_told(learning: Postmortems) -> None:
    told = {**drafted(learning).kept.told}
    (cost,) = told["impact"]["costs"]
    window = {**cost["windows"][0], "share_interval": [0.0, 0.0]}
    flat = {**cost, "few": True, "interval": [3.0, 3.0], "windows": [window]}
    told["impact"] = {**told["impact"], "costs": [flat]}

    said = sections("shop-1", told)

    assert " to 0.0 %" not in said["impact"]
    assert "nine times in ten" not in said["summary"]


def test_what_cannot_be_drafted_is_refused_in_words(learning: Postmortems) -> None:
    with pytest.raises(Failure, match="no objective 'latency'"):
        learning.draft("shop", "latency", FIRST, END, at=END)
    with pytest.raises(Failure, match="no minute of that time has passed"):
        learning.draft("shop", None, END, END + MINUTE, at=FIRST)
    with pytest.raises(Failure, match="there is no incident 7"):
        learning.of_incident(7, at=END)
    with pytest.raises(Failure, match="no such postmortem"):
        learning.show("shop-7")
    assert learning.of_burn("shop", "availability", at=FIRST) is None


QUARTER_ENDS = at(29, "22:00")
"""In Berlin, where clocks went forward two days before."""


@pytest.fixture(scope="module")
def berlin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postmortems]:
    """A month of a service in Berlin: a burn over the clock change, and one over the quarter."""
    bad = [(at(27, "00:30"), at(27, "01:30")), (at(29, "21:30"), at(29, "22:30"))]

    def burns(number: int) -> Minute:
        moment = START + (number - minute(START)) * MINUTE
        return (1, 1) if any(begins <= moment < ends for begins, ends in bad) else (2, 0)

    folder = tmp_path_factory.mktemp("berlin")
    with fed(folder, burns, days=30) as program:
        path = folder / "shop.yaml"
        window = "{calendar: quarter, timezone: Europe/Berlin}"
        path.write_text(path.read_text().replace("{rolling: 28d}", window))
        program.objectives.apply(path, now=START)
        yield Postmortems(program.home, program.source, program.objectives)


def test_an_incident_across_the_end_of_a_window_is_told_by_window(berlin: Postmortems) -> None:
    told = berlin.impact("shop", None, at(29, "21:30"), at(29, "22:30"), at=at(30))

    first, second = told["costs"][0]["windows"]
    assert first["to"] == second["from"] == "2026-03-31T22:00:00Z"
    assert (first["excess"], second["excess"]) == (30, 30)
    assert first["dates"][1] == "2026-03-31"
    assert first["share"] == pytest.approx(30 / first["allowed"])


def test_a_clock_change_inside_changes_no_count(berlin: Postmortems) -> None:
    found = berlin.draft("shop", None, at(27, "00:30"), at(27, "01:30"), at=at(30))

    assert found.kept.told["impact"]["minutes"] == 60
    assert "60 of 120 requests failed" in found.document.section("summary")
    assert found.kept.told["impact"]["costs"][0]["excess"] == 60


def test_an_account_and_a_postmortem_say_the_same_of_an_incident(
    program: Program, learning: Postmortems
) -> None:
    *written, silence = learning.due(None, at=END)

    account = program.accounts.read("shop", at=END)[0].as_dict()

    lines = [line for line in account["lines"] if line["postmortem"]]
    costs = [one.kept.told["impact"]["costs"][0]["windows"][0] for one in written]
    assert [line["postmortem"] for line in lines] == [one.kept.id for one in written]
    assert [line["bad"] for line in lines] == [round(one["excess"]) for one in costs]
    assert silence.kept.told["impact"]["costs"][0]["excess"] == 0
    assert sum(line["bad"] for line in account["lines"]) == account["bad"]
