"""A postmortem is read and written byte for byte; what people and the program write is merged."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.errors import Failure
from errorbudget.postmortem.actions import actions, unfit, with_done
from errorbudget.postmortem.document import Postmortem, read
from errorbudget.postmortem.merging import merge

TEXT = """\
<!-- errorbudget:postmortem shop-1 version 3 -->
# shop

<!-- errorbudget:data summary -->
10 failed
<!-- /errorbudget:data -->

## Root cause
<!-- errorbudget:human root-cause -->
<!-- yours -->
<!-- /errorbudget:human -->
<!-- errorbudget:human went-well -->
<!-- yours -->
<!-- /errorbudget:human -->
<!-- errorbudget:human actions -->
- [ ] test the table of currencies (owner: ana, due: 2026-10-01)
- [x] roll back
<!-- - [ ] an example (owner: bo) -->
<!-- /errorbudget:human -->
the end
"""
CAUSE = "<!-- yours -->\n<!-- /errorbudget:human -->\n<!-- errorbudget:human went-well"


def written(cause: str, text: str = TEXT) -> Postmortem:
    return read(text.replace(CAUSE, CAUSE.replace("<!-- yours -->", cause)), name="it")


BASE = read(TEXT, name="it")


def test_a_document_is_written_as_it_was_read() -> None:
    assert str(BASE) == TEXT
    assert (BASE.id, BASE.version) == ("shop-1", 3)


@pytest.mark.parametrize("text", [TEXT.replace("\n", "\r\n"), TEXT.rstrip(), TEXT + "\f\x0b\u2028"])
def test_line_ends_and_odd_characters_stay(text: str) -> None:
    assert str(read(text, name="it")) == text


def test_the_program_replaces_its_own_sections_alone() -> None:
    now = BASE.with_data({"summary": "\n11 failed\n", "gone": "x"})

    assert str(now) == TEXT.replace("10 failed", "11 failed")


def test_what_is_unwritten_is_said_in_words() -> None:
    assert BASE.unwritten == ["the root cause", "what went well"]
    assert written("EUR has no minor unit").unwritten == ["what went well"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# no head\n", 1),
        (TEXT.replace("<!-- /errorbudget:data -->\n", "", 1), 8),
        (TEXT.replace("<!-- errorbudget:data summary -->\n", "", 1), 5),
        (TEXT.replace("human went-well", "human root-cause"), 12),
        (TEXT.replace("the end", "<!-- errorbudget:human more -->"), 21),
        (TEXT.replace("the end", "<!-- errorbudget:data  odd"), 20),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Failure, match=rf"^it:{line}: "):
        read(text, name="it")


def test_two_people_and_the_program_lose_nothing() -> None:
    mine = written("EUR has no minor unit")
    theirs = replace(
        read(TEXT.replace("the end", "the end\nand more"), name="it").with_data({"summary": "now"}),
        version=5,
    )

    merged = merge(BASE, mine, theirs, by="ana")

    assert not merged.told
    assert merged.document.section("summary") == "now"
    assert "EUR has no minor unit" in str(merged.document)
    assert str(merged.document).endswith("the end\nand more\n")
    assert merged.document.version == 5


def test_two_accounts_of_one_thing_both_stay_and_that_is_said() -> None:
    merged = merge(BASE, written("the table"), written("the test"), by="ana")

    cause = merged.document.section("root-cause")
    assert "the test" in cause
    assert "the table" in cause
    assert "ana wrote at the same time" in cause
    assert merged.told == ("root-cause: ana and somebody else changed the same lines; both stand",)


def test_paragraphs_written_at_once_stay_apart() -> None:
    merged = merge(BASE, written("no table\n\n\nno test\n"), written("no review"), by="ana")

    assert "-->\nno table\n\nno test\n" in merged.document.section("root-cause")


def test_actions_that_two_people_add_at_once_both_stay() -> None:
    one, other = (
        read(TEXT.replace("- [x] roll back\n", f"- [x] roll back\n- [ ] {what}\n"), name="it")
        for what in ("alert sooner", "add a canary")
    )

    merged = merge(BASE, one, other, by="ana")

    assert not merged.told
    texts = [one.text for one in actions(merged.document)]
    assert {"alert sooner", "add a canary"} <= {*texts}


def test_what_was_written_into_a_section_of_the_program_stands_below_it() -> None:
    mine = read(TEXT.replace("10 failed\n", "10 failed\nall of them mine\n"), name="it")

    merged = merge(BASE, mine, BASE.with_data({"summary": "\n12 failed\n"}), by="ana")

    assert merged.document.section("summary") == "\n12 failed\n"
    assert "all of them mine" in str(merged.document)
    assert "summary is the program's" in merged.told[0]


def test_a_section_that_a_person_removed_stays_removed() -> None:
    gone = TEXT.replace(
        "<!-- errorbudget:data summary -->\n10 failed\n<!-- /errorbudget:data -->\n\n", ""
    )

    merged = merge(BASE, read(gone, name="it"), BASE, by="ana")

    assert str(merged.document) == gone


def test_text_in_a_section_that_somebody_else_removed_is_kept_and_told() -> None:
    removed = read(
        TEXT.replace(
            "<!-- errorbudget:human went-well -->\n<!-- yours -->\n<!-- /errorbudget:human -->\n",
            "",
        ),
        name="it",
    )
    wrote = BASE.with_sections({"went-well": "the alert came at once"})

    for mine, theirs in ((wrote, removed), (removed, wrote)):
        assert "the alert came at once" in str(merge(BASE, mine, theirs, by="ana").document)


@given(st.text(alphabet="ab\n ", max_size=30), st.text(alphabet="ab\n ", max_size=30))
def test_every_line_of_both_stays(one: str, other: str) -> None:
    mine, theirs = (BASE.with_sections({"went-well": text}) for text in (one, other))

    merged = merge(BASE, mine, theirs, by="ana").document.section("went-well").splitlines()

    kept = {line.strip() for line in merged}
    assert {line.strip() for text in (one, other) for line in text.splitlines()} - {""} <= kept
    read(str(merge(BASE, mine, theirs, by="ana").document), name="it")


def test_sections_that_hold_comments_of_the_program_are_refused() -> None:
    with pytest.raises(Failure, match="went-well"):
        BASE.with_sections({"went-well": "x <!-- /errorbudget:human -->"})


def test_actions_have_an_owner_and_a_date_and_examples_are_none() -> None:
    first, second = actions(BASE)

    assert (first.text, first.owner, first.due, first.done) == (
        "test the table of currencies",
        "ana",
        "2026-10-01",
        False,
    )
    assert (second.text, second.done) == ("roll back", True)
    assert unfit(BASE) == ["action 2 has no owner", "action 2 has no date"]


@pytest.mark.parametrize("due", ["2026-02-30", "2026-13-01", "20261001", "soon"])
def test_a_day_that_there_is_not_is_no_date(due: str) -> None:
    (action,) = actions(BASE.with_sections({"actions": f"- [ ] it (owner: ana, due: {due})"}))

    assert (action.due, action.lacks) == ("", ["date"])


def test_no_action_needs_a_reason() -> None:
    none, why = (
        BASE.with_sections({"actions": text}) for text in ("No action:", "No action: it is going")
    )

    assert unfit(none)
    assert not unfit(why)


def test_an_action_is_ticked_off_in_its_own_line() -> None:
    done = with_done(BASE, 1)

    assert [one.done for one in actions(done)] == [True, True]
    assert str(done) == TEXT.replace("- [ ] test", "- [x] test")
    with pytest.raises(Failure, match="there is no action 3; it has 2"):
        with_done(BASE, 3)
