"""Latency by a native histogram, scraped by a real Prometheus."""

import time

import numpy as np
import pytest

from errorbudget import clock
from errorbudget.ledger.window import minute_floor
from errorbudget.source import NotTold
from errorbudget.source.prometheus.api import Api
from errorbudget.source.prometheus.source import Prometheus
from notify.receiving import eventually
from ports import free_port
from source.prometheus.conftest import program, running
from source.prometheus.native import serving
from source.prometheus.test_counting import counting

INCREASE = "increase(native_seconds[$window])"
COUNT = f"sum(histogram_count({INCREASE}))"
UP_TO = f"sum(histogram_fraction(0, %s, {INCREASE}) * histogram_count({INCREASE}))"


def test_requests_up_to_a_bound_are_counted_by_their_buckets(tmp_path):
    with serving() as (target, seen):
        jobs = f"[{{job_name: native, static_configs: [{{targets: ['{target}']}}]}}]"
        (tmp_path / "prometheus.yml").write_text(
            f"global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\nscrape_configs: {jobs}\n"
        )
        port = free_port()
        command = [
            program("prometheus"),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=native-histograms",
        ]
        address = f"http://127.0.0.1:{port}"
        with running(command, tmp_path / "log", f"{address}/-/ready"):
            eventually(lambda: len(seen) >= 4, 30)
            time.sleep(0.6)  # what was scraped last is stored by now
            api = Api(address, headers={}, seconds=10)
            source = Prometheus(api, now=clock.now)
            now = minute_floor(clock.now())
            minutes = np.arange(now - 3, now + 1)

            (slow,) = source.tally([counting(f"{COUNT} - {UP_TO % 0.25}", COUNT)], minutes)
            with pytest.raises(NotTold, match=r"those around end at 0\.25 and 0\.5"):
                source.tally([counting(UP_TO % 0.3, COUNT)], minutes)
            api.close()

    valid, bad = int(slow.valid.sum()), int(slow.bad.sum())
    assert valid >= 39
    assert (valid % 13, valid // 13 * 3) == (0, bad)
