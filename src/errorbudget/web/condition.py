"""Does the server do its work, and if not, what keeps it?"""

from errorbudget.ingest.stream import StreamState
from errorbudget.program.configuration import Configuration
from errorbudget.web.current import OVERDUE, Pulse


def problems(
    pulse: Pulse, stream: StreamState, free: int, configuration: Configuration
) -> list[str]:
    """What keeps the server from doing its work, each in a line; `free` is bytes of disk."""
    receive, every = configuration.receive, configuration.watch.every.total_seconds()
    found = list[str]()
    if pulse.age is None:
        found.append("the budgets have not been evaluated yet")
    elif pulse.age > OVERDUE + every:
        found.append(f"the budgets were last evaluated {pulse.age:.0f} s ago")
    if free < receive.spare:
        found.append(_full(free, receive.spare))
    if pulse.problem:
        found.append(f"evaluating the budgets fails: {_plain(pulse.problem)}")
    if stream.problem:
        found.append(f"loading what was acknowledged fails: {_plain(stream.problem)}")
    if stream.unloaded > receive.unloaded * 0.9:
        found.append(f"{stream.unloaded // 2**20} MiB wait to be loaded")
    return found


def _full(free: int, spare: int) -> str:
    return (
        f"the disk is full: {free >> 20} MiB are left, and {spare >> 20} MiB are kept for what was"
        " acknowledged; senders are told to come again"
    )


def _plain(problem: str) -> str:
    return problem.splitlines()[0][:300]
