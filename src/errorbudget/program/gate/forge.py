"""Deployments that wait at GitHub for the gate, and those that it tells of afterwards."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

from errorbudget import clock
from errorbudget.change import Change, Diff, FileChange
from errorbudget.errors import Failure, Unreachable, Untrusted
from errorbudget.notify.github import COMMENT, COMPARED, REPORTS, GitHub, Gone
from errorbudget.program.changes import Changes
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.gate import Gate
from errorbudget.store.decided import Subject
from errorbudget.store.deliveries import Deliveries, Delivery
from errorbudget.store.home import Home

LOG = logging.getLogger(__name__)

PROTECTION: Final = "deployment_protection_rule"
STATUS: Final = "deployment_status"
EVENTS: Final = frozenset((PROTECTION, STATUS))
_ENDED: Final = {"success": 0, "failure": 1, "error": 1}


class Asks(Protocol):
    """Decides on a change, as the gate does."""

    def __call__(self, question: Question, *, dry_run: bool = False) -> dict[str, Any]:
        """The answer. Raises Failure."""
        ...


class Forge:
    """What a repository's deployments are answered."""

    def __init__(
        self,
        home: Home,
        github: GitHub,
        repositories: Mapping[str, Sequence[str]],
        *,
        gate: Gate,
        asks: Asks,
        environment: Callable[[str], str],
    ) -> None:
        """`repositories` are the services of each, `environment` is where one's document is."""
        self._home = home
        self._github = github
        self._repositories = {name.lower(): (*services,) for name, services in repositories.items()}
        self._gate = gate
        self._asks = asks
        self._environment = environment
        self._deliveries = Deliveries(home.path / "github")

    def take(self, id_: str, event: str, payload: Mapping[str, Any], now: datetime) -> bool:
        """Keep a webhook to be worked on; False for one that came before, or that is for nobody."""
        if event not in EVENTS:
            return False
        return self._deliveries.take(Delivery(id=id_, event=event, payload=payload, at=now))

    def recover(self) -> int:
        """Have GitHub deliver again what did not arrive: it never does so by itself."""
        asked = 0
        for number, id_, event in self._github.undelivered():
            if event in EVENTS and not self._deliveries.knows(id_):
                self._github.redeliver(number)
                asked += 1
        return asked

    def step(self, now: datetime) -> None:
        """Answer what can be answered now; what cannot be, waits for the next step."""
        self._deliveries.forget(now)
        for one in [*self._deliveries.open()]:
            try:
                after = self._worked(one, now)
            except Unreachable as failure:
                LOG.warning("%s: %s", one.id, failure)
                continue
            except (Gone, Untrusted) as failure:
                after = replace(one, done=str(failure))
            except (Failure, KeyError, TypeError, ValueError, AttributeError) as failure:
                after = replace(one, done=f"cannot be used: {failure}")
            if after.done and after.done != one.done:
                LOG.info("%s %s: %s", one.event, one.id, after.done)
            if after != one:
                self._deliveries.keep(after)

    def close(self) -> None:
        """Hang up."""
        self._github.close()

    def _worked(self, one: Delivery, now: datetime) -> Delivery:
        return self._ruled(one, now) if one.event == PROTECTION else self._heard(one, now)

    def _services(self, payload: Mapping[str, Any], environment: str) -> list[str]:
        name = str(payload["repository"]["full_name"]).lower()
        services = self._repositories.get(name, ())
        return [one for one in services if self._environment(one) in ("", environment)]

    def _ruled(self, one: Delivery, now: datetime) -> Delivery:
        """A deployment that waits: approved, rejected, or told what it waits for."""
        payload = one.payload
        environment = str(payload["environment"])
        services = self._services(payload, environment)
        if not services:
            return self._reported(one, f"errorbudget: no service of it ships to {environment}")
        asked = [self._question(service, payload, now) for service in services]
        # A look that leaves nothing behind; only another answer than before is asked for.
        looks = [self._asks(question, dry_run=True) for question in asked]
        told = "; ".join(f"{look['decision']} {look['reason_code']}" for look in looks)
        if told == one.told:
            return one
        answers = [self._asks(question) for question in asked]
        decided = {answer["decision"] for answer in answers}
        comment = _comment(answers)
        if "block" in decided:
            return self._answered(one, "rejected", comment)
        if decided == {"allow"}:
            return self._answered(one, "approved", comment)
        return replace(self._reported(one, comment), told=told)

    def _answered(self, one: Delivery, state: str, comment: str) -> Delivery:
        self._say(one, state, comment)
        return replace(one, done=state)

    def _reported(self, one: Delivery, comment: str) -> Delivery:
        """Told why it waits; a deployment takes only so many reports."""
        if one.told == comment or one.reports >= REPORTS:
            return one
        self._say(one, None, comment)
        return replace(one, told=comment, reports=one.reports + 1)

    def _say(self, one: Delivery, state: str | None, comment: str) -> None:
        payload = one.payload
        self._github.answer(
            int(payload["installation"]["id"]),
            str(payload["deployment_callback_url"]),
            environment=str(payload["environment"]),
            state=state,
            comment=comment,
        )

    def _question(self, service: str, payload: Mapping[str, Any], now: datetime) -> Question:
        deployment = payload["deployment"]
        people = (payload.get("sender"), deployment.get("creator"))
        return Question(
            service=service,
            change=str(deployment["sha"]),
            diff=self._diff(service, payload, now),
            by=tuple(dict.fromkeys(str(one["login"]) for one in people if one)),
        )

    def _diff(self, service: str, payload: Mapping[str, Any], now: datetime) -> Diff | None:
        """What differs from what is deployed, as GitHub tells it; None where that is not known."""
        runs = self._gate.deployed(service, now)
        if runs is None:
            return None
        base, head = runs.revision or runs.version, str(payload["deployment"]["sha"])
        name = str(payload["repository"]["full_name"])
        try:
            told = self._github.compare(int(payload["installation"]["id"]), name, base, head)
        except Gone:
            return Diff(base=base, head=head, files=(), unsure=f"{name} does not know {base}")
        return _compared(told, name, base, head, runs.version)

    def _heard(self, one: Delivery, now: datetime) -> Delivery:
        """A deployment that ended: the outcome of a decision, or a change nobody asked about."""
        status, deployment = one.payload["deployment_status"], one.payload["deployment"]
        if (code := _ENDED.get(str(status["state"]))) is None:
            return replace(one, done=f"{status['state']}: nothing has ended")
        environment = str(deployment["environment"])
        services = self._services(one.payload, environment)
        started = clock.parse(str(deployment["created_at"]))
        for service in services:
            self._record(service, environment, str(deployment["sha"]), code, started, now)
        return replace(one, done=f"{status['state']} of {', '.join(services) or 'no service'}")

    def _record(
        self,
        service: str,
        environment: str,
        sha: str,
        code: int,
        started: datetime,
        now: datetime,
    ) -> None:
        subject = Subject(service=service, environment=self._environment(service), change=sha)
        decided = self._home.decisions.of(subject)
        shipped = self._home.decisions.shipped(subject)
        if decided is None and code == 0:
            change = Change(
                id=sha,
                service=service,
                version=sha,
                environment=environment,
                started_at=started,
                finished_at=now,
            )
            Changes(self._home).record(change, now=now)
        elif decided and not (shipped and shipped.entry == decided.entry):
            # Where the pipeline told of it, as `gate run` does, it is recorded already.
            self._gate.record_outcome(decided.entry, code, started_at=started, now=now)


def _comment(answers: Sequence[Mapping[str, Any]]) -> str:
    """What a person reads beside the waiting deployment; the checkpoint makes it a witness."""
    parts = [f"**{one['service']}**: {one['reason']}" for one in answers]
    held = [one for one in answers if one["decision"] == "needs_approval"]
    parts += [
        f"`errorbudget gate approve {one['service']} --change {one['change']} --role … --reason …`"
        for one in held
    ]
    last = max(answers, key=lambda one: one["entry"])
    kept = f"\n\nAudit trail, entry {last['entry']}:\n```\n{last['checkpoint'].rstrip()}\n```"
    return "\n\n".join(parts)[: COMMENT - len(kept)] + kept


def _compared(told: Mapping[str, Any], repository: str, base: str, head: str, version: str) -> Diff:
    files = list[FileChange]()
    for one in told["files"]:
        # A file without a patch and without lines may be binary: its size is not known.
        binary = "patch" not in one and not one["changes"]
        added, deleted = (None, None) if binary else (one["additions"], one["deletions"])
        files.append(FileChange(path=one["filename"], added=added, deleted=deleted))
        if before := one.get("previous_filename"):
            files.append(FileChange(path=before, added=0, deleted=0))
    unsure = ""
    if len(told["files"]) >= COMPARED:
        unsure = f"GitHub tells only the first {COMPARED} files"
    elif told["status"] not in ("ahead", "identical"):
        unsure = f"it is {told['status']} of what is deployed, not after it"
    return Diff(
        base=base,
        head=head,
        files=tuple(files),
        repository=repository,
        base_tree=str(told["base_commit"]["commit"]["tree"]["sha"]),
        head_tree=str(told["commits"][-1]["commit"]["tree"]["sha"]) if told["commits"] else "",
        authors=tuple(
            dict.fromkeys(
                str(one["commit"][who]["email"])
                for one in told["commits"]
                for who in ("author", "committer")
            )
        ),
        deployed=version,
        unsure=unsure,
    )
