"""Real requests in, an objective applied, and numbers that plain SQL over the same rows gives."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from outside import Run

Write = Callable[[str, str], Path]

POLICY = """\
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: 25%, allow: [rollback, critical, low]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, low]}
  stale_after: 10m
  approval: {roles: [product], need: all, expires_within: 24h}
owners: {product: [bo@shop.example]}
"""
WEB = f"""\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
objectives:
  availability:
    valid: status NOT BETWEEN 400 AND 499
    good: status < 500
    target: 99.9%
    window: {{rolling: 28d}}
{POLICY}"""
IMAGES = f"""\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: images
objectives:
  availability:
    good: status = 200
    target: 98%
    window: {{calendar: quarter, timezone: Asia/Shanghai}}
  speed:
    valid: status = 200
    good: duration_ms <= 60000
    target: 95%
    window: {{rolling: 7d}}
{POLICY}"""
IMAGES_MAP = (
    "time=gmt_create",
    "route=predict_type",
    "status=CASE predict_status WHEN 'SUCCEED' THEN 200 WHEN 'FAILED' THEN 500 END",
    "duration_ms=exec_time_seconds * 1000",
    "tenant=groupId",
    "version=checkpoint_model_version_id",
)


def test_the_access_log_gives_the_budget_that_sql_gives(
    run: Run, written: Write, shared_data: Path
) -> None:
    log = shared_data / "access-log" / "apache_access.log"

    taken = run("ingest", log, "--service", "web", "--json").json
    run("objective", "apply", written("web.yaml", WEB))
    (budget,) = run("budget", "web", "--json", "--at", "2015-05-20T21:06:00Z").json

    told = duckdb.execute(
        r"""
        select count(*) filter (status not between 400 and 499), count(*) filter (status >= 500)
        from (
            select cast(regexp_extract(line, '" (\d{3}) (\d+|-) ', 1) as integer) as status
            from read_csv($log, columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '',
                escape = '', header = false)
        )
        """,
        {"log": str(log)},
    ).fetchone()
    assert (taken["read"], taken["stored"], taken["rejected"]) == (10_000, 10_000, 0)
    assert (budget["valid"], budget["bad"]) == told
    assert budget["allowed"] == pytest.approx(told[0] / 1000)
    assert budget["remaining"] == pytest.approx(1 - told[1] / (told[0] / 1000))
    assert (budget["meaningful"], budget["state"]) == ("coarse", "healthy")


def test_the_image_trace_gives_the_budgets_that_sql_gives(
    run: Run, written: Write, shared_data: Path
) -> None:
    trace = shared_data / "genai-requests" / "lora_request_trace.csv"
    maps = [word for one in IMAGES_MAP for word in ("--map", one)]

    taken = run("ingest", trace, "--service", "images", *maps, "--json").json
    run("objective", "apply", written("images.yaml", IMAGES))
    quarter, week = run("budget", "--json", "--at", "2024-12-06T22:00:00Z").json

    told = duckdb.execute(
        """
        select
            count(*) filter (gmt_create >= '2024-09-30 16:00'),
            count(*) filter (gmt_create >= '2024-09-30 16:00'
                and predict_status is distinct from 'SUCCEED'),
            count(*) filter (gmt_create >= '2024-11-29 22:00'
                and coalesce(predict_status, '') <> 'FAILED'),
            count(*) filter (gmt_create >= '2024-11-29 22:00'
                and coalesce(predict_status, '') <> 'FAILED'
                and coalesce(exec_time_seconds, 61) > 60)
        from read_csv($trace) where gmt_create < '2024-12-06 22:00'
        """,
        {"trace": str(trace)},
    ).fetchone()
    assert (taken["read"], taken["stored"]) == (26_823, 26_823)
    assert (quarter["valid"], quarter["bad"], week["valid"], week["bad"]) == told
    assert week["remaining"] == pytest.approx(1 - told[3] / (told[2] / 20))
    # A third of the quarter is still to come: the allowance is larger than what came so far allows.
    assert quarter["allowed"] > told[1] / quarter["pace"]


def test_a_file_sent_twice_counts_once(run: Run, written: Write, shared_data: Path) -> None:
    log = shared_data / "access-log" / "apache_access.log"
    run("objective", "apply", written("web.yaml", WEB))

    run("ingest", log, "--service", "web")
    before = run("budget", "web", "--json", "--at", "2015-05-20T21:06:00Z").json
    again = run("ingest", log, "--service", "web", "--json").json
    after = run("budget", "web", "--json", "--at", "2015-05-20T21:06:00Z").json

    assert (again["stored"], again["duplicates"]) == (0, 10_000)
    assert after == before


def test_a_late_row_and_a_correction_change_the_budget_that_was_counted_before(
    run: Run, written: Write
) -> None:
    document = WEB.replace("good: status < 500", "good: status < 500 AND corrections = 0")
    run("objective", "apply", written("web.yaml", document))
    run("ingest", written("first.ndjson", _rows(range(100))))
    first = _counts(run)

    late = run("ingest", written("late.ndjson", _rows(range(100, 110), status=503)), "--json").json
    second = _counts(run)
    corrected = run(
        "correct",
        "--service",
        "web",
        "--request-id",
        "r7",
        "r8",
        "nobody",
        "--reason",
        "lost",
        "--json",
    ).json
    third = _counts(run)
    run("correct", "--service", "web", "--request-id", "r105", "--as", "excluded", "--reason", "x")
    fourth = _counts(run)

    assert late["stored"] == 10
    assert (first, second) == ((100, 0), (110, 10))
    assert (corrected["corrected"], corrected["unknown"]) == (2, 1)
    assert (third, fourth) == ((110, 12), (109, 11))


def _rows(numbers: range, *, status: int = 200) -> str:
    return "".join(
        json.dumps(
            {
                "time": f"2026-07-01T00:{number % 60:02}:00Z",
                "service": "web",
                "status": status,
                "trace_id": f"r{number}",
            }
        )
        + "\n"
        for number in numbers
    )


def _counts(run: Run) -> tuple[int, int]:
    (budget,) = run("budget", "web", "--json", "--at", "2026-07-01T01:00:00Z").json
    return budget["valid"], budget["bad"]


def test_the_gate_answers_by_exit_code_and_one_sentence(run: Run, written: Write) -> None:
    run("objective", "apply", written("web.yaml", WEB))
    run("ingest", written("good.ndjson", _rows(range(20_000))))
    at = ("--at", "2026-07-01T01:00:00Z")

    fine = run("gate", "check", "web", "--change", "c1", "--risk", "high", "--json", *at)
    run("ingest", written("bad.ndjson", _rows(range(15), status=500)))
    careful = run("gate", "check", "web", "--change", "c2", "--risk", "normal", *at)
    low = run("gate", "check", "web", "--change", "c3", "--risk", "low", *at)
    unknown = run("gate", "check", "web", "--change", "c4", "--risk", "normal")
    nobody = run("gate", "check", "nobody", "--change", "c5", "--risk", "low", *at)

    assert (fine.code, careful.code, low.code, unknown.code, nobody.code) == (0, 3, 0, 5, 2)
    assert fine.json["decision"] == "allow"
    assert fine.json["entry"] == 2
    assert "normal needs more than 50 %" in careful.out
    assert len(careful.out.splitlines()) == 1
    assert "is unknown" in unknown.out
    assert run("audit", "verify").code == 0


def test_a_command_runs_only_when_permitted_and_passes_its_exit_code_on(
    run: Run, written: Write, tmp_path: Path
) -> None:
    run("objective", "apply", written("web.yaml", WEB))
    proof = tmp_path / "ran"

    refused = run("gate", "run", "web", "--change", "c1", "--risk", "high", "--", "touch", proof)
    assert (refused.code, proof.exists()) == (5, False)

    ran = run("gate", "run", "web", "--change", "c2", "--risk", "low", "--", "sh", "-c", "exit 7")
    assert ran.code == 7

    kinds = [entry["kind"] for entry in run("audit", "log", "--json").json]
    assert kinds == ["objective", "decision", "decision", "outcome"]


@pytest.mark.parametrize(
    "words", [["budget"], ["gate", "check", "web", "--change", "c"], ["audit", "log"]]
)
def test_without_a_home_a_reading_command_says_so_and_creates_nothing(
    run: Run, home: Path, words: list[str]
) -> None:
    ran = run(*words)

    assert ran.code == 2
    assert "there is no home here" in ran.err
    assert not home.exists()


def test_a_document_that_cannot_be_used_is_told_line_by_line(run: Run, written: Write) -> None:
    broken = WEB.replace("99.9%", "100%").replace("rolling: 28d", "rolling: 28x") + "surprise: 1\n"

    ran = run("objective", "check", written("web.yaml", broken))

    places = [line.split(": ")[1] for line in ran.err.splitlines()]
    assert ran.code == 2
    assert set(places) == {
        "objectives.availability.target",
        "objectives.availability.window.rolling",
        "surprise",
    }


def test_an_example_that_fails_is_named_and_keeps_the_document_out(
    run: Run, written: Write
) -> None:
    document = WEB + "examples:\n  - {request: {status: 503}, availability: good}\n"
    path = written("web.yaml", document)

    tested, applied = run("objective", "test", path), run("objective", "apply", path)

    assert (tested.code, applied.code) == (2, 2)
    assert "examples.0.availability: expected good" in tested.err
    assert run("budget", "web").code == 2


def test_a_correction_to_bad_counts_where_no_criterion_reads_corrections(
    run: Run, written: Write
) -> None:
    run("objective", "apply", written("web.yaml", WEB))
    run("ingest", written("rows.ndjson", _rows(range(50))))

    run("correct", "--service", "web", "--request-id", "r3", "--reason", "stored wrongly")

    assert _counts(run) == (50, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["--request-id", "r1", "--reason", "x", "--as", "nonsense"],
        ["--request-id", "r1", "--reason", " "],
        ["--request-id", "nobody", "--reason", "x"],
    ],
)
def test_a_correction_that_changes_nothing_leaves_no_entry(
    run: Run, written: Write, words: list[str]
) -> None:
    run("ingest", written("rows.ndjson", _rows(range(5))))

    run("correct", "--service", "web", *words)

    assert run("audit", "log", "--json").json == []


RISKY = WEB + "risk:\n  low: {max_files: 1, max_lines: 10}\n"


def test_a_rollback_is_what_served_before_what_runs_now(run: Run, written: Write) -> None:
    rows = [
        {
            "time": f"2026-07-01T00:{number // 10:02}:{number % 10:02}Z",
            "service": "web",
            "status": 500,
            "version": "1.4.0" if number < 200 else "1.5.0",
        }
        for number in range(400)
    ]
    run("objective", "apply", written("web.yaml", RISKY))
    run("ingest", written("rows.ndjson", "".join(json.dumps(row) + "\n" for row in rows)))
    at = ("--at", "2026-07-01T00:40:00Z", "--risk", "rollback")

    back = run("gate", "check", "web", "--change", "1.4.0", *at)
    here = run("gate", "check", "web", "--change", "1.5.0", *at)
    unheard = run("gate", "check", "web", "--change", "1.3.9", *at, "--json")

    assert (back.code, here.code, unheard.code) == (0, 3, 3)
    assert "rollback is declared, but nothing shows it" in here.out
    assert unheard.json["risk"]["class"] == "unclassified"


def test_what_somebody_put_into_a_change_stays_on_its_line(run: Run, written: Write) -> None:
    run("objective", "apply", written("web.yaml", WEB))

    forged = run("gate", "check", "web", "--change", "a\x1b[31m\n     9  forged", "--risk", "low")

    assert forged.code == 2
    assert "control characters" in forged.err


@pytest.mark.parametrize(
    "at", ["", "yesterday", "0001-01-01", "9999-12-31T23:59:59Z", "2026-W01-1"]
)
def test_a_moment_that_is_none_is_refused(run: Run, written: Write, at: str) -> None:
    run("objective", "apply", written("web.yaml", WEB))

    ran = run("budget", "--at", at)

    assert ran.code == 2
    assert "RFC 3339" in ran.err


def test_the_outcome_of_a_command_is_its_own_whatever_happens_to_the_home(
    run: Run, written: Write, home: Path
) -> None:
    run("objective", "apply", written("web.yaml", WEB))
    gone = f"rm -r {home}; exit 3"

    ran = run("gate", "run", "web", "--change", "c", "--risk", "low", "--", "sh", "-c", gone)

    assert ran.code == 3
    assert "the outcome (exit 3) is not in the audit trail" in ran.err


def test_a_service_that_never_sent_a_request_is_named(run: Run, written: Write) -> None:
    pooled = WEB.replace("service: web", "name: both\nservices: [web, wbe]")
    run("objective", "apply", written("both.yaml", pooled))
    run("ingest", written("rows.ndjson", _rows(range(5))))

    (budget,) = run("budget", "both", "--json", "--at", "2026-07-01T01:00:00Z").json

    assert budget["unseen"] == ["wbe"]


def test_the_trail_leaves_the_home_and_is_checked_without_it(
    run: Run, written: Write, tmp_path: Path
) -> None:
    run("objective", "apply", written("web.yaml", WEB))
    asked = run("gate", "check", "web", "--change", "c1", "--risk", "low", "--json")
    kept = written("kept", asked.json["checkpoint"])

    exported = run("audit", "export", "trail.txt", "--json")
    key, copy = exported.json["key"], tmp_path / "trail.txt"
    away = {"ERRORBUDGET_HOME": str(tmp_path / "elsewhere")}
    verified = run("audit", "verify", copy, "--key", key, "--checkpoint", kept, **away)
    copy.write_bytes(copy.read_bytes().replace(b'"c1"', b'"c2"'))
    spoilt = run("audit", "verify", copy, **away)

    assert exported.json["entries"] == 2
    assert (verified.code, verified.out) == (
        0,
        f"2 entries verify; root {exported.json['root']}\n",
    )
    assert spoilt.code == 4
    assert "trail.txt: entry 2: its bytes are not those that were hashed" in spoilt.err
    assert not (tmp_path / "elsewhere").exists()


def test_attestations_leave_the_home_one_a_decision(
    run: Run, written: Write, tmp_path: Path
) -> None:
    run("objective", "apply", written("web.yaml", WEB))
    run("gate", "check", "web", "--change", "c1", "--risk", "low")

    exported = run("audit", "export", "told.jsonl", "--as", "attestations", "--json")
    (line,) = (tmp_path / "told.jsonl").read_text().splitlines()
    wrong = run("audit", "export", "wrong", "--as", "pdf")

    assert exported.json["attestations"] == 1
    assert json.loads(line)["payloadType"] == "application/vnd.in-toto+json"
    assert (wrong.code, (tmp_path / "wrong").exists()) == (2, False)


def test_nothing_is_exported_of_an_empty_trail(run: Run, written: Write, tmp_path: Path) -> None:
    run("ingest", written("rows.ndjson", '{"time":"2026-07-01T00:00:00Z","service":"web"}'))

    ran = run("audit", "export", "trail.txt")

    assert ran.code == 2
    assert "the audit trail is empty" in ran.err
    assert list(tmp_path.glob("*trail*")) == []
