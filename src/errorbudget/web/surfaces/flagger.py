"""Flagger's webhooks: 200 goes on, 403 holds, and its events tell what was deployed.

Flagger passes 200 to 202 alone, and retries 429 and everything from 500 on without showing what it
was told; so every no is 403 with one line.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.web.access import Caller
from errorbudget.web.calling import Gates, Here
from errorbudget.web.server import Server
from errorbudget.web.surfaces.asking import Asking, Translated, decided, one_line

HOLDS: Final = 403


class Worded(Translated):
    """A route whose answers are a status and a line."""

    def refused(self, status: int, reason: str) -> Response:
        """A no, with its reason."""
        return _answer(401 if status == 401 else HOLDS, reason)


router = APIRouter(prefix="/api/v1/flagger", tags=["deciding"], route_class=Worded)


class Hook(BaseModel):
    """What Flagger posts; of the change it says nothing but what `metadata` was given."""

    model_config = ConfigDict(extra="ignore")
    name: Annotated[str, Field(description="The canary.", max_length=253)]
    namespace: Annotated[str, Field(max_length=253)]
    phase: Annotated[str, Field(description="Of the canary, as in Progressing.")] = ""
    checksum: Annotated[str, Field(max_length=253)] = ""
    metadata: Annotated[
        dict[str, str],
        Field(description="service (the canary's name if not given), revision, risk"),
    ] = {}

    @property
    def service(self) -> str:
        """Which service the canary is of."""
        return self.metadata.get("service") or self.name

    @property
    def revision(self) -> str:
        """What a pipeline calls the change."""
        return self.metadata.get("revision", "").strip()


_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Go on; the body is the reason.", "content": {"text/plain": {}}},
    403: {"description": "Hold; the body is the reason.", "content": {"text/plain": {}}},
}


@router.post("/confirm-rollout", summary="Flagger: may the rollout begin?", responses=_TEXT)
def confirm(server: Here, caller: Gates, hook: Hook) -> Response:
    """What is not allowed waits, and Flagger asks again: an approval lets it go on."""
    answer = _decided(server, caller, hook)
    return _answer(200 if answer["decision"] == "allow" else HOLDS, _reason(answer, hook))


@router.post("/pre-rollout", summary="Flagger: is the candidate to be tested?", responses=_TEXT)
def before(server: Here, caller: Gates, hook: Hook) -> Response:
    """The same question; what is not allowed counts as a failed check, and rolls back at last."""
    return confirm(server, caller, hook)


@router.post("/rollback", summary="Flagger: is the rollout to be undone?", responses=_TEXT)
def undo(server: Here, caller: Gates, hook: Hook) -> Response:
    """Here 200 undoes: only for a block, as when a person declined. An open question undoes none.

    Every failure is told as 403 too, so nothing is undone because nobody could be asked.
    """
    answer = _decided(server, caller, hook)
    return _answer(200 if answer["decision"] == "block" else HOLDS, _reason(answer, hook))


@router.post("/event", summary="Flagger: what happened", responses=_TEXT)
def event(server: Here, caller: Gates, hook: Hook) -> Response:
    """A rollout that succeeded altered production; it is recorded, asked about or not."""
    caller.about(hook.service)
    document = server.document(hook.service)
    caller.within(document.environment)
    if hook.phase != "Succeeded" or not hook.revision:
        return _answer(200, "heard")
    now = clock.now()
    deployed = Change(
        id=hook.revision,
        service=hook.service,
        version=hook.revision,
        environment=document.environment,
        started_at=now,
        finished_at=now,
    )
    known = server.program.home.changes.list(hook.service)
    if not any(one.id == deployed.id and one.environment == deployed.environment for one in known):
        server.program.changes.record(deployed, now=now)
    return _answer(200, f"{hook.service} {hook.revision} is deployed")


def _decided(server: Server, caller: Caller, hook: Hook) -> dict[str, Any]:
    asking = Asking(
        service=hook.service,
        revision=hook.revision,
        otherwise=f"{hook.namespace}/{hook.name} {hook.checksum}".strip(),
        risk=hook.metadata.get("risk", ""),
    )
    return decided(server, caller, asking)


def _reason(answer: dict[str, Any], hook: Hook) -> str:
    if hook.revision:
        return answer["reason"]
    return f"{answer['reason']} The change is unidentified: set metadata.revision in the webhook."


def _answer(status: int, text: str) -> Response:
    return Response(f"{one_line(text)}\n", status_code=status, media_type="text/plain")
