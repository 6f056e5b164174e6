"""Kubernetes asks before a workload's pods change: a ValidatingAdmissionWebhook (v1).

What fails here is answered with an HTTP failure, so that the webhook's failurePolicy decides.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from errorbudget import clock
from errorbudget.objective.document import RiskClass
from errorbudget.web.access import Caller
from errorbudget.web.calling import Gates, Here
from errorbudget.web.failing import as_json
from errorbudget.web.server import Server
from errorbudget.web.surfaces.asking import Asking, asked, one_line

ADMIT: Final = "/api/v1/kubernetes/admit"
WARNING: Final = 250
"""Letters of a warning; the API server cuts what is longer."""
_RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"
"""Set by `kubectl rollout restart`, which starts the same pods again and ships nothing."""

router = APIRouter(tags=["deciding"])


class Admission(BaseModel):
    """What the API server is about to do."""

    model_config = ConfigDict(extra="ignore")
    uid: Annotated[str, Field(min_length=1)]
    operation: str
    sub_resource: Annotated[str, Field(alias="subResource")] = ""
    namespace: str = ""
    object: dict[str, Any] | None = None
    old: Annotated[dict[str, Any] | None, Field(alias="oldObject")] = None
    dry_run: Annotated[bool | None, Field(alias="dryRun")] = None


class Review(BaseModel):
    """AdmissionReview, as it is sent."""

    model_config = ConfigDict(extra="ignore")
    api: Annotated[Literal["admission.k8s.io/v1"], Field(alias="apiVersion")]
    kind: Literal["AdmissionReview"]
    request: Admission


@router.post(
    ADMIT,
    summary="Kubernetes: may this workload change?",
    responses={200: {"description": "AdmissionReview with the decision and its reason."}},
)
def admit(server: Here, caller: Gates, review: Review) -> Response:
    """Asked only about a new or changed `spec.template`: scaling and restarting are no changes.

    Where a caller can set no header, the token may be the last part of the path.
    """
    request = review.request
    new, old = _template(request.object), _template(request.old)
    ships = request.operation == "CREATE" or (request.operation == "UPDATE" and new != old)
    if new is None or not ships or request.sub_resource:
        return _answer(request.uid)
    workload = Workload(request.namespace, request.object or {})
    if server.program.home.documents.name_for(workload.service) is None:
        return _answer(
            request.uid, warnings=[f"{workload.service} has no objective document: it is not gated"]
        )
    answer = _decided(server, caller, workload, new, dry_run=bool(request.dry_run))
    allowed = answer["decision"] == "allow"
    if allowed and not request.dry_run:
        _remember(server, workload, new, old)
    return _answer(
        request.uid,
        warnings=_warnings(answer, workload),
        annotations=_annotations(answer),
        denied="" if allowed else one_line(answer["reason"]),
    )


class Workload:
    """A Deployment, StatefulSet, DaemonSet or Rollout, and what it says that it is."""

    def __init__(self, namespace: str, told: Mapping[str, Any]) -> None:
        metadata = _part(told, "metadata")
        of_pods = _part(told, "spec", "template", "metadata")
        # The pods' own words come back when an older revision does.
        self._notes = {**_part(metadata, "annotations"), **_part(of_pods, "annotations")}
        self._labels = {**_part(metadata, "labels"), **_part(of_pods, "labels")}
        name = metadata.get("name") or metadata.get("generateName") or "unnamed"
        self.place = f"{namespace}/{told.get('kind', 'workload')}/{name}"
        self.service = self._said("service") or self._label("name") or str(name)
        self.revision = self._said("revision") or self._label("version")
        self.risk = self._said("risk")

    def _said(self, what: str) -> str:
        return str(self._notes.get(f"errorbudget/{what}") or "").strip()

    def _label(self, what: str) -> str:
        return str(self._labels.get(f"app.kubernetes.io/{what}") or "").strip()


def digest(template: Mapping[str, Any]) -> str:
    """SHA-256 of a template, whatever the order of its fields; hex."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _decided(
    server: Server,
    caller: Caller,
    workload: Workload,
    template: Mapping[str, Any],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    asking = Asking(
        service=workload.service,
        revision=workload.revision,
        otherwise=f"{workload.place} {digest(template)[:12]}",
        risk=workload.risk,
    )
    question = asked(server, caller, asking)
    if shown := server.deciding.ran_before(workload.service, digest(template)):
        question = replace(question, declared=RiskClass.ROLLBACK, shown=shown)
    return server.check(question, at=None, dry_run=dry_run)


def _remember(
    server: Server,
    workload: Workload,
    new: Mapping[str, Any],
    old: Mapping[str, Any] | None,
) -> None:
    where = workload.service, server.document(workload.service).environment
    templates, now = server.program.home.templates, clock.now()
    if old is not None:
        templates.replaced(*where, digest(old), now)
    templates.placed(*where, digest(new), now)


def _template(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the pods are made from, without the mark of a restart; None where there are none."""
    template = _part(told or {}, "spec").get("template")
    if not isinstance(template, dict):
        return None
    metadata = _part(template, "metadata")
    notes = {
        name: note for name, note in _part(metadata, "annotations").items() if name != _RESTARTED
    }
    without = {name: value for name, value in metadata.items() if name != "annotations"}
    return {**template, "metadata": without | ({"annotations": notes} if notes else {})}


def _part(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A part of an object that may be anything; empty where it is not there."""
    found: Any = told
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def _warnings(answer: Mapping[str, Any], workload: Workload) -> list[str]:
    found = list[str]()
    if not workload.revision:
        found.append(
            "the change is unidentified: annotate the pod template with errorbudget/revision"
        )
    if answer["would_have"] not in (None, "allow"):
        found.append(answer["reason"])
    if answer["decision"] == "needs_approval":
        found.append(f"`errorbudget gate status {workload.service}` tells what an approval needs")
    return [one_line(text)[:WARNING] for text in found]


def _annotations(answer: Mapping[str, Any]) -> dict[str, str]:
    told = {"decision": answer["decision"], "risk": answer["risk"]["class"]}
    return told | ({"entry": str(answer["entry"])} if answer["entry"] is not None else {})


def _answer(
    uid: str,
    *,
    warnings: list[str] | None = None,
    annotations: Mapping[str, str] | None = None,
    denied: str = "",
) -> Response:
    told: dict[str, Any] = {"uid": uid, "allowed": not denied}
    if denied:
        told["status"] = {"code": 403, "reason": "Forbidden", "message": denied}
    if warnings:
        told["warnings"] = warnings
    if annotations:
        told["auditAnnotations"] = annotations
    return as_json(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": told}
    )


class TokenInPath:
    """Moves a token that is the path's last part to where tokens are: a path ends up in logs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] == "http" and scope["path"].startswith(f"{ADMIT}/"):
            token = scope["path"].removeprefix(f"{ADMIT}/").encode("ascii", "replace")
            others = [one for one in scope["headers"] if one[0] != b"authorization"]
            headers = [*others, (b"authorization", b"Bearer " + token)]
            scope = {**scope, "path": ADMIT, "raw_path": ADMIT.encode(), "headers": headers}
        await self._app(scope, receive, send)
