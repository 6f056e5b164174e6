"""The simulated shop as tests of the program open it: told once for all of them."""

import fcntl
import pickle
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from errorbudget.program.gate.asking import Question
from errorbudget.program.program import Program
from errorbudget.shop import Shop, generate
from errorbudget.shop.plot import Deploy

Open = tuple[Program, Shop]

DAYS = 75


@contextmanager
def shop(shared: Path, own: Path) -> Generator[Open]:
    """Its story up to the lost log feed, in a home of one's `own`.

    Processes that test beside each other and share a folder tell the story once.
    """
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "shop").exists():
            (shared / "shop").write_bytes(pickle.dumps(_told(shared)))
    told: Shop = pickle.loads((shared / "shop").read_bytes())
    shutil.copytree(shared / "home", own / "home")
    with Program.open(own / "home") as program:
        yield program, told


def _told(folder: Path) -> Shop:
    """All its requests and logs; its deploys asked about and recorded, but for the ungated one."""
    told = generate(folder / "files", days=DAYS, scale=0.5, search_scale=0.12)
    with Program.open(folder / "home", create=True) as program:
        for service in told.requests:
            for path in told.requests[service]:
                program.requests.ingest(path)
            for path in told.logs[service]:
                program.requests.ingest(path, logs=True)
        for path in told.documents.values():
            program.objectives.apply(path, now=told.start)
        for deploy in told.changes:
            if deploy.gated:
                _shipped(program, deploy)
        program.budgets.read(at=told.at(DAYS))
    return told


def _shipped(program: Program, deploy: Deploy) -> None:
    change, at = deploy.change, deploy.change.started_at
    question = Question(service=change.service, change=change.id, diff=deploy.diff)
    program.gate.check(question, at=at, now=at)
    program.changes.record(change, now=change.finished_at or at)
