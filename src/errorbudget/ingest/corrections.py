"""Takes in what people found out later: a request that looked good was bad, or the reverse."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from errorbudget.errors import Failure
from errorbudget.ingest.intake import Intake, Verdict
from errorbudget.request import Corrected

if TYPE_CHECKING:
    from errorbudget.objective.criterion import Criterion


def correct(
    intake: Intake,
    service: str,
    request_ids: Sequence[str],
    verdict: str,
    reason: str,
    *,
    now: datetime,
    request_id: "Criterion | None" = None,
) -> Corrected:
    """Judge requests of a service by hand. Raises Failure for an unknown verdict or no reason."""
    ids = [id_ for id_ in request_ids if id_.strip()]
    if not service or not ids:
        raise Failure("nothing to correct: name the service and at least one request id")
    check(verdict, reason)
    return intake.add_corrections(service, ids, verdict_of(verdict), reason, now, request_id)


def check(verdict: str, reason: str) -> None:
    """Whether a correction may be made so. Raises Failure for an unknown verdict or no reason."""
    verdict_of(verdict)
    if not reason.strip():
        raise Failure("a correction needs a reason: say why in one line")


def verdict_of(text: str) -> Verdict:
    """The verdict that a word names. Raises Failure."""
    for verdict in get_args(Verdict):
        if text == verdict:
            return verdict
    raise Failure(f"{text!r} is not a verdict: write bad, good or excluded")
