"""The endpoint that gives the whole state away, to its operator."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from errorbudget.web.calling import Administers, Here, documented

router = APIRouter(prefix="/api/v1", tags=["running it"])


@router.get(
    "/home/export",
    summary="Take everything along",
    response_class=StreamingResponse,
    responses=documented(str, "The tar that `errorbudget home export` writes to its file."),
)
def export(server: Here, caller: Administers) -> StreamingResponse:
    """Records, warehouse and keys as of now, while the server goes on; for an operator alone."""
    caller.everything()
    server.stream.settle(10)
    return StreamingResponse(server.program.moving().export(), media_type="application/x-tar")
