"""Proposals from real traffic, and from made-up services whose truth is known."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import orjson
import pytest

from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_floor, moment
from errorbudget.objective.proposal.proposed import Proposed
from errorbudget.program.objectives import objectives
from errorbudget.program.program import Program
from errorbudget.program.proposing.pictures import write_evidence
from program.traffic import START, between, document, fed, rows

MAPS = {
    "time": "gmt_create",
    "route": "predict_type",
    "status": "CASE predict_status WHEN 'SUCCEED' THEN 200 WHEN 'FAILED' THEN 500 END",
    "tenant": "groupId",
    "version": "checkpoint_model_version_id",
    "duration_ms": "TRY_CAST(exec_time_seconds AS DOUBLE) * 1000",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("real")
    with Program.open(folder / "home", create=True) as program:
        trace = shared_data / "genai-requests" / "lora_request_trace.csv"
        program.requests.ingest(trace, service="images", maps=MAPS)
        unmapped = {"time": "gmt_create", "route": "predict_type"}
        program.requests.ingest(trace, service="unmapped", maps=unmapped)
        log = shared_data / "access-log" / "apache_access.log"
        program.requests.ingest(log, service="web")
        yield program


def holds(proposed: Proposed, folder: Path) -> int:
    """How many examples of the proposed document hold; it reads strictly first."""
    assert proposed.document is not None
    file = folder / "proposed.yaml"
    file.write_text(proposed.document)
    objectives.checked(file)
    return objectives.tested(file)


@pytest.mark.parametrize("service", ["images", "unmapped", "web"])
def test_a_proposal_from_real_traffic_passes_check_and_its_own_examples(
    real: Program, tmp_path: Path, service: str
) -> None:
    assert holds(real.proposals.read(service), tmp_path) >= 3


def test_an_image_service_promises_98_percent_and_says_who_is_worse_off(real: Program) -> None:
    told = real.proposals.read("images").as_dict()

    assert told["commit"]["target"] == "98%"
    assert told["stretch"]["target"] == "99%"
    assert any("99%, is out of reach for now" in line for line in told["sentences"])
    assert any("No status ×33" in why for why in told["indicator"]["why"])
    impact = told["evidence"]["impact"]
    assert impact["by_tenant"] > impact["by_request"]
    assert impact["worse"][0]["tenant"] == "G3483"


def test_known_bursts_are_among_the_incidents_and_what_they_share_is_named(real: Program) -> None:
    incidents = real.proposals.read("images").as_dict()["evidence"]["incidents"]
    by_start = {one["from"]: one["cause"] for one in incidents}

    assert "version=M0003" in by_start["2024-11-28 17:00"]
    assert "2024-12-06 20:00" in by_start


def test_a_few_days_of_history_hold_nobody_to_anything(real: Program) -> None:
    short = real.proposals.read("web", today=date(2026, 11, 2))
    longer = real.proposals.read("images", today=date(2026, 11, 2))

    assert short.document is not None
    assert longer.document is not None
    assert "mode: advise" in short.document
    assert "4 days of history are too few to hold anybody to" in " ".join(short.sentences)
    assert "mode: enforce" in longer.document
    assert "revisit: 2026-11-30" in longer.document


def test_a_target_that_leaves_little_room_comes_with_bands_to_live_by(real: Program) -> None:
    told = real.proposals.read("images")

    assert told.document is not None
    assert "{above: 10%, allow: [rollback, critical, low, normal, high]}" in told.document
    assert any("To have more room, sign 95% instead" in line for line in told.sentences)


def test_a_status_that_only_an_attribute_tells_is_found(real: Program) -> None:
    indicator = real.proposals.read("unmapped").as_dict()["indicator"]

    assert indicator["good"] == "attributes['predict_status'] = 'SUCCEED'"


def test_bots_and_missing_pages_of_a_web_site_are_no_failures(real: Program) -> None:
    told = real.proposals.read("web").as_dict()

    assert told["indicator"]["scope"] == "NOT is_bot"
    assert any("404 ×" in why for why in told["indicator"]["why"])
    assert told["between"] is not None
    assert any("Only 4 days speak for it" in line for line in told["sentences"])
    assert any("21 % of requests are left out, for all" in line for line in told["warnings"])


def test_services_with_traffic_and_no_objective_are_listed(real: Program) -> None:
    assert {one["service"] for one in real.proposals.unpromised()} == {"images", "unmapped", "web"}


def test_an_unknown_service_is_told_with_those_there_are(real: Program) -> None:
    with pytest.raises(Failure, match=r"nobody: no request.*images, unmapped, web"):
        real.proposals.read("nobody")


def test_the_printed_questions_give_the_numbers_again(real: Program) -> None:
    told = real.proposals.read("web").as_dict()
    questions = told["evidence"]["queries"]
    connection = real.warehouse.connection

    minutes = connection.execute(questions["Valid and bad requests of each minute"]).fetchall()
    days = connection.execute(
        next(sql for what, sql in questions.items() if what.startswith("Each day"))
    ).fetchall()

    assert sum(row[1] for row in minutes) == told["evidence"]["valid"]
    assert sum(row[2] for row in minutes) == told["evidence"]["bad"]
    assert [row[1] for row in days] == [day["valid"] for day in told["evidence"]["days"]]
    for question in questions.values():
        assert duckdb.extract_statements(question)
        connection.execute(question)


def test_incidents_tenants_and_endings_can_be_asked_for_again(real: Program) -> None:
    def asked(told, start: str) -> list[tuple]:
        (sql,) = [
            sql for what, sql in told["evidence"]["queries"].items() if what.startswith(start)
        ]
        return real.warehouse.connection.execute(sql).fetchall()

    told = real.proposals.read("images").as_dict()
    incidents, impact = told["evidence"]["incidents"], told["evidence"]["impact"]
    counts = asked(told, "Valid and bad requests of the incidents")
    assert [row[2:] for row in counts] == [(one["valid"], one["bad"]) for one in incidents]
    common = {row[1:3]: row[3] for row in asked(told, "What their bad requests")[5:10]}
    assert common["version", "M0003"] >= 0.6
    tenants = asked(told, "Tenants")
    assert len(tenants) == impact["tenants"]
    assert tenants[0][4] == pytest.approx(impact["by_tenant"], abs=1e-6)
    assert tenants[0][3] == pytest.approx(impact["by_request"], abs=1e-6)

    plain = real.proposals.read("unmapped").as_dict()
    rows = [row[1:] for row in asked(plain, "How requests ended") if row[0] == "predict_status"]
    assert dict(rows) == plain["evidence"]["outcomes"]


def test_an_hour_of_missing_pages_is_no_failure_and_is_asked_about(tmp_path: Path) -> None:
    def broken_links(minute: int) -> bytes:
        hour = minute // 60 % 24
        status = 404 if minute % 50 == 0 or (minute // 1440 % 9 == 4 and hour == 9) else 200
        row = {"time": f"{moment(minute):%Y-%m-%dT%H:%M:00Z}", "service": "shop", "route": "/a"}
        return orjson.dumps(row | {"status": status})

    file, first = tmp_path / "shop.ndjson", minute_floor(START)
    file.write_bytes(b"\n".join(map(broken_links, range(first, first + 9 * 1440))))
    with Program.open(tmp_path / "home", create=True) as program:
        program.requests.ingest(file)
        told = program.proposals.read("shop").as_dict()

    (surge,) = [line for line in told["warnings"] if "answered with 4xx" in line]
    assert "09:00 to " in surge
    assert "of 60 requests" in surge
    assert "`errorbudget correct … --as bad`" in surge
    assert told["evidence"]["bad"] == 0


def test_several_services_are_pooled_on_request(tmp_path: Path) -> None:
    with fed(tmp_path, lambda m: (1, int(m % 90 == 0)), days=15) as program:
        file, until = tmp_path / "cart.ndjson", START + timedelta(days=15)
        file.write_bytes(rows(START, until, lambda m: (int(m % 3 == 0), 0), "cart"))
        program.requests.ingest(file)
        pooled = program.proposals.read(["shop", "cart"])
        with pytest.raises(Failure, match=r"nobody: no request.*cart, shop"):
            program.proposals.read(["shop", "nobody"])

    assert pooled.profile.requests == 15 * (1440 + 16 + 480)
    assert int(pooled.history.bad.sum()) == 15 * 16
    assert pooled.document is not None
    assert "name: shop-cart\nservices: [shop, cart]\n" in pooled.document
    assert holds(pooled, tmp_path) >= 2


def test_the_evidence_is_a_page_with_its_pictures(real: Program, tmp_path: Path) -> None:
    told = real.proposals.read("images").as_dict()
    written = write_evidence(told, tmp_path / "images.yaml")

    page = (tmp_path / "images.evidence.md").read_text()
    assert page.startswith("# images: 98% is proposed")
    drawn = ("left-out", "daily", "latency")
    assert [path.name for path in written] == [
        "images.evidence.md",
        *(f"{picture}.svg" for picture in drawn),
    ]
    for picture in drawn:
        assert f"(images.evidence/{picture}.svg)" in page
        assert (tmp_path / f"images.evidence/{picture}.svg").read_text().startswith("<svg")


def test_a_service_with_a_document_is_no_longer_listed(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _: (2, 0), days=1) as program:
        assert program.proposals.unpromised() == []


def test_an_incident_is_named_as_the_work_towards_the_stretch(tmp_path: Path) -> None:
    burst = between(START.replace(day=12, hour=9), START.replace(day=12, hour=10), (0, 4), (4, 0))

    def traffic(minute: int) -> tuple[int, int]:
        good, bad = burst(minute)
        return (good, bad) if minute % 160 else (3, 1)

    with fed(tmp_path, traffic, days=35) as program:
        told = program.proposals.read("shop").as_dict()

    assert told["work"] is not None
    assert told["work"]["name"].startswith("the incident of 2026-03-12 09:00 UTC")
    assert len(told["evidence"]["incidents"]) == 1


def test_a_name_with_quotes_does_not_break_the_document(tmp_path: Path) -> None:
    name = 'it\'s "odd": {yes} #1'
    file = tmp_path / "odd.ndjson"
    lines = rows(START, START.replace(day=9), lambda m: (3, int(m % 50 == 0))).splitlines()
    file.write_bytes(
        b"\n".join(orjson.dumps(orjson.loads(one) | {"service": name}) for one in lines)
    )
    with Program.open(tmp_path / "home", create=True) as program:
        program.requests.ingest(file)
        assert holds(program.proposals.read(name), tmp_path) >= 2


def test_requests_that_do_not_say_how_they_ended_are_refused_with_the_way_out(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mute.ndjson"
    file.write_bytes(b'{"time": "2026-03-02T00:00:00Z", "service": "mute"}\n' * 20)
    with Program.open(tmp_path / "home", create=True) as program:
        program.requests.ingest(file)
        with pytest.raises(Failure, match="--map status"):
            program.proposals.read("mute")


def test_error_logs_that_show_damage_are_part_of_good(tmp_path: Path) -> None:
    requests, logs = tmp_path / "shop.ndjson", tmp_path / "logs.ndjson"
    lines = []
    records = []
    for number in range(4_000):
        moment = START.timestamp() * 1000 + number * 300_000
        row = {"time": int(moment), "service": "shop", "trace_id": f"t{number}"}
        lines.append(orjson.dumps(row | {"status": 500 if number % 200 == 0 else 200}))
        if number % 300 == 7:
            record = {"time": int(moment), "service": "shop", "trace_id": f"t{number}"}
            records.append(orjson.dumps(record | {"level": "ERROR", "message": "lost an order"}))
    requests.write_bytes(b"\n".join(lines))
    logs.write_bytes(b"\n".join(records))
    with Program.open(tmp_path / "home", create=True) as program:
        program.requests.ingest(requests)
        program.requests.ingest(logs, logs=True)
        told = program.proposals.read("shop").as_dict()

    assert told["indicator"]["good"] == "status < 500 AND error_logs = 0"
    assert told["evidence"]["bad"] == 20 + 14


def test_a_document_in_force_changes_nothing_of_what_is_proposed(tmp_path: Path) -> None:
    with fed(tmp_path, lambda m: (3, int(m % 40 == 0)), days=10) as program:
        before = program.proposals.read("shop").as_dict()
        program.objectives.apply(document(tmp_path, target="90%"), now=START)
        assert program.proposals.read("shop").as_dict() == before
