"""Which changes to production did the gate never permit? The trail beside what really shipped."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from errorbudget.change import Change, Origin

GRACE: Final = timedelta(minutes=1)
"""How long after its start a change may be asked about, where its end is not known."""
ROLLOUT: Final = timedelta(hours=1)
"""How long after a permit its version may appear in the traffic, under another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One decision of the trail."""

    entry: int
    service: str
    change: str
    at: datetime
    permitted: bool
    risk: str = ""
    """The class that it counted as; empty where none was told."""


def answers(changes: Sequence[Change], asked: Iterable[Asked]) -> list[Asked | None]:
    """For each change the last answer that was given before it was through, if anybody asked.

    A version that appeared in the traffic may have been asked about by the name of a commit: a
    permit within the hour before, of a change by which nothing else is known, is taken for it.
    """
    given = sorted(asked, key=lambda one: (one.at, one.entry))
    named = [_by_name(change, given) for change in changes]
    taken = {id(one) for one in named if one}
    for place, change in enumerate(changes):
        if named[place] is None and change.origin is Origin.TRAFFIC:
            nameless = (one for one in given if id(one) not in taken and _could_be(one, change))
            if found := next(nameless, None):
                named[place] = found
                taken.add(id(found))
    return named


@dataclass(frozen=True, slots=True)
class Deploy:
    """A change that the gate let through, and the commit that it was made from, where told."""

    change: Change
    revision: str


def version_of(deploy: Deploy, seen: Iterable[Change]) -> Change:
    """The deploy under the version that it brought, of those that appeared in the traffic since.

    One deploy is one change, whatever its pipeline and its requests call it.
    """
    found = [one for one in seen if _brought(deploy, one)]
    named = (one for one in found if _is_named(one.version, deploy))
    best = next(named, found[-1] if found else None)
    return replace(deploy.change, version=best.version) if best else deploy.change


def deploy_of(seen: Change, deploys: Iterable[Deploy]) -> Change | None:
    """The deploy that brought a version which appeared in the traffic, now under that version.

    Known by its name, or else as the last one within the hour before whose version nobody knows.
    """
    found = [one for one in deploys if _brought(one, seen)]
    named = (one for one in found if _is_named(seen.version, one))
    best = next(named, found[-1] if found else None)
    return replace(best.change, version=seen.version) if best else None


def _brought(deploy: Deploy, seen: Change) -> bool:
    """Whether it may have: in the same place, soon after, and its version is not known yet."""
    change = deploy.change
    latest = (change.finished_at or change.started_at) + ROLLOUT
    here = {change.environment, seen.environment}
    return (
        change.version == change.id
        and change.service == seen.service
        and (len(here) == 1 or "" in here)
        and change.started_at <= seen.started_at <= latest
    )


def _is_named(version: str, deploy: Deploy) -> bool:
    """Whether a version is the deploy's name, or its commit, as in 1.4.0 and 1.4.0-3f2a9c1."""
    change, revision = deploy.change.id, deploy.revision
    return (
        version.removeprefix("v") == change.removeprefix("v")
        or change.endswith(f"-{version}")
        or any(_is_commit(name, version) for name in (change, revision))
    )


def _is_commit(commit: str, version: str) -> bool:
    """Whether a version is, or ends in, a commit that is written out or shortened."""
    short = re.split(r"[-+.]g?", version)[-1].lower()
    return bool(_COMMIT.fullmatch(short)) and bool(commit) and commit.lower().startswith(short)


_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


def _by_name(change: Change, given: Sequence[Asked]) -> Asked | None:
    latest = change.finished_at or change.started_at + GRACE
    names = change.id, change.version
    about = (
        one
        for one in given
        if one.service == change.service and one.change in names and one.at <= latest
    )
    return next(reversed([*about]), None)


def _could_be(one: Asked, change: Change) -> bool:
    waited = change.started_at - one.at
    return one.permitted and one.service == change.service and timedelta(0) <= waited <= ROLLOUT
