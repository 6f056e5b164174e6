"""What rows of CSV files become."""

import pytest

from errorbudget.errors import Failure

HEAD = "time,service,route,status,extra\n"
ROW = "2026-07-20T14:05:00Z,web,/a,200,x\n"
NUL = "contains a NUL byte: the file was damaged, or is not text"


def take(desk, text, **options):
    return desk.take(text, "requests.csv", **options)


def test_names_equal_to_columns_map_by_themselves_and_others_become_attributes(desk):
    report = take(desk, HEAD + ROW)

    assert (report.read, report.stored) == (1, 1)
    assert desk.rows("line, service, route, status, attributes") == [
        (2, "web", "/a", 200, {"extra": "x"})
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_the_header(desk, delimiter):
    report = take(desk, (HEAD + ROW).replace(",", delimiter))

    assert report.stored == 1


def test_quotes_hold_delimiters_quotes_and_line_ends_and_lines_keep_their_numbers(desk):
    text = HEAD + '2026-07-20T14:05:00Z,web,"/a,""b""\r\nc",200,x\r\n' + ROW + "\n" + ROW
    report = take(desk, "\N{ZERO WIDTH NO-BREAK SPACE}" + text)

    assert (report.read, report.stored) == (3, 3)
    assert desk.rows("line, route")[0] == (2, '/a,"b"\r\nc')
    assert desk.column("line") == [2, 4, 6]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-07-20T14:05:00Z,web", "2 fields where the header has 5"),
        (ROW.strip() + ",more", "6 fields where the header has 5"),
        (ROW.replace("200", "two").strip(), "status is not a whole number from 0 to 99999"),
        (ROW.replace("2026-07-20T14:05:00Z", "").strip(), "no time"),
        (ROW.replace("/a", "\0").strip(), NUL),
        (ROW.replace("/a", "a" * 2_000_000).strip(), "longer than 1 MiB"),
    ],
    ids=["short", "long", "status", "time", "NUL", "line"],
)  # fmt: skip
def test_a_row_that_cannot_be_read_stops_no_other(desk, row, reason):
    report = take(desk, HEAD + ROW + row + "\n" + ROW)

    assert (report.read, report.stored, report.rejected) == (3, 2, 1)
    assert desk.rejected() == [(3, reason)]
    assert desk.column("line") == [2, 4]


def test_a_row_that_is_not_utf_8_is_set_aside(desk):
    report = take(desk, (HEAD + ROW).encode() + ROW.encode().replace(b"/a", b"\xff"))

    assert (report.stored, report.rejected) == (1, 1)
    assert desk.rejected() == [(3, "not UTF-8 text")]


def test_attributes_may_be_json(desk):
    take(desk, 'time,service,attributes\n2026-07-20,web,"{""a"":1}"\n')

    assert desk.column("attributes") == [{"a": "1"}]


@pytest.mark.parametrize("header", ["a,b,a\n", "\n", ",,\n"])
def test_a_header_without_usable_names_is_refused(desk, header):
    with pytest.raises(Failure, match=":1:"):
        take(desk, header + "1,2,3\n", form="csv")


def test_a_header_alone_is_an_empty_file(desk):
    assert take(desk, HEAD).read == 0


@pytest.mark.parametrize(
    ("maps", "says"),
    [
        ({"nonsense": "route"}, "not a column"),
        ({"attributes": "route"}, "not a column"),
        ({"tenant": "missing"}, "missing"),
        ({"tenant": "(select 1)"}, "tenant"),
        ({"tenant": "read_text('/etc/passwd')"}, "tenant"),
    ],
    ids=["unknown target", "attributes", "unknown column", "subquery", "function"],
)
def test_a_map_that_cannot_be_used_is_refused_before_anything_is_stored(desk, maps, says):
    with pytest.raises(Failure, match=says):
        take(desk, HEAD + ROW, maps=maps)

    assert desk.column("line") == []


def test_a_map_may_treat_digits_as_text(desk):
    take(desk, HEAD + ROW, maps={"tenant": "substr(status, 1, 1)", "version": "status"})

    assert desk.rows("tenant, version") == [("2", "200")]


def test_the_genai_trace_goes_in_with_six_maps(desk, shared_data):
    report = desk.take_file(
        shared_data / "genai-requests" / "lora_request_trace.csv",
        service="images",
        maps={
            "time": "gmt_create",
            "route": "predict_type",
            "status": "CASE predict_status WHEN 'FAILED' THEN 500 WHEN 'SUCCEED' THEN 200 END",
            "duration_ms": "exec_time_seconds*1000",
            "tenant": "groupId",
            "version": "checkpoint_model_version_id",
        },
    )

    assert (report.read, report.stored, report.rejected) == (26_823, 26_823, 0)
    statuses = desk.column("status")
    assert (statuses.count(500), statuses.count(None)) == (398, 33)
    assert sorted(desk.column("duration_ms"))[report.stored // 2] == 23_000
    assert len(set(desk.column("tenant"))) == 4_247


def test_the_train_ticket_requests_go_in_from_their_gzip(desk, shared_data):
    report = desk.take_file(
        shared_data / "train-ticket" / "requests.csv.gz",
        service="tickets",
        maps={"time": "time_unix_ms"},
    )

    assert (report.stored, report.rejected) == (27_364, 0)


def long(bytes_, closed='"'):
    """A row of which one quoted field has many lines."""
    return '2026-07-20T14:05:00Z,web,"' + "x,y,z\n" * (bytes_ // 6) + closed + "\n"


@pytest.mark.parametrize("size", [200_000, 900_000])
def test_a_long_quoted_field_is_one_record(desk, size):
    row = "2026-07-20T14:05:00Z,web,/\n"
    report = desk.take("time,service,route\n" + row + long(size) + row, "a.csv")

    assert (report.stored, report.rejected) == (3, 0)


@pytest.mark.parametrize("size", [1_200_000, 8_000_000])
def test_a_quoted_field_that_is_too_long_is_one_rejected_record(desk, size):
    row = "2026-07-20T14:05:00Z,web,/\n"
    rows = "time,service,route\n" + row + long(size) + row
    report, again = desk.take(rows, "a.csv"), desk.take(rows + row, "a.csv")

    assert (report.stored, report.rejected) == (2, 1)
    assert desk.rejected() == [(3, "longer than 1 MiB")]
    assert (again.stored, again.duplicates) == (1, 2)
    assert desk.column("line") == [2, 4 + size // 6, 5 + size // 6]


def test_a_stray_quote_costs_only_its_own_line(desk):
    row = "2026-07-20T14:05:00Z,web,/\n"
    stray = row.replace("/", '"/')
    report = desk.take("time,service,route\n" + row + stray + row * 60_000, "a.csv")

    assert (report.stored, report.rejected) == (60_001, 1)
    assert desk.rejected() == [(3, "longer than 1 MiB")]
