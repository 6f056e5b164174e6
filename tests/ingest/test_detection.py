"""Which format a file is taken for."""

import pytest

from errorbudget.errors import Failure
from errorbudget.ingest.detection import sample
from errorbudget.ingest.pieces import Text

ACCESS = '192.0.2.7 - - [20/Jul/2026:14:05:00 +0000] "GET / HTTP/1.1" 200 512 "-" "-"\n'
JSON = '{"time":"2026-07-20T14:05:00Z"}\n'
CSV = "time,route\n2026-07-20T14:05:00Z,/\n"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        *((ACCESS, name) for name in ("a.log", "a.csv", "a.json.gz", "a")),
        *((JSON, name) for name in ("a.log", "a.csv", "a.ndjson.gz", "a")),
        *((CSV, name) for name in ("a.log", "a.csv", "a.csv.gz", "a")),
    ],
)
def test_what_is_in_a_file_tells_more_than_its_name(desk, content, name):
    report = desk.take(content, name, service="web")

    assert (report.read, report.stored) == (1, 1)


@pytest.mark.parametrize("content", [b"", b"\n\n  \n"], ids=["nothing", "blank"])
def test_an_empty_file_holds_nothing(desk, content):
    assert desk.take(content, "a.log").as_dict() == {
        "read": 0,
        "stored": 0,
        "duplicates": 0,
        "rejected": 0,
        "from": None,
        "to": None,
    }


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (b"just words\nand words\n", {}, "--format"),
        (b"\x7fELF\x02\x01\x00\n\x00", {}, "--format"),
        (JSON.encode("utf-16"), {}, "iconv"),
        (JSON.encode(), {"form": "xml"}, "--format xml"),
    ],
    ids=["words", "binary", "UTF-16", "unknown format"],
)
def test_what_cannot_be_told_is_refused_with_the_way_out(desk, content, options, says):
    with pytest.raises(Failure, match=says):
        desk.take(content, "a", **options)


def test_only_some_megabytes_are_read_to_tell_what_a_file_is(tmp_path):
    file = tmp_path / "long.ndjson"
    file.write_bytes(b'{"a":"%s"}\n' % (b"x" * 900_000) * 12)
    with Text(file) as text:
        lines = sample(text)

    assert 4 << 20 <= sum(map(len, lines)) < 5 << 20
