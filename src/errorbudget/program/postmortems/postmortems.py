"""Postmortems: drafted when due or when asked, kept current, written by people, published."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_ceil, moment
from errorbudget.postmortem import draft
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.postmortems.authoring import Authoring
from errorbudget.program.postmortems.choosing import Choosing, is_due, same
from errorbudget.program.postmortems.gathering import About, Gathered, Gathering
from errorbudget.program.postmortems.picturing import svg
from errorbudget.program.postmortems.shelf import PROGRAM, Shelf, Written, summary
from errorbudget.source.sources import Sources
from errorbudget.store.home import Home
from errorbudget.store.postmortems import Kept, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants drafted; all that is due, where they say nothing."""

    service: str | None = None
    objective: str | None = None
    incident: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    quarter: str | None = None


class Postmortems:
    """Every postmortem, and what is asked of them."""

    def __init__(self, home: Home, source: Sources, objectives: Objectives) -> None:
        self._home = home
        self._budgets = Budgets(home, source, objectives)
        explaining = Explaining(source, self._budgets, home.changes)
        self._gathering = Gathering(home, source, self._budgets, explaining)
        self._choosing = Choosing(home, self._budgets, self._gathering)
        self._objectives = objectives
        self._shelf = Shelf(home, self._budgets, objectives)
        self.authoring = Authoring(home, self._shelf)
        """What people do with them."""

    def list(self, service: str | None = None) -> list[dict[str, Any]]:
        """The postmortems of a service, or all, the newest first. Raises Failure."""
        name = self._shelf.name(service)
        return [summary(one.kept, one.document) for one in self._shelf.all(name)]

    def show(self, id_: str) -> Written:
        """One of them. Raises Failure."""
        return self._shelf.show(id_)

    def picture(self, id_: str, name: str) -> str:
        """One of its pictures, as SVG. Raises Failure."""
        return svg(self.show(id_).kept.told, name)

    def asked(self, asked: Asked, *, at: datetime) -> Sequence[Written]:
        """Draft what is asked for: an incident, a time, or all that is due. Raises Failure."""
        if asked.incident is not None:
            return [self.of_incident(asked.incident, at=at)]
        if asked.service is None or (asked.objective is None and asked.since is None):
            return [*self.due(asked.service, asked.quarter, at=at)]
        if asked.since is not None:
            return [self.draft(asked.service, asked.objective, asked.since, asked.until, at=at)]
        found = self.of_burn(asked.service, asked.objective or "", at=at)
        if found is None:
            raise Failure(
                f"{asked.service} {asked.objective}: nothing burns at {clock.text(at)}",
                "Say when: --from TIME --to TIME; or draft all that is due, without OBJECTIVE.",
            )
        return [found]

    def impact(
        self, service: str, objective: str | None, since: datetime, until: datetime, *, at: datetime
    ) -> dict[str, Any]:
        """What a time cost: the numbers of a postmortem, nothing kept. Raises Failure."""
        about = self._choosing.within(service, objective, since, until, at=at)
        kept = same(self._home.postmortems.list(about.document.name), about, exactly=True)
        if kept is not None:
            about = replace(about, incident=kept.incident, burning=kept.state is State.BURNING)
        return self._gathering.impact(about, at=at, but=kept.id if kept else "")

    def room(self, service: str, objective: str | None = None, *, at: datetime) -> dict[str, Any]:
        """How many more changes fit into an objective, or the one that decides. Raises Failure."""
        return self._gathering.room(service, objective, at=at)

    def draft(
        self,
        service: str,
        objective: str | None,
        since: datetime,
        until: datetime | None,
        *,
        at: datetime,
        by: str = PROGRAM,
    ) -> Written:
        """One of a time that a person names, that goes on where it has no end. Raises Failure."""
        about = self._choosing.within(service, objective, since, until or at, at=at)
        if until is None and self._choosing.stands(
            about.document, about.objective, at=at, until=about.span.end
        ):
            about = replace(about, burning=True)
        return self._drafted(about, at=at, by=by, exactly=True)

    def of_incident(self, number: int, *, at: datetime) -> Written:
        """One of an incident that an alert, a person or another tool opened. Raises Failure."""
        return self._drafted(self._choosing.incident(number, at=at), at=at)

    def of_burn(self, service: str, objective: str, *, at: datetime) -> Written | None:
        """One of what burns now; None where nothing does any more. Raises Failure."""
        document = self._budgets.document(service)
        self._choosing.known(document, objective)
        found = next(self._choosing.current(document, objective, at=at), None)
        return None if found is None else self._drafted(found, at=at)

    def of_burn_if_due(self, service: str, objective: str, *, at: datetime) -> Written | None:
        """A first one of what burns now, where it spent more than its document bears.

        One that was settled, and burns again within the hour, goes on.
        """
        document = self._budgets.document(service)
        found = next(self._choosing.current(document, objective, at=at), None)
        if found is None:
            return None
        kept = same(self._home.postmortems.list(document.name), found, exactly=False)
        if kept is None:
            _, cost = self._gathering.worst(document, found.span, at=at)
            return self._drafted(found, at=at) if is_due(cost) else None
        if kept.state is State.DRAFT:
            with self._home.database.writing() as connection:
                self._home.postmortems.renew(connection, kept, state=State.BURNING)
            return self.refresh(kept.id, at=at)
        return None

    def due(
        self, service: str | None, quarter: str | None = None, *, at: datetime
    ) -> Iterator[Written]:
        """One of everything that spent more than its document bears, of a quarter. Raises Failure.

        Those that are there already are brought up to date.
        """
        documents = self._objectives.all() if service is None else [self._budgets.document(service)]
        for document in documents:
            for about in list(self._choosing.due(document, quarter, at=at)):
                yield self._drafted(about, at=at)

    def refresh(self, id_: str, *, at: datetime) -> Written:
        """Say what is known now: data sections anew, people's text as it is. Raises Failure."""
        kept = self.show(id_).kept
        return self._keep(kept, self._gathered(self._about(kept, at), id_, at), at)

    def refreshed(self, *, at: datetime) -> Sequence[str]:
        """Bring up to date what late rows, corrections or an end have changed; which those are."""
        return [one.id for one in self._home.postmortems.list() if self._is_renewed(one, at)]

    def renew_burning(
        self, *, at: datetime, standing: Collection[tuple[str, str]] = ()
    ) -> Sequence[str]:
        """Bring what burns up to date, ever less often as it lasts; settle what is over.

        `standing` are the documents and objectives whose alerts fire. Returns which those are.
        """
        burning = (one for one in self._home.postmortems.list() if one.state is State.BURNING)
        due = [one for one in burning if self._is_over(one, standing) or _is_stale(one, at)]
        return [self.refresh(one.id, at=at).kept.id for one in due]

    def _is_over(self, kept: Kept, standing: Collection[tuple[str, str]]) -> bool:
        incident = self._incident(kept.incident)
        open_ = incident is not None and incident.ended_at is None
        return (kept.name, kept.objective) not in standing and not open_

    def _drafted(
        self, about: About, *, at: datetime, by: str = PROGRAM, exactly: bool = False
    ) -> Written:
        known = self._home.postmortems.list(about.document.name)
        if (kept := same(known, about, exactly=exactly)) is not None:
            if kept.state is State.BURNING or exactly:
                about = replace(about, incident=about.incident or kept.incident)
            else:
                about = self._about(kept, at)
            return self._keep(kept, self._gathered(about, kept.id, at), at)
        id_ = _free(about, {one.id for one in self._home.postmortems.list()})
        return self._begin(id_, self._gathered(about, id_, at), at, by)

    def _about(self, kept: Kept, at: datetime) -> About:
        """What it is about as of a moment: while it burns its end moves along."""
        document, span = self._budgets.document(kept.name), Span(kept.start, kept.end)
        self._choosing.known(document, kept.objective)
        about = About(
            document=document, objective=kept.objective, span=span, incident=kept.incident
        )
        if kept.state is not State.BURNING:
            return about
        incident = self._incident(kept.incident)
        around = Span(kept.start, max(minute_ceil(at), kept.start + 1))
        if incident is not None and incident.ended_at is not None:
            around = Span(kept.start, max(minute_ceil(incident.ended_at), kept.start + 1))
        return self._choosing.refined(document, kept.objective, around, at=at, incident=incident)

    def _incident(self, number: int | None) -> Any:
        if number is None:
            return None
        with self._home.database.reading() as connection:
            return self._home.incidents.get(connection, number)

    def _gathered(self, about: About, id_: str, at: datetime) -> Gathered:
        return self._gathering.gather(about, at=at, id_=id_)

    def _is_renewed(self, kept: Kept, at: datetime) -> bool:
        try:
            about = self._about(kept, at)
            if self._gathering.digest(about, at=at, but=kept.id) == kept.counts:
                return False
        except Failure:  # its document or objective is gone: what was said of it stays
            return False
        self._keep(kept, self._gathered(about, kept.id, at), at)
        return True

    def _begin(self, id_: str, found: Gathered, at: datetime, by: str) -> Written:
        about = found.about
        kept = Kept(
            id=id_,
            name=about.document.name,
            environment=about.document.environment,
            objective=about.objective,
            incident=about.incident,
            start=about.span.start,
            end=about.span.end,
            state=State.BURNING if about.burning else State.DRAFT,
            version=1,
            told=found.told,
            counts=found.counts,
            drafted_at=at,
            refreshed_at=at,
        )
        text = draft.first(id_, found.told)
        with self._home.database.writing() as connection:
            there = self._home.postmortems.get(connection, id_)
            if there is None:
                self._home.postmortems.put(connection, kept, text, by=by, at=at)
                told = {"service": kept.name, "id": id_, "state": kept.state.value, "by": by}
                self._home.trail.append_with(connection, "postmortem", told, at)
            return self._shelf.read(connection, id_)

    def _keep(self, kept: Kept, found: Gathered, at: datetime) -> Written:
        """The data of a postmortem as it was gathered, around whatever people wrote meanwhile."""
        about = found.about
        data = draft.sections(kept.id, found.told)
        with self._home.database.writing() as connection:
            current = self._shelf.read(connection, kept.id)
            state = current.kept.state
            if state is not State.PUBLISHED:
                state = State.BURNING if about.burning else State.DRAFT
            now = replace(
                current.kept,
                start=about.span.start,
                end=about.span.end,
                incident=about.incident,
                state=state,
                told=found.told,
                counts=found.counts,
                refreshed_at=at,
            )
            return self._shelf.put(
                connection, current, now, current.document.with_data(data), PROGRAM, at
            )


def _is_stale(kept: Kept, at: datetime) -> bool:
    """Each minute at first: what has lasted for hours does not change within one."""
    lasted = max(at - moment(kept.start), timedelta(0))
    return at - kept.refreshed_at >= max(lasted / 20, timedelta(minutes=1))


def _free(about: About, taken: set[str]) -> str:
    """`checkout-2026-07-20-1407`, or with a number behind it where that is taken."""
    stem = f"{about.document.name}-{moment(about.span.start):%Y-%m-%d-%H%M}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, 1_000))
    return next(name for name in names if name not in taken)
