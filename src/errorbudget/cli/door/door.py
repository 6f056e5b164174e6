"""The door that a command enters by: one capability after the other, opened when first asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from errorbudget.cli.options import home_path

if TYPE_CHECKING:
    from errorbudget.cli.door import (
        approvals,
        audit,
        budgets,
        changes,
        explaining,
        gate,
        incidents,
        letters,
        moving,
        objectives,
        postmortems,
        proposals,
        requests,
        retention,
        review,
        tokens,
    )
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program

Home = TypeVar("Home")
Server = TypeVar("Server")


class Door:
    """Everything that commands do, on an open home or over a wire; all of it raises Failure."""

    def __init__(self, way: Program | Wire) -> None:
        self._way = way

    @property
    def requests(self) -> requests.AtHome | requests.OnServer:
        """Requests and corrections in."""
        from errorbudget.cli.door import requests

        return self._either(requests.AtHome, requests.OnServer)

    @property
    def retention(self) -> retention.AtHome | retention.OnServer:
        """What is kept, and for how long."""
        from errorbudget.cli.door import retention

        return self._either(retention.AtHome, retention.OnServer)

    @property
    def objectives(self) -> objectives.AtHome | objectives.OnServer:
        """Objective documents in force."""
        from errorbudget.cli.door import objectives

        return self._either(objectives.AtHome, objectives.OnServer)

    @property
    def proposals(self) -> proposals.AtHome | proposals.OnServer:
        """What services could promise, and what documents would have done."""
        from errorbudget.cli.door import proposals

        return self._either(proposals.AtHome, proposals.OnServer)

    @property
    def budgets(self) -> budgets.AtHome | budgets.OnServer:
        """What is left, and how fast it goes."""
        from errorbudget.cli.door import budgets

        return self._either(budgets.AtHome, budgets.OnServer)

    @property
    def explaining(self) -> explaining.AtHome | explaining.OnServer:
        """What broke."""
        from errorbudget.cli.door import explaining

        return self._either(explaining.AtHome, explaining.OnServer)

    @property
    def approvals(self) -> approvals.AtHome | approvals.OnServer:
        """What people answer about changes."""
        from errorbudget.cli.door import approvals

        return self._either(approvals.AtHome, approvals.OnServer)

    @property
    def incidents(self) -> incidents.AtHome | incidents.OnServer:
        """What hurts users."""
        from errorbudget.cli.door import incidents

        return self._either(incidents.AtHome, incidents.OnServer)

    @property
    def postmortems(self) -> postmortems.AtHome | postmortems.OnServer:
        """What was learned of incidents."""
        from errorbudget.cli.door import postmortems

        return self._either(postmortems.AtHome, postmortems.OnServer)

    @property
    def gate(self) -> gate.AtHome | gate.OnServer:
        """Whether a change may ship, and what came of it."""
        from errorbudget.cli.door import gate

        return self._either(gate.AtHome, gate.OnServer)

    @property
    def changes(self) -> changes.AtHome | changes.OnServer:
        """What altered production."""
        from errorbudget.cli.door import changes

        return self._either(changes.AtHome, changes.OnServer)

    @property
    def audit(self) -> audit.AtHome | audit.OnServer:
        """What was decided."""
        from errorbudget.cli.door import audit

        return self._either(audit.AtHome, audit.OnServer)

    @property
    def review(self) -> review.AtHome | review.OnServer:
        """Quarters looked back at."""
        from errorbudget.cli.door import review

        return self._either(review.AtHome, review.OnServer)

    @property
    def tokens(self) -> tokens.AtHome | tokens.OnServer:
        """Who may ask a server."""
        from errorbudget.cli.door import tokens

        return self._either(tokens.AtHome, tokens.OnServer)

    @property
    def moving(self) -> moving.AtHome | moving.OnServer:
        """The whole state, to take along."""
        from errorbudget.cli.door import moving

        return self._either(moving.AtHome, moving.OnServer)

    @property
    def letters(self) -> letters.AtHome | letters.OnServer:
        """Messages that did not arrive."""
        from errorbudget.cli.door import letters

        return self._either(letters.AtHome, letters.OnServer)

    def _either(
        self, at_home: Callable[[Program], Home], on_server: Callable[[Wire], Server]
    ) -> Home | Server:
        from errorbudget.cli.door.wire import Wire

        way = self._way
        return on_server(way) if isinstance(way, Wire) else at_home(way)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._way.close()


def entered(*, create: bool = False, wait: float = 10.0) -> Door:
    """The server that ERRORBUDGET_URL names or that owns the home, else the home. Raises Failure.

    Only commands that write may create a home.
    """
    from errorbudget.store.address import running

    token = os.environ.get("ERRORBUDGET_TOKEN", "")
    if url := os.environ.get("ERRORBUDGET_URL"):
        return over(url, token)
    home = home_path()
    if address := running(home):
        return over(address.url, token or address.key)
    from errorbudget.program.program import Program

    return Door(Program.open(home, create=create, wait=wait))


def is_anywhere() -> bool:
    """Whether there is a server or a home to enter, for commands that can do without."""
    from errorbudget.store.address import running
    from errorbudget.store.home import Home

    home, store = home_path(), os.environ.get("ERRORBUDGET_STORE", "")
    named = bool(os.environ.get("ERRORBUDGET_URL"))
    return named or Home.is_at(home, store) or running(home) is not None


def over(url: str, token: str) -> Door:
    """The server at an address, as whoever holds the token."""
    from errorbudget.cli.door.wire import Wire

    return Door(Wire(url, token))
