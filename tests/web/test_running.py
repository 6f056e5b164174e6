"""How a server is run: its configuration, its signals, its metrics, its logs."""

import json
import os
import signal
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from errorbudget.errors import Failure
from errorbudget.program import configuration
from web.served import DOCUMENT, PROGRAM, Served, serve, until

NOW = datetime.now(UTC)  # noqa: TID251 -- a server lives in the present
DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_annotated_example_says_the_defaults():
    assert configuration.read(DEPLOY / "errorbudget.yaml") == configuration.Configuration()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lisen: 1", "lisen"),
        ("listen: nowhere", "listen"),
        ("receive: {body: 16 apples}", "receive.body"),
        ("receive: {late: -3d}", "receive.late"),
        ("watch: {every: 0s}", "watch.every"),
        ("targets: {x: {webhook: 'https://h.example', secret: ''}}", "targets.x"),
        ("[", "errorbudget.yaml"),
        ("- 1", "the file"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str):
    file = tmp_path / "errorbudget.yaml"
    file.write_text(text)

    with pytest.raises(Failure, match=told):
        configuration.read(file)


def test_a_wrong_configuration_is_a_usage_error_of_serve(home: Path, tmp_path: Path):
    file = tmp_path / "errorbudget.yaml"
    file.write_text("lisen: 127.0.0.1:0")

    done = subprocess.run(
        [PROGRAM, "serve", "--config", file],
        env=os.environ | {"ERRORBUDGET_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert "lisen" in done.stderr
    assert not home.exists()


def test_a_second_server_is_told_who_has_the_home(server: Served):
    done = subprocess.run(
        [PROGRAM, "serve", "--port", "0"],
        env=os.environ | {"ERRORBUDGET_HOME": str(server.home)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert str(server.process.pid) in done.stderr


def test_a_source_that_does_not_answer_is_told_and_leaves_the_server_ready(
    home: Path, tmp_path: Path
):
    file = tmp_path / "errorbudget.yaml"
    file.write_text("sources: {metrics: {prometheus: 'http://127.0.0.1:9'}}\n")
    counting = (
        "{prometheus: {bad: failed_total, valid: all_total}, target: 99%, window: {rolling: 7d}}"
    )
    text = (
        "apiVersion: errorbudget/v1\nkind: ObjectiveDocument\nservice: web\n"
        f"requests: {{source: metrics}}\nobjectives: {{availability: {counting}}}\n"
    )
    with serve(home, "--config", str(file)) as server:
        assert server.post("/api/v1/documents", content=text.encode())["notes"] == []
        until(lambda: server.get("/api/v1/status")["unanswered"])

        assert "Prometheus: " in server.get("/api/v1/status")["unanswered"]["web"]
        for path in ("/healthz", "/readyz"):
            (told,) = server.get(path)["problems"]
            assert "their source does not answer: 1;" in told
        (budget,) = server.get("/api/v1/budgets", service="web")
        assert "Prometheus: " in budget["problem"]
        assert "errorbudget_unanswered_documents 1" in server.client.get("/metrics").text


def test_hangup_applies_the_configured_documents_again(home: Path, tmp_path: Path):
    objectives = tmp_path / "objectives"
    objectives.mkdir()
    (objectives / "shop.yaml").write_text(DOCUMENT.format(service="shop"))
    (objectives / "wrong.yaml").write_text("apiVersion: nonsense")
    file = tmp_path / "errorbudget.yaml"
    file.write_text(f"documents: ['{objectives}/*.yaml']")
    with serve(home, "--config", str(file)) as served:
        assert [one["service"] for one in served.get("/api/v1/budgets")] == ["shop"]

        (objectives / "bank.yaml").write_text(DOCUMENT.format(service="bank"))
        served.process.send_signal(signal.SIGHUP)

        until(lambda: len(served.get("/api/v1/budgets")) == 2)
        file.write_text("lisen: 1")
        served.process.send_signal(signal.SIGHUP)
        until(lambda: "not reloaded" in (home.parent / "serve.log").read_text())
        assert served.client.get("/healthz").status_code == 200


def test_a_call_under_way_is_answered_when_the_server_is_told_to_stop(server: Served):
    received, arrived = threading.Event(), threading.Event()
    answers = []

    def body():
        yield json.dumps({"time": NOW.isoformat(), "service": "shop"}).encode()
        arrived.set()
        assert received.wait(20)
        yield b"\n"

    def post():
        answers.append(httpx2.post(f"{server.url}/api/v1/requests", content=body(), timeout=30))

    sender = threading.Thread(target=post)
    sender.start()
    assert arrived.wait(20)
    server.process.send_signal(signal.SIGTERM)
    received.set()
    sender.join(30)

    assert server.process.wait(30) == 0
    assert answers[0].json()["stored"] == 1
    with serve(server.home) as again:
        assert [one["requests"] for one in again.get("/api/v1/services")] == [1]


def test_metrics_are_openmetrics_and_say_what_the_budgets_say(server: Served):

    server.apply("shop")
    lines = [{"time": NOW.isoformat(), "service": "shop", "status": 200 + 300 * (n < 2)}
             for n in range(10)]  # fmt: skip
    server.send(*lines)
    (budget,) = server.get("/api/v1/budgets", service="shop")

    answer = server.client.get("/metrics")

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    of = [("objective", "availability"), ("service", "shop")]
    assert samples["errorbudget_remaining_ratio", *of] == budget["remaining"]
    assert samples["errorbudget_valid_requests", *of] == 10
    assert samples["errorbudget_loaded_rows_total",] == 10
    assert samples["errorbudget_state", *of, ("state", budget["state"])] == 1
    assert samples["errorbudget_ready",] == 1
    assert any(name == "errorbudget_burn_rate" for name, *_ in samples)
    post = [("method", "POST"), ("route", "/api/v1/requests"), ("status", "200")]
    assert samples["errorbudget_http_calls_total", *post] == 1


def test_every_log_line_is_json(server: Served):
    server.apply()
    server.client.get("/nothing?secret=hidden")
    server.stop()

    text = (server.home.parent / "serve.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]

    assert {line["level"] for line in lines} == {"info"}
    assert any(line.get("path") == "/nothing" and line["status"] == 404 for line in lines)
    assert "hidden" not in text
