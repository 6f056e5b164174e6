"""How far a sender may go, and which attributes are read for what depends on the team."""

from dataclasses import dataclass, field
from datetime import timedelta

from errorbudget.ingest.redaction import NOTHING, Redaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a body is read: too large it is refused, what is beyond the other limits is cut."""

    body_bytes: int = 16 * 2**20
    """Of a body, before and after it is unzipped."""
    attributes: int = 128
    """Kept of one record; OpenTelemetry SDKs have the same limit."""
    depth: int = 8
    """Levels kept of arrays and maps inside one attribute or log body."""
    text: int = 4_096
    """Characters kept of one attribute."""
    message: int = 32_768
    """Characters kept of a log record's body."""
    ahead: timedelta = timedelta(minutes=15)
    """How far in the future a time is believed; a record beyond is set aside."""
    behind: timedelta = timedelta(days=3)
    """How old a record may be; an older one is set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Attribute names that no convention settles, in order of preference."""

    tenant: tuple[str, ...] = ("tenant.id", "tenant", "enduser.tenant", "customer.id", "enduser.id")
    """Looked for in the record first, then in its resource."""
    request_id: tuple[str, ...] = ()
    """What ties a log record to its request where that is not the trace id."""
    template: tuple[str, ...] = (
        "log.record.template",
        "log.template",
        "message_template.text",
        "{OriginalFormat}",
    )
    """What a log message was made from."""
    resource: tuple[str, ...] = (
        "service.namespace",
        "service.instance.id",
        "host.name",
        "cloud.availability_zone",
        "k8s.cluster.name",
        "k8s.namespace.name",
        "k8s.deployment.name",
        "k8s.node.name",
        "k8s.pod.name",
    )
    """Attributes of the resource that every request keeps."""
    ignored: frozenset[str] = frozenset(
        (
            # What a column says in full.
            "http.method",
            "http.request.method",
            "http.response.status_code",
            "http.route",
            "http.status_code",
            # How it was transported, not how it went.
            "client.port",
            "code.function.name",
            "code.line.number",
            "http.flavor",
            "http.scheme",
            "net.host.port",
            "net.peer.port",
            "net.sock.peer.port",
            "network.peer.port",
            "network.protocol.name",
            "network.protocol.version",
            "network.transport",
            "network.type",
            "server.port",
            "thread.id",
            "thread.name",
            "url.scheme",
        )
    )
    """Attributes of a span that are not kept beside its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How OpenTelemetry is received."""

    limits: Limits = field(default_factory=Limits)
    conventions: Conventions = field(default_factory=Conventions)
    redaction: Redaction = NOTHING
