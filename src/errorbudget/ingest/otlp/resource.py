"""Who sent it? What a resource says of every span and log record below it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from errorbudget.ingest.otlp.settings import Conventions
from errorbudget.ingest.otlp.values import Attributes

NO_SERVICE: Final = "unknown_service"
"""What the specification calls a service that does not give its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The service that a resource stands for."""

    service: str
    version: str
    region: str
    environment: str
    tenant: str
    kept: Mapping[str, str]
    """Attributes that every record of it keeps."""


NOBODY: Final = Sender(
    service=NO_SERVICE, version="", region="", environment="", tenant="", kept={}
)
"""Whoever did not say."""


def sender(raw: bytes, attributes: Attributes, conventions: Conventions) -> Sender:
    """The service that a resource describes. Raises DecodeError."""
    resource = Resource.FromString(raw)
    named = attributes.texts(each.SerializeToString() for each in resource.attributes)
    return Sender(
        service=named.get("service.name") or NO_SERVICE,
        version=named.get("service.version", ""),
        region=named.get("cloud.region", ""),
        environment=first(named, ("deployment.environment.name", "deployment.environment")),
        tenant=first(named, conventions.tenant),
        kept={name: named[name] for name in conventions.resource if name in named},
    )


def first(attributes: Mapping[str, str], names: Iterable[str]) -> str:
    """The first of these attributes that says anything."""
    for name in names:
        text = attributes.get(name)
        if text:
            return text
    return ""
