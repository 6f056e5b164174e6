"""The endpoint for GitHub: deployments that wait for the gate, and what came of them."""

from fastapi import APIRouter, Request, Response

from errorbudget.web.answers.gate import Heard
from errorbudget.web.calling import Here, documented
from errorbudget.web.failing import NotFound, as_json

router = APIRouter(prefix="/api/v1/github", tags=["deciding"])


@router.post(
    "/webhook",
    summary="Webhooks of a GitHub app",
    responses=documented(Heard, "Whether it is new; GitHub is answered later.", 413),
)
async def webhook(request: Request, server: Here) -> Response:
    """Signed with the app's secret (X-Hub-Signature-256); each delivery counts once.

    On disk before it is acknowledged: GitHub does not deliver again by itself.
    """
    if server.github is None:
        raise NotFound("no GitHub app is configured here; see `github` in deploy/errorbudget.yaml")
    headers = request.headers
    async with server.room.body(request) as body:
        new = await server.room.work(
            server.github.take,
            headers.get("x-hub-signature-256", ""),
            headers.get("x-github-event", ""),
            headers.get("x-github-delivery", ""),
            body,
        )
    return as_json({"new": new}, status=202)
