"""What lines of access logs become."""

from datetime import datetime

import pytest

from errorbudget.errors import Failure

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"
LINE = (
    f'192.0.2.7 - - [20/Jul/2026:14:05:00 +0000] "GET /cart?id=7 HTTP/1.1" 200 512 "-" "{FIREFOX}"'
)


def take(desk, *lines, **options):
    return desk.take("\n".join(lines) + "\n", "access.log", service="web", **options)


def test_a_line_becomes_a_request_with_open_telemetry_names(desk):
    report = take(desk, LINE)

    assert (report.read, report.stored) == (1, 1)
    assert desk.rows("time, service, route, method, status, duration_ms, is_bot, attributes") == [
        (
            datetime(2026, 7, 20, 14, 5),  # noqa: DTZ001 -- as the warehouse keeps it
            "web",
            "/cart",
            "GET",
            200,
            None,
            False,
            {
                "client.address": "192.0.2.7",
                "user_agent.original": FIREFOX,
                "http.response.body.size": "512",
            },
        )
    ]


@pytest.mark.parametrize(
    ("changed", "to", "column", "expected"),
    [
        ("192.0.2.7", "2001:db8::1", "attributes['client.address']", "2001:db8::1"),
        ("192.0.2.7", "::1", "attributes['client.address']", "::1"),
        ("192.0.2.7", "shop.example:443 192.0.2.7", "attributes['client.address']", "192.0.2.7"),
        ("- - [", "- ada lovelace [", "attributes['user.name']", "ada lovelace"),
        ("+0000", "+0530", "strftime(time, '%H:%M')", "08:35"),
        ("+0000", "-0800", "strftime(time, '%H:%M')", "22:05"),
        (" 512 ", " - ", "attributes['http.response.body.size']", None),
        ("HTTP/1.1", "HTTP/2.0", "route", "/cart"),
        ("GET /cart?id=7 HTTP/1.1", "GET /cart", "method", "GET"),
        ("/cart?id=7", "https://shop.example/cart?id=7", "route", "/cart"),
        ("/cart?id=7", "/a%20b;c=1/", "route", "/a%20b;c=1/"),
        ("/cart?id=7", "*", "route", "*"),
        ("GET /cart?id=7 HTTP/1.1", "-", "route", ""),
        ("GET /cart?id=7 HTTP/1.1", "", "method", ""),
        ("GET /cart?id=7 HTTP/1.1", r"\x16\x03\x01\x02", "status", 200),
        ("GET /cart?id=7 HTTP/1.1", r"GET /a\"b HTTP/1.1", "route", r"/a\"b"),
        ("GET", "PROPFIND", "method", "PROPFIND"),
        (" 200 ", " 499 ", "status", 499),
        (" 200 ", " - ", "status", None),
        (FIREFOX, "-", "attributes['user_agent.original']", None),
        (FIREFOX, r"say \"hi\" now", "attributes['user_agent.original']", 'say "hi" now'),
        (FIREFOX, 'say "hi" 0.5 now', "duration_ms", None),
        (f'"{FIREFOX}"', '"Moz (cut', "attributes['user_agent.original']", "Moz (cut"),
        (f' "-" "{FIREFOX}"', "", "status", 200),
        (FIREFOX, "Googlebot/2.1 (+http://www.google.com/bot.html)", "is_bot", True),
        (FIREFOX, "kube-probe/1.33", "is_bot", True),
        (FIREFOX, "curl/8.14.1", "is_bot", False),
    ],
)  # fmt: skip
def test_what_servers_write_otherwise_is_read(desk, changed, to, column, expected):
    assert changed in LINE
    report = take(desk, LINE.replace(changed, to))

    assert report.rejected == 0
    assert desk.column(column) == [expected]


@pytest.mark.parametrize(
    ("more", "milliseconds"),
    [
        (" 0.250", 250.0),
        (' "0.250"', 250.0),
        (" 0.250 0.248 .", 250.0),
        (" rt=0.250 uct=0.001", 250.0),
        (' "203.0.113.9, 10.0.0.1" 0.250', 250.0),
        (' "-" 0.000', 0.0),
        (" 250000", 250.0),
        (' "250000"', 250.0),
        (" -", None),
        (' "-"', None),
        ("", None),
    ],
)
def test_the_time_taken_is_seconds_with_a_point_or_whole_microseconds(desk, more, milliseconds):
    take(desk, LINE + more)

    assert desk.column("duration_ms") == [milliseconds]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Jul 20 14:05:00 host kernel: oops", "not a line of the combined log format"),
        (LINE[:60], "not a line of the combined log format"),
        (LINE.replace("20/Jul", "31/Feb"), "time is not as in 17/May/2015:10:05:03 +0000"),
        (LINE.replace(" 200 ", " ok "), "not a line of the combined log format"),
    ],
)
def test_a_line_that_is_none_is_set_aside(desk, line, reason):
    report = take(desk, LINE, line, LINE)

    assert (report.read, report.stored, report.rejected) == (3, 2, 1)
    assert desk.rejected() == [(2, reason)]


def test_bytes_that_are_not_text_set_one_line_aside(desk):
    line = LINE.encode()
    report = desk.take(line + b"\n\0\0\0" + line + b"\n" + line + b"\n", "a.log", service="web")

    assert (report.stored, report.rejected) == (2, 1)


def test_a_map_reads_the_parts_of_a_line(desk):
    take(
        desk, LINE + " v42", maps={"version": "trim(rest)", "tenant": "split_part(client, '.', 1)"}
    )

    assert desk.rows("version, tenant") == [("v42", "192")]


def test_an_access_log_needs_a_service(desk):
    with pytest.raises(Failure, match="--service"):
        desk.take(LINE + "\n", "access.log")


def test_a_real_log_is_read_to_the_last_line(desk, shared_data):
    report = desk.take_file(shared_data / "access-log" / "apache_access.log", service="web")

    assert (report.read, report.stored, report.rejected) == (10_000, 10_000, 0)
    statuses = desk.column("status")
    assert (statuses.count(404), statuses.count(500)) == (213, 3)
    assert 1_500 < sum(desk.column("is_bot")) < 3_500
    assert report.as_dict()["from"] == "2015-05-17T10:05:00Z"
