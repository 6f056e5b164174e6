"""What may an operator set? One YAML file, read strictly; everything has a default.

An annotated example is deploy/errorbudget.yaml.
"""

import os
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from errorbudget.errors import Failure, Kind
from errorbudget.ingest.redaction import Column, Treatment, compiled
from errorbudget.notify.heartbeat import LONGEST
from errorbudget.notify.targets import Address, AppriseTarget, Secret, Target
from errorbudget.program.asked import AskedSource, Embedded
from errorbudget.program.quantities import Bytes, Span
from errorbudget.source.sources import EMBEDDED

STRICT: Final = ConfigDict(extra="forbid", frozen=True)
LEAST_MEMORY: Final = 128 * 2**20
"""Bytes: with half of it what arrives in a second of full load can no longer be stored."""


def _enough_to_load(memory: int) -> int:
    if memory < LEAST_MEMORY:
        raise ValueError(
            f"{memory >> 20}MiB cannot hold what is loaded at once; write 128MiB or more"
        )
    return memory


class Receiving(BaseModel):
    """What is taken from senders, and how far each may go."""

    model_config = STRICT
    body: Bytes = 16 * 2**20
    """Of a posted body, as sent and unzipped."""
    file: Bytes = 8 * 2**30
    """Of a file sent by `errorbudget ingest`."""
    at_once: Bytes = 128 * 2**20
    """Of all bodies that are being read; beyond, senders are told to come again."""
    unloaded: Bytes = 256 * 2**20
    """Acknowledged and not yet in the warehouse; beyond, senders are told to come again."""
    spare: Bytes = 64 * 2**20
    """Left free on the disk."""
    ahead: Span = timedelta(minutes=15)
    """How far a sender's clock may be ahead."""
    late: Span = timedelta(days=3)
    """How old OpenTelemetry records may be."""
    oldest: Span = timedelta(days=400)
    """How old requests posted as NDJSON may be."""
    attributes: Annotated[int, Field(gt=0, le=1024)] = 128
    """Of one record."""
    tenant: tuple[str, ...] = ()
    """Attributes that name the tenant, before those that are known."""
    request_id: tuple[str, ...] = ()
    """Attributes of a log record that tie it to its request, before the trace id."""


class Redact(BaseModel):
    """Texts that must not be stored as they are sent."""

    model_config = STRICT
    columns: tuple[Column, ...] = ()
    attributes: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Names; `*` stands for any characters."""
    matching: str = ""
    """A regular expression for the part of a text that is meant; empty for all of it."""
    treatment: Annotated[Treatment, Field(alias="with")]

    @field_validator("matching")
    @classmethod
    def _is_a_pattern(cls, matching: str) -> str:
        if matching:
            compiled(matching)
        return matching

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if not (self.columns or self.attributes):
            raise ValueError("write which: `columns` or `attributes`")
        return self


class Watching(BaseModel):
    """How often the server looks."""

    model_config = STRICT
    every: Span = timedelta(seconds=2)
    """Between two evaluations of every budget."""
    load: Span = timedelta(seconds=1)
    """Between two loads of what was acknowledged."""


class Retaining(BaseModel):
    """How long what was received is kept; counts are kept for good."""

    model_config = STRICT
    requests: Annotated[Span, Field(ge=timedelta(days=1))] | None = None
    """All of them where unset."""
    logs: Annotated[Span, Field(ge=timedelta(days=1))] | None = None
    """The texts of log records: never longer than the requests they speak of."""


class Signing(BaseModel):
    """Where the keys of those who sign are; beside the home's own records where unset."""

    model_config = STRICT
    allowed: str | None = None
    """An allowed signers file, as in ssh-keygen(1)."""
    revoked: str | None = None
    """Keys that count no longer."""


class Beating(BaseModel):
    """Who hears that somebody is watching."""

    model_config = STRICT
    targets: tuple[str, ...] = ()
    """Names of targets: Alertmanagers and webhooks."""
    url: Address | None = None
    """An address that is posted to."""
    every: Annotated[Span, Field(le=LONGEST)] = timedelta(minutes=1)


class AtGitHub(BaseModel):
    """A GitHub app whose deployments wait for the gate."""

    model_config = STRICT
    app: Annotated[int | str, Field(description="Its id, or its client id.")]
    key: Secret
    """Its private key, PEM."""
    secret: Secret
    """That of its webhook."""
    api: str = "https://api.github.com"
    repositories: dict[str, tuple[str, ...]]
    """The services of each, by owner/name."""


def _issuer(address: str) -> str:
    """Whose word is taken must not be what anybody between could say."""
    _openid_issuer(address)
    if address.endswith("/"):
        raise ValueError("leave the slash at the end out, as its tokens do")
    return address


def _openid_issuer(address: str) -> str:
    """The same for a provider that people sign in at, some of which end theirs with a slash."""
    if not is_secure(address):
        raise ValueError("write the issuer as its tokens do, as in https://gitlab.com")
    return address


def _own_address(address: str) -> str:
    if not is_secure(address) or urlsplit(address).path:
        raise ValueError(
            "write what people type, without a path, as in https://errorbudget.shop.example"
            " (http only for this machine)"
        )
    return address


IssuerAddress = Annotated[str, AfterValidator(_issuer)]


class Identifying(BaseModel):
    """Who signs tokens of pipelines, and for whom they must be made."""

    model_config = STRICT
    audience: Annotated[str, Field(min_length=1)]
    """What the tokens' `aud` must be: an address of this server, say."""
    github: IssuerAddress | None = None
    gitlab: IssuerAddress | None = None

    @property
    def issuers(self) -> dict[str, str]:
        """The issuers by platform."""
        both = {"github": self.github, "gitlab": self.gitlab}
        return {platform: address for platform, address in both.items() if address}

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        if not self.issuers:
            raise ValueError("write which: `github` or `gitlab`")
        if self.github == self.gitlab:
            raise ValueError("github and gitlab have the same issuer; keep one of them")
        return self


class SigningIn(BaseModel):
    """An OpenID provider at which people sign in to the pages, and what that lets them do."""

    model_config = STRICT
    issuer: Annotated[str, AfterValidator(_openid_issuer)]
    """As its tokens write it, a slash at the end included."""
    client: Annotated[str, Field(min_length=1)]
    """The id under which the provider knows this server."""
    secret: Secret
    """The client's."""
    address: Annotated[str, AfterValidator(_own_address)]
    """Where people open this server; the provider sends them back to `/signin/callback` there."""
    admits: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    """Who may come in, by name; `*` stands for any characters. Many providers know everybody."""
    person: Annotated[str, Field(min_length=1)] = "email"
    """The claim that names a person, as documents do under `owners`; an email must be verified."""
    scopes: tuple[Literal["read", "gate", "approve"], ...] = ("read",)
    """What everybody who came in may do; an approval counts by the document's roles besides."""


class Securing(BaseModel):
    """Where to listen with TLS, beside the plain address that this machine's commands use."""

    model_config = STRICT
    listen: str = "127.0.0.1:8743"
    certificate: Annotated[str, Field(min_length=1)]
    """A PEM file: the certificate, then its chain. Read again on SIGHUP."""
    key: Annotated[str, Field(min_length=1)]
    """A PEM file."""

    @field_validator("listen")
    @classmethod
    def _has_a_port(cls, listen: str) -> str:
        split(listen)
        return listen


class Configuration(BaseModel):
    """Everything that can be set."""

    model_config = STRICT
    listen: str = "127.0.0.1:8700"
    """Where to listen; wider than loopback only when there are tokens."""
    tls: Securing | None = None
    memory: Annotated[Bytes, AfterValidator(_enough_to_load)] = 256 * 2**20
    """Of the server's warehouse, which keeps what it once read until it needs the room; questions
    about more use the disk."""
    documents: tuple[str, ...] = ()
    """Files or patterns of objective documents, applied at start and on SIGHUP."""
    receive: Receiving = Receiving()
    sources: dict[str, AskedSource] = Field(default_factory=dict[str, AskedSource])
    """What else holds requests, by the names that documents use under `requests.source`."""
    redact: tuple[Redact, ...] = ()
    """What is dropped, hashed or masked before it is stored."""
    watch: Watching = Watching()
    retain: Retaining = Retaining()
    """How long requests and log records are kept."""
    signers: Signing = Signing()
    targets: dict[str, Target] = Field(default_factory=dict[str, Target])
    """Whom messages go to, by the names that documents use under `notify`."""

    github: AtGitHub | None = None
    heartbeat: Beating = Beating()
    identity: Identifying | None = None
    """Pipelines whose platform's tokens are taken; None: no platform's."""
    sign_in: SigningIn | None = None
    """Where people sign in to the pages; None: with tokens only."""
    measure_itself: bool = False
    """Whether the server's own calls are requests of a service `errorbudget`."""

    @property
    def embedded(self) -> dict[str, bool]:
        """The sources by name, and whether each is the embedded warehouse."""
        return {name: isinstance(one, Embedded) for name, one in self.sources.items()}

    @property
    def listens(self) -> tuple[str, ...]:
        """Every address that is listened on."""
        return (self.listen, self.tls.listen) if self.tls else (self.listen,)

    @model_validator(mode="after")
    def _beats_for_somebody_that_can_miss_it(self) -> Self:
        for name in self.heartbeat.targets:
            if name not in self.targets:
                raise ValueError(f"heartbeat.targets: no target is called {name}")
            if isinstance(self.targets[name], AppriseTarget):
                raise ValueError(
                    f"heartbeat.targets: {name} is a chat or a pager, which misses nothing;"
                    " write an Alertmanager, a webhook, or heartbeat.url"
                )
        return self

    @field_validator("sources")
    @classmethod
    def _leave_the_embedded_one_its_name(
        cls, sources: dict[str, AskedSource]
    ) -> dict[str, AskedSource]:
        if EMBEDDED in sources:
            raise ValueError(f"{EMBEDDED} is the embedded source; name yours otherwise")
        return sources

    @field_validator("listen")
    @classmethod
    def _has_a_port(cls, listen: str) -> str:
        split(listen)
        return listen


def split(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`. Raises ValueError."""
    host, colon, port = listen.rpartition(":")
    if not (colon and host and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"{listen!r} is no address; write HOST:PORT, as in 127.0.0.1:8700")
    return host.strip("[]"), int(port)


def is_secure(address: str) -> bool:
    """Whether nobody between can read or change what is said there; this machine's own may."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    plain = not (parts.username or parts.query or parts.fragment)
    return bool(safe and parts.hostname and plain)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Settings = TypeVar("Settings", bound=BaseModel)


def read(file: Path) -> Configuration:
    """The configuration in a file. Raises Failure naming each field that is wrong."""
    return read_as(Configuration, file, "see deploy/errorbudget.yaml")


def read_as(model: type[Settings], file: Path, see: str) -> Settings:
    """The settings in a file, `see` being where they are explained. Raises Failure likewise."""
    told = _parsed(file)
    try:
        return model.model_validate(told)
    except ValidationError as invalid:
        # The values stay out of the message: some are secrets.
        raise ConfigurationInvalid(
            *(
                f"{file}: {'.'.join(str(part) for part in error['loc']) or 'the file'}: "
                f"{_worded(error['type'], error['msg'], model, see)}"
                for error in invalid.errors(include_input=False, include_url=False)
            )
        ) from None


def from_environment() -> Configuration:
    """The configuration that ERRORBUDGET_CONFIG names; the defaults where it is not set."""
    named = os.environ.get("ERRORBUDGET_CONFIG", "")
    return read(Path(named)) if named else Configuration()


def sources_from_environment() -> tuple[str, ...] | None:
    """What sources there are beside the embedded one; None without ERRORBUDGET_CONFIG."""
    is_set = bool(os.environ.get("ERRORBUDGET_CONFIG"))
    return tuple(from_environment().sources) if is_set else None


def with_listen(given: Configuration, listen: str) -> Configuration:
    """The same, listening elsewhere. Raises Failure."""
    try:
        split(listen)
    except ValueError as cause:
        raise Failure(f"--listen: {cause}") from cause
    return given.model_copy(update={"listen": listen})


def _parsed(file: Path) -> Any:
    from ruamel.yaml import YAML, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError) as cause:
        raise Failure(f"{file}: cannot be read: {cause}") from cause
    except YAMLError as cause:
        raise ConfigurationInvalid(f"{file}: {' '.join(str(cause).split())}") from cause


def _worded(kind: str, message: str, model: type[BaseModel], see: str) -> str:
    if kind == "extra_forbidden":
        return f"is no setting; {see} (at the top: {', '.join(model.model_fields)})"
    return message.removeprefix("Value error, ")


class ConfigurationInvalid(Failure):
    """One line a problem of the configuration file."""

    kind = Kind.DOCUMENT
