"""A disk without room is a state that is told, and left again; nothing acknowledged is lost."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from web.served import Served, serve, until

MIB = 2**20
SPARE = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, for a home."""
    folder = tmp_path / "home"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("only root may make a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def server(disk: Path, tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "errorbudget.yaml"
    file.write_text(f"receive: {{spare: {SPARE}MiB}}")
    with serve(disk, "--config", str(file)) as served:
        yield served


def free(disk: Path) -> int:
    told = os.statvfs(disk)
    return told.f_bavail * told.f_frsize


def post(server: Served, number: int):
    now = datetime.now(UTC).isoformat()  # noqa: TID251 -- a server lives in the present
    line = f'{{"time":"{now}","service":"shop","status":200,"note":"{number}{"x" * 2000}"}}\n'
    return server.client.post("/api/v1/requests", content=line * 100)


def ready(server: Served) -> bool:
    return server.client.get("/readyz").status_code == 200


def test_a_full_disk_is_told_and_refused_and_everything_goes_on_when_there_is_room(
    server: Served, disk: Path
):
    server.apply()
    assert post(server, 0).status_code == 200
    until(lambda: ready(server))
    ballast = disk / "ballast"
    ballast.write_bytes(b"\0" * (free(disk) - (SPARE + 2) * MIB))

    acknowledged, answer = 100, post(server, 1)
    for number in range(2, 200):
        if answer.status_code != 200:
            break
        acknowledged += 100
        answer = post(server, number)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "full" in answer.json()["error"]["message"]
    # What is loaded leaves the journal, which gives room: take that too.
    more = disk / "more"
    more.write_bytes(b"\0" * max(free(disk) - (SPARE - 2) * MIB, 0))
    until(lambda: not ready(server))
    (problem,) = server.client.get("/readyz").json()["problems"]
    assert problem.startswith("the disk is full")
    assert "errorbudget_ready 0" in server.client.get("/metrics").text
    assert server.client.get("/healthz").status_code == 200
    server.counted(acknowledged, 0)

    ballast.write_bytes(b"")
    more.unlink()
    until(lambda: ready(server))
    assert post(server, 999).status_code == 200
    server.counted(acknowledged + 100, 0)


def test_a_disk_without_a_byte_left_refuses_what_must_be_written_and_loses_nothing(
    server: Served, disk: Path
):
    server.apply()
    assert post(server, 0).status_code == 200
    server.counted(100, 0)
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as out:
        while True:
            try:
                out.write(b"\0" * 65_536)
            except OSError:
                break

    answers = [post(server, number).status_code for number in range(1, 4)]
    asked = {"service": "shop", "change": "c", "risk": "low"}
    gate = server.client.post("/api/v1/gate", json=asked)

    assert answers == [503] * 3
    assert gate.status_code == 503, gate.text
    assert gate.headers["Retry-After"]
    assert server.client.get("/healthz").status_code == 200
    ballast.unlink()
    until(lambda: ready(server))
    assert server.post("/api/v1/gate", json=asked)["decision"] == "allow"
    assert post(server, 4).status_code == 200
    server.counted(200, 0)
