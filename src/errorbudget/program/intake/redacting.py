"""How do the rules of a configuration become what the ways in apply?"""

import os
import secrets
from collections.abc import Sequence

from errorbudget.ingest.otlp.settings import Conventions
from errorbudget.ingest.redaction import NOTHING, Redaction, Rule
from errorbudget.program.configuration import Configuration, Redact, from_environment
from errorbudget.store.home import Home


def redaction(home: Home, configuration: Configuration) -> Redaction:
    """The rules, with the home's own key for hashes; the key is made when first needed."""
    if not configuration.redact:
        return NOTHING
    tenants = (*configuration.receive.tenant, *Conventions().tenant)
    return Redaction(tuple(_rule(one, tenants) for one in configuration.redact), _key(home))


def of_environment(home: Home) -> Redaction:
    """What ERRORBUDGET_CONFIG asks for, also of commands that open the home. Raises Failure."""
    return redaction(home, from_environment())


def _rule(one: Redact, tenants: Sequence[str]) -> Rule:
    # Whoever hides the tenant means the attributes as well that the tenant is read from.
    more = tenants if "tenant" in one.columns else ()
    return Rule(
        columns=one.columns,
        attributes=(*one.attributes, *more),
        matching=one.matching,
        treatment=one.treatment,
    )


def _key(home: Home) -> str:
    file = home.path / "redaction.key"
    if not file.exists():
        half = file.with_suffix(".new")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
    return file.read_text(encoding="ascii").strip()
