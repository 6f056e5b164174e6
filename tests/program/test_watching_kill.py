"""Killed at any moment and started again, a watch has told everything once."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from errorbudget.program.program import Program
from program.test_watching import stories
from program.traffic import at, fed

PROCESS = Path(__file__).with_name("watching_process.py")
MINUTES = 90


def watching(home: Path) -> subprocess.Popen[bytes]:
    words = [home, at(9, "11:55").isoformat(), str(MINUTES), home.with_suffix(".progress")]
    return subprocess.Popen([sys.executable, PROCESS, *words])


def test_a_watch_that_is_killed_again_and_again_tells_nothing_twice(tmp_path: Path) -> None:
    fed(tmp_path, stories, days=10).close()
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(tmp_path / "home", undisturbed)
    assert watching(undisturbed).wait(timeout=60) == 0

    home, chance = tmp_path / "home", random.Random(5)
    killed = 0
    while (process := watching(home)).poll() is None:
        time.sleep(chance.uniform(0.9, 1.6))
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        killed += 1

    assert killed
    assert process.returncode == 0
    with Program.open(undisturbed) as one, Program.open(home) as other:
        told = one.home.alerts.told()
        assert [each.kind for each in told] == ["fired", "again"]
        assert other.home.alerts.told() == told
        letters = [program.home.outbox.due("chat", at(11), limit=9) for program in (one, other)]
        assert letters[1] == letters[0]
