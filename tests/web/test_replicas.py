"""Three real servers on one PostgreSQL, killed at random while pipelines ask."""

from pathlib import Path

import httpx2
from bench.replicas import killing, replicas

from databases import Databases
from errorbudget import clock


def test_replicas_that_are_killed_lose_no_decision_repeat_no_alert_and_break_no_chain(
    tmp_path: Path, postgresql: Databases
):
    # It has burnt for a while when they start: the first leader tells of it, and no other.
    since = clock.now().timestamp() - 1200
    with replicas(tmp_path, postgresql.new(), failing_since=since) as running:
        assert len(running.leaders) == 1
        refused = httpx2.post(f"{running.members[1].url}/api/v1/requests", content=b"{}")
        assert refused.status_code == 400
        assert "one of several replicas" in refused.text

        ended = killing(running, 2, (0.5, 1))

    assert ended.kills
    assert ended.takeovers
    assert ended.decided > 10
    assert ended.lost == []
    assert ended.alerts["fired"] == 1
    assert ended.repeated == []
    assert ended.flaw == ""
