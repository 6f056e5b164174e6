"""What a message says, and that nothing inside it can say anything else."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown as rendered

from errorbudget.notify.message import (
    LINE_LENGTH,
    LINES,
    TITLE_LENGTH,
    Kind,
    Level,
    Message,
    clean,
    identity,
    is_web,
    markdown,
    plain,
)
from notify.telling import NOW, START, a_message, over

HOSTILE = st.text(
    st.sampled_from(list("ab<>&\"'`*_[]()#!|~\\-+.=1 \n\r\t\0\x1b\u202e\u200b@/:")), max_size=60
)


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.found.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_plain_text_leads_with_the_words_and_ends_with_the_links():
    assert plain(over()) == (
        "burning 143x over 1h, 12% of the budget is left\n"
        "4,120 of 28,900 were bad\n"
        "\n"
        "since 2026-07-20 14:05 UTC until 2026-07-20 14:08 UTC\n"
        "\n"
        "service: checkout, objective: availability, level: fire, team: payments, tier: 1\n"
        "\n"
        "runbook: https://runbooks.shop.example/checkout"
    )


def test_markdown_leads_with_the_title():
    assert markdown(a_message()) == (
        "**checkout: one in seven payments fails**\n"
        "\n"
        "- burning 143x over 1h, 12% of the budget is left\n"
        "- 4,120 of 28,900 were bad\n"
        "\n"
        "since 2026-07-20 14:05 UTC  \n"
        "service: checkout, objective: availability, level: fire, team: payments, tier: 1\n"
        "\n"
        "runbook: <https://runbooks.shop.example/checkout>\n"
    )


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_becomes_markup(title: str, line: str, value: str):
    message = a_message(
        title=f"t{title}", lines=(f"{line}",), labels={"tenant": value}, links={"runbook": value}
    )

    page = Elements()
    page.feed(rendered(markdown(message)))

    assert page.found <= {"p", "strong", "ul", "li", "br"}
    assert squeezed(message.lines[0]) in squeezed(page.text)


def squeezed(text: str) -> str:
    """Text without spaces, and without the joiner that keeps a sign from being a mention."""
    return "".join(text.replace("\u2060", "").split())


def test_a_script_in_a_tenants_name_is_shown_and_not_run():
    message = a_message(lines=("<script>alert(1)</script> [here](javascript:x) ![x](http://x)",))

    page = Elements()
    page.feed(rendered(markdown(message)))

    assert "<script>alert(1)</script> [here](javascript:x) ![x](http://x)" in page.text
    assert "script" not in page.found


def test_a_tenant_called_everyone_wakes_nobody_else():
    message = a_message(lines=("mostly @everyone, reported by ana@shop.example",))

    assert "@everyone" not in plain(message)
    assert "@everyone" not in markdown(message)
    assert "ana@shop.example" in plain(message)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("two\r\nlines", "two lines"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("nul\0 and \u2028 and \ud800", "nul and and"),
        ("Grüße aus 東京 ✓", "Grüße aus 東京 ✓"),
        ("  ", ""),
    ],
)
def test_invisible_characters_become_spaces(given: str, kept: str):
    assert clean(given, 100) == kept


@given(st.text(max_size=300), st.integers(1, 50))
def test_clean_text_is_short_and_stays_as_it_is(text: str, length: int):
    once = clean(text, length)

    assert len(once) <= length
    assert clean(once, length) == once


def test_a_message_is_bounded_however_much_is_said():
    message = a_message(title="x" * 10_000, lines=["y" * 10_000] * 1000)

    assert len(message.title) == TITLE_LENGTH
    assert (len(message.lines), len(message.lines[0])) == (LINES, LINE_LENGTH)
    assert len(plain(message)) < 30_000


@given(HOSTILE, st.sampled_from(Kind), st.sampled_from(Level))
def test_a_stored_message_comes_back_as_it_was(text: str, kind: Kind, level: Level):
    message = a_message(title=text, kind=kind, level=level, labels={text: text}, ended_at=NOW)

    assert Message.from_bytes(message.to_bytes()) == message
    assert Message.from_bytes(message.to_bytes()).to_bytes() == message.to_bytes()


def test_the_same_notice_has_the_same_id_and_another_has_another():
    one = identity("checkout", "availability", "29720405.1.fired")

    assert one == identity("checkout", "availability", "29720405.1.fired")
    assert len({one, identity("checkout", "a", "1"), identity("checkouta", "", "1")}) == 3


def test_levels_of_one_episode_share_a_thread():
    fire, warn = a_message(), a_message(level=Level.WARN)

    assert fire.thread == warn.thread
    assert replace(fire, level=Level.LAG).thread != fire.thread
    assert replace(fire, objective="latency").thread != fire.thread


def test_only_what_can_be_taken_back_lasts():
    assert a_message().lasting
    assert not over().lasting
    assert not a_message(kind=Kind.NOTE).lasting
    assert not a_message(level=Level.HEARTBEAT).lasting


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "https://a b", "http://x/<script>", "", "ftp://x", 'http://"'],
)
def test_only_web_addresses_become_links(address: str):
    assert not is_web(address)
    assert f"<{address}>" not in markdown(a_message(links={"page": address}))


def test_times_are_shown_in_utc():
    message = a_message(started_at=START.astimezone())

    assert "since 2026-07-20 14:05 UTC" in plain(message)
