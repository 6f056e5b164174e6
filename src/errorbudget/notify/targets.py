"""Where may messages go, under which names, and with which secrets?

targets:
  payments-oncall: {apprise: ["env:SLACK_URL", "env:PAGERDUTY_URL"]}
  cluster: {alertmanager: [http://alertmanager-0:9093, http://alertmanager-1:9093]}
  automation: {webhook: https://hooks.shop.example/budget, secret: file:/run/secrets/webhook}
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
)

from errorbudget.errors import Failure
from errorbudget.notify.channel import Channel
from errorbudget.notify.message import is_web

STRICT: Final = ConfigDict(extra="forbid", frozen=True)
REFERENCES: Final = ("env:", "file:")


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _hidden(value: Any) -> Any:
    """The same with every text hidden, so that no error about it can repeat a token."""
    match value:
        case str():
            return SecretStr(value)
        case list():
            return [_hidden(one) for one in value]
        case dict():
            return {name: _hidden(one) for name, one in value.items()}
        case _:
            return value


def _web(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.startswith((*REFERENCES, "http://", "https://")):
        raise ValueError("write an address that starts with http:// or https://, or env:, file:")
    return secret


Secret = Annotated[SecretStr, Field(min_length=1)]
"""Text that is never shown; `env:NAME` and `file:PATH` say where it is kept."""

Address = Annotated[Secret, AfterValidator(_web)]
"""A web address, or where it is kept: many hold a token."""


class AlertmanagerTarget(BaseModel):
    """All Alertmanagers of one cluster."""

    model_config = STRICT
    alertmanager: Annotated[list[Address], BeforeValidator(_listed), Field(min_length=1)]


class AppriseTarget(BaseModel):
    """Services that Apprise knows; each URL is delivered to on its own."""

    model_config = STRICT
    apprise: Annotated[list[Secret], BeforeValidator(_listed), Field(min_length=1)]


class WebhookTarget(BaseModel):
    """A program that takes signed CloudEvents."""

    model_config = STRICT
    webhook: Address
    secret: Secret


def _form(value: Any) -> str | None:
    """Which of the three a target is, by the one key that says so."""
    if isinstance(value, BaseModel):
        return type(value).__name__.removesuffix("Target").lower()
    forms = {"alertmanager", "apprise", "webhook"} & set(value if isinstance(value, dict) else ())
    return forms.pop() if len(forms) == 1 else None


Target = Annotated[
    Annotated[AlertmanagerTarget, Tag("alertmanager")]
    | Annotated[AppriseTarget, Tag("apprise")]
    | Annotated[WebhookTarget, Tag("webhook")],
    Discriminator(
        _form,
        custom_error_type="target",
        custom_error_message="write exactly one of `alertmanager`, `apprise` or `webhook`",
    ),
    BeforeValidator(_hidden),
]
"""A field of this type reads any of the three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Every channel by its address, and the addresses behind each target's name."""

    channels: Mapping[str, Channel]
    by_name: Mapping[str, tuple[str, ...]]

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The addresses of these targets, each once. Raises Failure for a name nobody gave."""
        unknown = [name for name in names if name not in self.by_name]
        if unknown:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise Failure(
                f"no notification target is called {', '.join(unknown)}",
                f"Targets are named in the server's configuration; there: {known}.",
            )
        return tuple(dict.fromkeys(one for name in names for one in self.by_name[name]))

    def close(self) -> None:
        """Let go of connections."""
        for channel in self.channels.values():
            channel.close()


def open_targets(
    targets: Mapping[str, AlertmanagerTarget | AppriseTarget | WebhookTarget],
    *,
    source: str,
    folder: Path,
) -> Addresses:
    """The channels of these targets. Raises Failure naming the target that cannot be used.

    `source` names this installation in CloudEvents; `file:` paths start from `folder`.
    """
    by_name: dict[str, tuple[str, ...]] = {}
    channels: dict[str, Channel] = {}
    for name, target in targets.items():
        try:
            opened = list(_channels(target, source, partial(reveal, folder=folder)))
        except Failure as failure:
            raise Failure(f"targets.{name}: {failure.lines[0]}", *failure.lines[1:]) from failure
        # The first goes by the target's name, the others by their place in its list.
        by_name[name] = (name, *(f"{name}/{place}" for place in range(2, len(opened) + 1)))
        channels |= dict(zip(by_name[name], opened, strict=True))
    return Addresses(channels=channels, by_name=by_name)


def reveal(secret: SecretStr, folder: Path) -> str:
    """The secret itself, from where it is kept. Raises Failure where nothing is."""
    text = secret.get_secret_value()
    if text.startswith("env:"):
        name = text.removeprefix("env:")
        found = os.environ.get(name, "").strip()
        where = f"the environment variable {name}"
    elif text.startswith("file:"):
        where = text.removeprefix("file:")
        found = _file_text(folder / where)
    else:
        return text
    if not found:
        raise Failure(f"{where} is empty or not set")
    return found


def _file_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as cause:
        raise Failure(f"{file}: cannot be read: {cause.strerror}") from cause
    except UnicodeDecodeError as cause:
        raise Failure(f"{file}: is not text") from cause


def _channels(
    target: AlertmanagerTarget | AppriseTarget | WebhookTarget, source: str, told: Any
) -> Iterator[Channel]:
    # Each channel brings a library along; only what is used is loaded.
    match target:
        case AlertmanagerTarget():
            from errorbudget.notify.alertmanager import Alertmanager

            yield Alertmanager(urls=[_usable(told(url)) for url in target.alertmanager])
        case AppriseTarget():
            from errorbudget.notify.apprise import Apprise

            for url in target.apprise:
                yield Apprise(url=told(url))
        case WebhookTarget():
            from errorbudget.notify.webhook import Webhook

            url, secret = _usable(told(target.webhook)), told(target.secret)
            yield Webhook(url=url, secret=secret, source=source)


def _usable(url: str) -> str:
    """The address, if it has a host. Raises Failure without showing it."""
    import httpx2

    try:
        usable = is_web(url) and bool(httpx2.URL(url).host)
    except httpx2.InvalidURL:
        usable = False
    if not usable:
        raise Failure("write an address as in https://hooks.shop.example/budget")
    return url
