"""The shop's quarter looked back at: accounts add up, and every number can be asked for again."""

import re
import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from errorbudget.program.program import Program
from errorbudget.review.markdown import markdown
from errorbudget.review.page import body
from errorbudget.review.wording import exact
from errorbudget.shop import Shop
from errorbudget.store.home import DATABASE

Told = tuple[Program, Shop, list[str]]


@pytest.fixture(scope="module")
def review(told: Told) -> dict[str, Any]:
    program, shop, _ = told
    return program.reviews.read(quarter="2026Q3", at=shop.at(92) + timedelta(days=1))


def of(review: dict[str, Any], service: str) -> dict[str, Any]:
    return next(one for one in review["services"] if one["service"] == service)


def objective(review: dict[str, Any], service: str, name: str = "availability") -> dict[str, Any]:
    return next(one for one in of(review, service)["objectives"] if one["objective"] == name)


def test_every_account_adds_up_to_what_plain_sql_counts(told: Told, review: dict[str, Any]) -> None:
    # `search` is not judged while its log feed is down, whose edges the truth draws otherwise.
    for service in ("checkout", "ledger"):
        counted, found = told[1].truth["services"][service], objective(review, service)

        assert (found["valid"], found["bad"]) == (counted["valid"], counted["bad"])

    for service in review["services"]:
        for one in service["objectives"]:
            assert sum(line["bad"] for line in one["account"]["lines"]) == one["bad"]


def test_the_whole_adds_up_to_its_parts(review: dict[str, Any]) -> None:
    account = review["whole"]["account"]
    every = [one for service in review["services"] for one in service["objectives"]]

    assert account["change"] + account["incident"] + account["background"] == account["bad"]
    assert account["bad"] == sum(one["bad"] for one in every)
    assert review["whole"]["objectives"] == len(every) == 4


def test_what_was_planted_is_in_the_account_with_its_share(
    told: Told, review: dict[str, Any]
) -> None:
    planted = next(one for one in told[1].truth["events"] if one["change"] == "checkout-2.14.0")
    lines = objective(review, "checkout")["account"]["lines"]

    (line,) = (one for one in lines if one["change"] == "checkout-2.14.0" and one["bad"])

    assert line["share"] == pytest.approx(planted["share_of_quarter"], abs=0.02)


def test_the_largest_burn_says_where_it_was_and_which_change_it_came_with(
    review: dict[str, Any],
) -> None:
    largest = objective(review, "checkout")["causes"][0]

    assert largest["from"].startswith("2026-07-20T14:05")
    told = "; ".join(largest["points"])
    assert "route=/pay" in told
    assert "region=eu" in told
    assert "coincides with checkout 2.14.0" in told


def test_every_question_it_prints_gives_the_numbers_it_prints(
    told: Told, review: dict[str, Any]
) -> None:
    program, _, _ = told
    printed = markdown(review)
    records = sqlite3.connect(f"file:{program.home.path / DATABASE}?mode=ro", uri=True)

    for one in [each for service in review["services"] for each in service["queries"]]:
        assert one["sql"].strip() in printed
        asked = program.warehouse.connection if one["file"] != DATABASE else records
        found = [list(row) for row in asked.execute(one["sql"]).fetchall()]
        assert found == one["rows"], one["what"]
    records.close()


def test_the_counts_it_tells_of_are_those_of_its_questions(review: dict[str, Any]) -> None:
    for service in review["services"]:
        asked = {one["what"]: one for one in service["queries"]}
        for one in service["objectives"]:
            found = asked[f"{service['service']} {one['objective']}: valid and bad requests"]
            rows = dict(zip(found["lines"], found["rows"], strict=True))
            assert rows["the quarter"][1:] == [one["valid"], one["bad"]]
            for line in one["account"]["lines"]:
                if line["kind"] == "change" and line["bad"]:
                    assert rows[f"change {line['change']}"][1:] == [line["valid"], line["seen"]]


def test_the_approval_of_the_story_stands_in_it_with_what_it_cost(review: dict[str, Any]) -> None:
    (approved,) = of(review, "checkout")["decisions"]["approvals"]

    assert approved["change"] == "checkout-2.19.0"
    assert approved["shipped"]
    assert approved["expected"] == pytest.approx(0.06)
    assert approved["costs"] == []
    assert "it cost nothing that shows" in markdown(review)


def test_corrections_freezes_and_what_shipped_past_the_gate_are_told(
    told: Told, review: dict[str, Any]
) -> None:
    checkout = of(review, "checkout")

    (correction,) = checkout["corrections"]
    assert correction["requests"] == len(told[1].corrections[0]["request_ids"])
    (freeze,) = checkout["freezes"]["spans"]
    assert freeze["objective"] == "availability"
    assert freeze["to"] == "2026-10-01T00:00:00Z"
    past = [one["change"] for one in checkout["decisions"]["ungated"]]
    assert "checkout-2.14.0" in past
    assert "checkout-2.19.0" not in past
    assert "deploys became rarer" in checkout["behaviour"]["sentence"]


def test_a_reader_finds_verdict_account_and_what_changes_before_the_evidence(
    review: dict[str, Any],
) -> None:
    first, _, evidence = markdown(review).partition("## Evidence")

    assert first.startswith("# 2026Q3: 4 of 4 objectives kept.")
    for heading in ("checkout", "ledger", "search"):
        assert f"## {heading}" in first
    assert first.count("| in all |") == 4
    assert first.count("Next: **") == 4
    assert "In hindsight, of" in evidence
    assert "## Ask again" in evidence


def test_a_coarse_budget_keeps_its_target_and_says_what_would_make_it_mean_something(
    told: Told, review: dict[str, Any]
) -> None:
    program, shop, _ = told
    ledger = objective(review, "ledger")

    following = program.reviews.next_versions(quarter="2026Q3", at=shop.at(92) + timedelta(days=1))

    assert ledger["meaningful"] == "coarse"
    assert ledger["recalibration"]["advice"] == "keep"
    assert "Counts of so few say little: coarse:" in markdown(review)
    assert following == {}


def test_the_usual_share_has_digits_that_tell_it_from_a_target(review: dict[str, Any]) -> None:
    usual = objective(review, "checkout")["account"]["usual"]

    assert f"Usual: {exact(usual)} of requests bad" in markdown(review)
    assert exact(usual).startswith("0.05")


def test_as_a_page_it_says_the_same_and_runs_nothing(review: dict[str, Any]) -> None:
    told = body(review)

    assert "<script" not in told
    assert "style=" not in told
    assert told.count("<h1>") == 1
    words = re.sub(r"<[^>]+>", " ", told)
    assert "checkout kept availability and latency." in words


def test_what_others_wrote_stays_text(review: dict[str, Any]) -> None:
    evil = "<img src=x onerror=alert(1)>|`*[a](javascript:b)"
    services = [one | {"service": evil} for one in review["services"]]

    told = body(review | {"services": services})

    assert "<img" not in told
    assert "<a href" not in told
    assert "javascript:b" in told


def test_action_items_of_the_quarter_are_told_as_done_open_and_overdue(told: Told) -> None:
    program, shop, _ = told
    at = shop.at(92)
    drafted = program.postmortems.draft(
        "checkout", "availability", shop.at(19, "14:05"), shop.at(19, "14:52"), at=at
    )
    items = (
        "- [x] round in cents (owner: ana, due: 2026-08-01)\n"
        "- [ ] a canary for payments (owner: bo, due: 2026-09-01)\n"
        "- [ ] a test in every currency (owner: ana, due: 2026-11-01)\n"
    )
    kept = drafted.kept
    program.postmortems.authoring.write(kept.id, kept.version, {"actions": items}, by="ana", at=at)

    again = program.reviews.read("checkout", "2026Q3", at=at + timedelta(days=1))

    (service,) = again["services"]
    assert (service["actions"]["done"], service["actions"]["open"]) == (1, 2)
    assert [one["text"] for one in service["actions"]["overdue"]] == ["a canary for payments"]
    printed = markdown(again)
    assert "1 postmortem, none of them published." in printed
    assert "Of 3 action items 1 done." in printed
    assert "Overdue since 2026-09-01 (bo," in printed
