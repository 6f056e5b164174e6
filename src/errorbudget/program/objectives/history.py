"""Which versions of a document were there, who signed them, and what did each judge?"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.store.documents import Version
from errorbudget.store.home import Home


class History:
    """The past of objective documents."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def of(self, service: str) -> dict[str, Any]:
        """Every version of a service's document, oldest first, by its or the document's name.

        Raises Failure for a service nobody knows.
        """
        documents = self._home.documents
        name = documents.name_for(service) or service
        states = defaultdict[str, list[Version]](list)
        for state in documents.history(name):
            states[state.digest].append(state)
        if not states:
            known = ", ".join(documents.names()) or "none yet"
            raise Failure(f"{service}: no objective document speaks for it (there are: {known})")
        judged = self._decisions(frozenset(states))
        in_force = documents.in_force(name)
        return {
            "service": name,
            "versions": [
                self._version(digest, went, in_force) | _ruled(judged[digest], went)
                for digest, went in states.items()
            ],
        }

    def _version(
        self, digest: str, went: Sequence[Version], in_force: Version | None
    ) -> dict[str, Any]:
        bound = any(one.state == "binding" for one in went)
        state = "replaced" if bound else "unsigned"
        return {
            "digest": digest,
            "state": "binding" if in_force and in_force.digest == digest else state,
            "states": [{"state": one.state, "since": clock.text(one.since)} for one in went],
            "signatures": [
                {
                    "role": one.role,
                    "principal": one.principal,
                    "key": one.key,
                    "at": clock.text(one.given_at),
                }
                for one in self._home.signings.of(digest)
            ],
        }

    def _decisions(self, digests: frozenset[str]) -> dict[str, list[dict[str, Any]]]:
        """What was decided by each version, oldest first, as the audit trail has it."""
        found = {digest: list[dict[str, Any]]() for digest in digests}
        for entry in self._home.trail.entries():
            fields = entry.fields()
            body = fields["body"]
            if fields["kind"] == "decision" and body.get("policy") in digests:
                found[body["policy"]].append(
                    {
                        "entry": entry.seq,
                        "at": fields["at"],
                        "service": body["service"],
                        "change": body["change"],
                        "decision": body["decision"]["decision"],
                    }
                )
        return found


def _ruled(judged: Sequence[dict[str, Any]], went: Sequence[Version]) -> dict[str, Any]:
    """What a version decided since it was in force; before, the gate only said what it would."""
    bound = [one.since for one in went if one.state == "binding"]
    ruled = [one for one in judged if bound and clock.parse(one["at"]) >= min(bound)]
    return {"decisions": ruled, "advised": len(judged) - len(ruled)}
