"""A file is taken in once, however often it is sent, grown or interrupted."""

import gzip
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errorbudget.errors import Failure
from errorbudget.source.duckdb.warehouse import Warehouse


def line(second, **more):
    moment = f"2026-07-20T14:{second // 60:02d}:{second % 60:02d}Z"
    return orjson.dumps({"time": moment, "service": "web", "tenant": str(second), **more}) + b"\n"


def lines(start, stop):
    return b"".join(map(line, range(start, stop)))


def counts(report):
    return (report.read, report.stored, report.duplicates, report.rejected)


def test_a_file_sent_again_stores_nothing_and_reports_the_same_times(desk):
    bad = b"nonsense\n"
    first, again = (desk.take(lines(0, 5) + bad + lines(5, 9)) for _ in range(2))

    assert counts(first) == (10, 9, 0, 1)
    assert counts(again) == (10, 0, 9, 1)
    assert (first.first, first.last) == (again.first, again.last)
    assert desk.rejected() == [(6, "not a JSON object")]


def test_a_file_that_grew_adds_its_tail(desk):
    desk.take(b"bad\n" + lines(0, 5))
    report = desk.take(b"bad\n" + lines(0, 9) + b"worse\n")

    assert counts(report) == (11, 4, 5, 2)
    assert desk.column("line") == list(range(2, 11))
    assert [number for number, _ in desk.rejected()] == [1, 11]


def test_a_rotated_or_packed_file_is_known_by_its_bytes(desk):
    desk.take(lines(0, 5), "access.ndjson")
    report = desk.take(lines(0, 7), "access.ndjson.1.gz")

    assert counts(report) == (7, 2, 5, 0)


def test_a_file_that_begins_alike_but_goes_on_otherwise_is_another_file(desk):
    one, other = lines(0, 5) + line(7), lines(0, 5) + line(8)
    for _ in range(2):
        reports = [desk.take(content, piece_bytes=400) for content in (one, other)]

    assert [report.stored for report in reports] == [0, 0]
    assert len(desk.column("line")) == 12


def test_the_longest_known_beginning_is_continued(desk):
    desk.take(lines(0, 3), "a")
    desk.take(line(99) + lines(0, 3), "b")
    desk.take(lines(0, 6), "c")
    report = desk.take(lines(0, 8), "d")

    assert counts(report) == (8, 2, 6, 0)


def test_a_last_line_without_its_end_is_read_again_when_it_has_one(desk):
    cut = desk.take(lines(0, 3) + line(3)[:-9])
    whole = desk.take(lines(0, 5))

    assert counts(cut) == (4, 3, 0, 1)
    assert counts(whole) == (5, 2, 3, 0)
    assert desk.rejected() == []


def test_a_last_line_that_only_lacks_its_line_feed_counts_once(desk):
    unended = lines(0, 3) + line(3)[:-1]
    first, again, grown = (desk.take(content) for content in (unended, unended, lines(0, 5)))

    assert (counts(first), counts(again)) == ((4, 4, 0, 0), (4, 0, 4, 0))
    assert counts(grown) == (5, 2, 3, 0)
    assert desk.column("line") == [1, 2, 3, 4, 5]


def test_the_reason_of_a_cut_last_line_says_that_the_file_ends_there(desk):
    desk.take(lines(0, 1) + b'{"time":')

    assert desk.rejected() == [(2, "the file ends within this line: not a JSON object")]


def test_a_file_of_which_nothing_was_stored_may_be_tried_again(desk):
    unnamed = b'{"time":"2026-07-20T14:05:00Z"}\n'
    first, again = desk.take(unnamed), desk.take(unnamed, service="web")

    assert (counts(first), counts(again)) == ((1, 0, 0, 1), (1, 1, 0, 0))
    assert desk.rejected() == []


def test_a_span_seen_within_an_hour_is_a_duplicate_wherever_it_is(desk):
    report = desk.take(line(1, span_id="s", trace_id="t") + line(2, span_id="s", trace_id="t"))

    assert counts(report) == (2, 1, 1, 0)


def test_damaged_gzip_keeps_what_came_before_and_says_what_to_do(desk):
    whole = gzip.compress(b"".join(line(n % 3600, noise=str(n * 7919)) for n in range(20_000)))
    file = desk.folder / "cut.ndjson.gz"
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Failure, match="damaged or cut off"):
        desk.take_file(file, piece_bytes=20_000)
    before = len(desk.column("line"))
    file.write_bytes(whole)
    report = desk.take_file(file, piece_bytes=20_000)

    assert 0 < before < 20_000
    assert counts(report) == (20_000, 20_000 - before, before, 0)


def test_a_table_is_continued_below_its_header(desk):
    rows = [f'2026-07-20T14:05:{n:02d}Z,web,"a\nb{n}"\n' for n in range(9)]
    head = "time,service,route\n"
    desk.take(head + "".join(rows[:4]), "a.csv", piece_bytes=60)
    report = desk.take(head + "".join(rows), "a.csv", piece_bytes=60)

    assert counts(report) == (9, 5, 4, 0)
    assert desk.column("line") == list(range(2, 20, 2))


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(["good", "bad", "blank", "odd"]), max_size=30),
    cuts=st.lists(st.floats(0, 1), max_size=3),
    piece_bytes=st.integers(16, 400),
)
def test_however_a_file_grows_its_rows_are_those_of_one_run(desk, kinds, cuts, piece_bytes):
    made = {"bad": b"{\n", "blank": b" \r\n", "odd": b"\xff\0\n"}
    content = b"".join(made.get(kind) or line(n) for n, kind in enumerate(kinds))
    for table in ("requests", "receipt", "alive", "feed", "touched"):
        desk.warehouse.connection.execute(f"delete from {table}")
    for cut in [*sorted(cuts), 1, 1]:
        report = desk.take(
            content[: round(cut * len(content))], form="ndjson", piece_bytes=piece_bytes
        )

    good = [n for n, kind in enumerate(kinds) if kind == "good"]
    assert desk.column("tenant") == [str(n) for n in good]
    assert desk.column("line") == [n + 1 for n in good]
    assert report.read == report.stored + report.duplicates + report.rejected
    assert (report.duplicates, report.rejected) == (
        len(good),
        sum(kind in ("bad", "odd") for kind in kinds),
    )


RUN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from errorbudget.ingest.run import ingest
from errorbudget.source.duckdb.warehouse import Warehouse
home, file = map(Path, sys.argv[1:])
now = datetime(2026, 8, 1, tzinfo=UTC)
options = {"rejected": home / "rejected", "now": now, "piece_bytes": 20_000}
with Warehouse.open(home / "warehouse.duckdb") as warehouse:
    print(ingest(warehouse, file, **options).as_dict())
"""


def start(home: Path, file: Path) -> "subprocess.Popen[bytes]":
    home.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-c", RUN, home, file], stdout=subprocess.PIPE)


def contents(home: Path):
    with Warehouse.open(home / "warehouse.duckdb") as warehouse:
        rows = warehouse.connection.execute("select line, time, tenant from requests order by line")
        rejected = [file.read_bytes() for file in (home / "rejected").iterdir()]
        return rows.fetchall(), rejected, list(warehouse.staging.iterdir())


def test_killed_at_any_moment_and_run_again_is_one_clean_run(tmp_path):
    file = tmp_path / "requests.ndjson"
    file.write_bytes(b"".join(b"bad\n" if n % 50 == 0 else line(n % 3600) for n in range(5_000)))
    began = time.monotonic()
    start(tmp_path / "clean", file).communicate()
    took = time.monotonic() - began

    killed = 0
    for attempt in range(8):
        process = start(tmp_path / "killed", file)
        time.sleep(took * (0.3 + 0.7 * attempt / 8))
        process.kill()
        process.communicate()
        killed += process.returncode < 0
    last = start(tmp_path / "killed", file).communicate()[0]

    assert killed > 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "clean")
    assert b"'read': 5000," in last
    assert b"'rejected': 100," in last


def access(second, agent="curl/8"):
    moment = f"20/Jul/2026:14:{second // 60:02d}:{second % 60:02d} +0000"
    return f'192.0.2.1 - - [{moment}] "GET /{second} HTTP/1.1" 200 5 "-" "{agent}" 0.25\n'


WRITTEN = {
    "combined": "".join(map(access, range(0, 600, 200))),
    "csv": "service,route,time\n" + "".join(f'web,"/a\n{n}",178455{n}234000\n' for n in range(3)),
    "ndjson": lines(0, 3).decode(),
}


def everything(desk):
    spans = "from (select min(from_minute), max(to_minute), max(newest) from alive) "
    rows = desk.warehouse.connection.execute(f"{spans}, (select list(service) from feed)")
    return desk.rows("* exclude (batch)"), rows.fetchall(), desk.warehouse.services()


@pytest.mark.parametrize("form", WRITTEN)
def test_a_half_written_last_line_is_replaced_by_the_whole_one(desk, form):
    content = WRITTEN[form].encode()
    found = []
    for cut in range(len(content), len(content) - 60, -4):
        for table in ("requests", "receipt", "alive", "feed", "touched"):
            desk.warehouse.connection.execute(f"delete from {table}")
        desk.take(content[:cut], service="web", form=form)
        desk.take(content, service="web", form=form)
        found.append(everything(desk))
        assert counts(desk.take(content, service="web", form=form)) == (3, 0, 3, 0)

    assert found == found[:1] * len(found)


def test_the_minute_of_a_replaced_line_is_to_be_counted_again(desk):
    table = "service,time\nweb,1784556234000\n"
    desk.take(table + "web,178455623400", "a.csv")
    before, wrong = desk.column("batch", "receipt"), min(desk.column("minute"))
    desk.take(table + "web,1784556234000\n", "a.csv")
    sql = "select minute from touched where batch > $seen"
    touched = desk.warehouse.connection.execute(sql, {"seen": before[-1]}).fetchall()

    assert (wrong,) in touched
    assert wrong < desk.warehouse.services()[0].first


def test_the_rows_that_a_replaced_log_record_spoke_of_are_to_be_counted_again(desk):
    desk.take(line(0, trace_id="ab"))
    head = "time,service,level,trace_id\n"
    desk.take(head + "2026-07-20T14:05:00Z,web,error,a", "logs.csv", logs=True)
    before = desk.column("batch", "receipt")
    desk.take(head + "2026-07-20T14:05:00Z,web,error,ab\n", "logs.csv", logs=True)
    sql = "select minute from touched where batch > $seen"
    touched = desk.warehouse.connection.execute(sql, {"seen": before[-1]}).fetchall()

    assert desk.column("request_id", "logs") == ["ab"]
    assert [minute for (minute,) in touched] == desk.column("minute")


def test_a_row_cut_within_a_quoted_field_is_not_stored_before_it_is_whole(desk):
    head = b"service,time,route\nweb,2026-07-20T14:05:00Z,/\n"
    cut = desk.take(head + b'web,2026-07-20T14:05:01Z,"/a\n', "a.csv")
    reasons = desk.rejected()
    whole = desk.take(head + b'web,2026-07-20T14:05:01Z,"/a\nb"\n', "a.csv")

    assert (counts(cut), counts(whole)) == ((2, 1, 0, 1), (2, 1, 1, 0))
    assert reasons == [(3, "the file ends within a quoted field")]
    assert desk.column("route") == ["/", "/a\nb"]


UNNAMED = {
    "combined": access(1),
    "csv": "time,route\n2026-07-20T14:05:00Z,/\n",
    "ndjson": '{"time":"2026-07-20T14:05:00Z"}\n',
}


@pytest.mark.parametrize("form", UNNAMED)
def test_the_same_file_for_another_service_holds_other_requests(desk, form):
    first, other, again, both = (
        desk.take(UNNAMED[form], form=form, service=service)
        for service in ("web", "shop", "web", "shop")
    )

    assert [report.stored for report in (first, other, again, both)] == [1, 1, 0, 0]
    assert desk.column("service") == ["web", "shop"]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({}, {"maps": {"status": "code"}}, "without --map"),
        ({"maps": {"status": "code"}}, {}, "with --map status="),
        ({"form": "ndjson"}, {"form": "csv"}, "as ndjson"),
        ({}, {"service": "web"}, "without --service"),
    ],
)
def test_a_known_file_is_not_silently_read_otherwise(desk, before, after, says):
    content = line(1, code=500)
    desk.take(content, **before)
    with pytest.raises(Failure, match=says):
        desk.take(content + line(2), **after)

    assert desk.take(content, **before).duplicates == 1


def test_what_was_set_aside_before_a_withdrawn_line_is_told_once(desk):
    desk.take(b"bad\n" + line(0)[:-1], form="ndjson")
    report = desk.take(b"bad\n" + line(0) + line(1), form="ndjson")

    assert counts(report) == (3, 2, 0, 1)
    assert [number for number, _ in desk.rejected()] == [1]
