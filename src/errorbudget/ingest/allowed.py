"""Of whom may a sender tell?"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The services and environments that a sender may tell of; empty is all."""

    services: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()

    def objection(self, service: str, environment: str) -> str:
        """Why a request is not taken from this sender; empty when it is."""
        if self.services and service not in self.services:
            return f"the sender's token is not for service {service!r}"
        if self.environments and environment not in self.environments:
            return f"the sender's token is not for environment {environment!r}"
        return ""


EVERYBODY: Final = Allowed()
