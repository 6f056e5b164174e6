"""From traffic to a document that holds, and to what it would have done: from the shell."""

from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def fed(run, written):
    lines = []
    for number in range(6_000):
        time = START + timedelta(minutes=10 * number)
        status = 503 if number % 120 == 0 else 200
        lines.append(f'{{"time":"{time.isoformat()}","service":"shop","status":{status}}}')
    run("ingest", written("shop.ndjson", "\n".join(lines)))
    return run


def test_a_proposal_is_written_checked_tested_and_replayed(fed, tmp_path):
    proposed = fed("objective", "propose", "shop", "--out", "shop.yaml", "--json").json

    assert set(proposed) >= {"indicator", "commit", "stretch", "evidence", "document"}
    assert (tmp_path / "shop.yaml").read_text() == proposed["document"]
    assert (tmp_path / "shop.evidence.md").is_file()
    assert (tmp_path / "shop.evidence/windows.svg").is_file()
    assert fed("objective", "check", "shop.yaml").code == 0
    assert fed("objective", "test", "shop.yaml").code == 0
    replayed = fed("objective", "backtest", "shop.yaml", "--json").json
    assert set(replayed) >= {"alerts", "windows"}
    assert replayed["objectives"]["availability"]["overspent"] == 0


def test_the_document_goes_to_standard_output_and_its_words_to_standard_error(fed):
    done = fed("objective", "propose", "shop")

    assert done.out.startswith("# What shop promises")
    assert "Promise 98% over 28 days" in done.err


def test_what_a_service_needs_and_owes_holds_the_target_back(fed):
    free = fed("objective", "propose", "shop", "--json").json
    capped = fed("objective", "propose", "shop", "--dependency", "93%", "--sla", "90%", "--json")
    wrong = fed("objective", "propose", "shop", "--sla", "99.5")

    assert (free["commit"]["target"], capped.json["commit"]["target"]) == ("98%", "90%")
    assert capped.json["limited_by"] == "cap"
    assert any("Limited by what it needs" in line for line in capped.json["sentences"])
    assert (wrong.code, wrong.err) == (
        2,
        'sla: is "99.5", not a percentage; write it as 99.9%\n',
    )


def test_what_is_there_is_not_replaced_unasked(fed, written):
    written("shop.yaml", "mine\n")

    refused = fed("objective", "propose", "shop", "--out", "shop.yaml")
    assert refused.code == 2
    assert "shop.yaml: is there already" in refused.err
    assert fed("objective", "propose", "shop", "--out", "shop.yaml", "--force").code == 0


def test_without_a_service_those_that_need_one_are_listed(fed):
    assert "no objective: errorbudget objective propose shop" in fed("objective", "propose").out
    assert [one["service"] for one in fed("objective", "propose", "--json").json] == ["shop"]


def test_a_document_or_incidents_that_cannot_be_read_are_usage_errors(fed, written):
    fed("objective", "propose", "shop", "--out", "shop.yaml")

    missing = fed("objective", "backtest", "nothing.yaml")
    assert (missing.code, missing.err) == (
        2,
        "nothing.yaml: there is no such file; write the path of one that is there\n",
    )
    bad = written("incidents.json", "{")
    assert "is not JSON" in fed("objective", "backtest", "shop.yaml", "--incidents", bad).err


def test_nothing_is_made_where_there_is_no_home(run, home):
    assert run("objective", "propose", "shop").code == 2
    assert not home.exists()
