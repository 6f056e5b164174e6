"""Writes the reference pages from the code; with --check it only says which are stale (exit 1)."""

import ast
import asyncio
import inspect
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast, get_args

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from errorbudget.cli.main import application as command_line
from errorbudget.mcp.reach import Way
from errorbudget.mcp.server import serving
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.configuration import Configuration
from errorbudget.program.program import Program
from errorbudget.web import metrics
from errorbudget.web.access import OWNER
from errorbudget.web.application import application
from errorbudget.web.server import Server
from words import BY_END, PARAMETERS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
HEAD = "<!-- Written by `make docs` from the code. Change it there. -->\n\n"


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Program.open(Path(folder) / "home", create=True) as program,
    ):
        server = Server(program, Configuration(), "")
        told = {
            "cli.md": _cli(),
            "configuration.md": _configuration(),
            "document.md": _document(),
            "api.md": _api(application(server).openapi()),
            "metrics.md": _metrics(server),
            "tools.md": _tools(),
        }
    return {name: HEAD + text.rstrip() + "\n" for name, text in told.items()}


def _cli() -> str:
    root = typer.main.get_command(command_line())
    lines = [
        "# Commands",
        "",
        "`--json` prints one JSON document; `--at` takes a moment (RFC 3339). Exit codes: 0 done or"
        " permitted, 1 a crash, 2 a mistake in the call or a document, 3 needs an approval,"
        " 4 blocked or does not verify, 5 the budget is unknown and the policy says no.",
        "",
        *_table(("variable", "is"), _VARIABLES),
    ]
    for path, command in _commands("errorbudget", root):
        lines += ["", f"## `{path}`", "", *_command(path, command)]
    return "\n".join(lines)


_VARIABLES = (
    ("`ERRORBUDGET_HOME`", "the folder with everything; `./.errorbudget` if unset"),
    ("`ERRORBUDGET_URL`", "a server to talk to, instead of opening the home"),
    ("`ERRORBUDGET_TOKEN`", "the token for it"),
    (
        "`ERRORBUDGET_STORE`",
        "a PostgreSQL for the records, `postgresql://USER:PASSWORD@HOST/DATABASE`;"
        " the home's own file if unset",
    ),
    ("`ERRORBUDGET_CONFIG`", "the configuration of the server, and of `ingest` what it redacts"),
    (
        "`ERRORBUDGET_CACHE`",
        "where the gate keeps signed copies for when the server does not answer",
    ),
)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, groups opened."""
    for name, one in sorted(getattr(command, "commands", {}).items()):
        if hasattr(one, "commands"):
            yield from _commands(f"{path} {name}", one)
        else:
            yield f"{path} {name}", one


def _command(path: str, command: Any) -> Iterator[str]:
    yield _one_line(command.help or "")
    given = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    names = " ".join(one.metavar or f"{one.name or ''}".upper() for one in given)
    yield ""
    yield f"    {path} {names}".rstrip() + (" [options]" if options else "")
    rows = [
        (
            ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts)) + _value(one),
            _one_line(one.help or ""),
        )
        for one in options
        if "--help" not in one.opts
    ]
    if rows:
        yield ""
        yield from _table(("option", "is"), rows)


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    required = ", required" if option.required else ""
    shown = option.default if isinstance(option.default, str | int | float) else None
    default = f", {shown} if unset" if shown not in (None, "") else ""
    return f" {option.metavar or option.name.upper()}{required}{default}"


def _configuration() -> str:
    lines = [
        "# Configuration",
        "",
        "What `errorbudget serve --config FILE` reads, or the file that `ERRORBUDGET_CONFIG` names."
        " A name that is not here is an error. Secrets are written as `env:NAME` or `file:PATH`."
        " SIGHUP reads the file again and applies its documents; other settings hold from the next"
        " start.",
        "",
        *_fields(Configuration),
        "",
        "## All of it, with its defaults",
        "",
        "```yaml",
        (ROOT / "deploy" / "errorbudget.yaml").read_text().rstrip(),
        "```",
    ]
    return "\n".join(lines)


def _document() -> str:
    lines = [
        "# The objective document",
        "",
        "One document says what a service promised. Unknown fields are errors with their line."
        " `errorbudget objective check` reads it, `errorbudget objective test` judges its"
        " examples.",
        "",
        *_fields(ObjectiveDocument),
        "",
        "## An example",
        "",
        "```yaml",
        (ROOT / "examples" / "checkout.yaml").read_text().rstrip(),
        "```",
    ]
    return "\n".join(lines)


def _fields(model: type[BaseModel]) -> list[str]:
    """A table of the fields of a model and of those within, by the path people write."""
    return _table(("field", "if unset", "is"), _rows(model, ""))


def _rows(model: type[BaseModel], above: str) -> Iterator[tuple[str, str, str]]:
    said = _docstrings(model)
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        inner = list(dict.fromkeys(_models(field.annotation)))
        words = field.description or said.get(name) or BY_END.get(path)
        text = words or (_first(inner[0]) if inner else "")
        yield f"`{path}`", _default(field), _one_line(text)
        many = _holds_many(field.annotation)
        for one in inner:
            yield from _rows(
                one,
                f"{path}.{'NAME.' if many is dict else ''}" if many is not list else f"{path}[].",
            )


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _holds_many(annotation: Any) -> type | None:
    text = str(annotation)
    if "dict[" in text.split("errorbudget")[0] or text.startswith("dict"):
        return dict
    return list if text.startswith(("tuple", "list", "typing.Annotated[tuple")) else None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value == "" or value in ((), [], {}):
        return "–"
    if isinstance(value, BaseModel):
        return "as below"
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, int) and value and not value % 2**20:
        return f"{value // 2**20}MiB"
    if isinstance(value, frozenset):
        value = sorted(map(str, cast(frozenset[Any], value)))
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_plain, cast(Iterable[Any], value))) + "]"
    return str(value)


def _span(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and not seconds % size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands below the fields of a model, those it inherits too."""
    found = dict[str, str]()
    for one in reversed(model.__mro__):
        if one.__module__.startswith("errorbudget"):
            found |= _below(one)
    return found


def _below(model: type) -> Iterator[tuple[str, str]] | dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    body = cast(ast.ClassDef, tree).body
    return {
        field.target.id: str(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _first(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n\n")[0]


def _api(told: Mapping[str, Any]) -> str:
    lines = [
        "# HTTP API",
        "",
        "Answers are the JSON of the commands. Bearer tokens have the scopes `ingest`, `read`,"
        " `gate`, `approve`, `admin`; none is needed from this machine while there is no token."
        ' Failures are `{"error": {"kind", "lines"}}`. The whole contract, bodies included, is at'
        " `/api/v1/openapi.json`.",
    ]
    groups = dict[str, list[str]]()
    for path, methods in sorted(told["paths"].items()):
        for method, one in methods.items():
            group = groups.setdefault((one.get("tags") or ["other"])[0], [])
            group += ["", f"### `{method.upper()} {path}`", "", *_endpoint(one)]
    for tag, endpoints in sorted(groups.items()):
        lines += ["", f"## {tag.capitalize()}", *endpoints]
    return "\n".join(lines)


def _endpoint(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one.get('summary', '')}. {_one_line(one.get('description', ''))}".strip()
    rows = [
        (
            f"`{each['name']}`",
            "required" if each.get("required") else "",
            _one_line(each.get("description") or PARAMETERS.get(each["name"], "")),
        )
        for each in one.get("parameters", [])
    ]
    if rows:
        yield ""
        yield from _table(("parameter", "", "is"), rows)
    good = one["responses"].get("200", {}).get("description", "")
    yield ""
    yield f"Answers: {_one_line(good)}"


def _metrics(server: Server) -> str:
    families = [
        *metrics._budgets(server, OWNER),  # pyright: ignore[reportPrivateUsage]
        *metrics._burns(server, OWNER),  # pyright: ignore[reportPrivateUsage]
        *metrics._own(server),  # pyright: ignore[reportPrivateUsage]
    ]
    rows = [
        (f"`{one.name}{'_total' if one.kind == 'counter' else ''}`", one.kind, one.words)
        for one in families
    ]
    lines = [
        "# Metrics",
        "",
        "`/metrics` speaks OpenMetrics, from memory. Those of a budget carry `service` and"
        " `objective`; what is unknown is left out, never 0. A dashboard over them is in"
        " [deploy/grafana](../../deploy/grafana/errorbudget.json).",
        "",
        *_table(("name", "type", "is"), rows),
    ]
    return "\n".join(lines)


def _tools() -> str:
    server = serving(cast(Way, None))
    lines = [
        "# Tools for assistants",
        "",
        "What `errorbudget mcp` offers ([how to](../how-to/assistants.md)). Each answers `answer`"
        ' (lines), `data` (with `detail="full"`), `page` and `more`. Text between ⟦ and ⟧ is of'
        " others.",
    ]
    for tool in asyncio.run(server.list_tools()):
        lines += ["", f"## `{tool.name}`", "", _one_line(tool.description or ""), ""]
        wanted = tool.input_schema.get("required", [])
        rows = [
            (
                f"`{name}`",
                "required" if name in wanted else f"`{one.get('default')!r}`",
                _one_line(one.get("description", "")),
            )
            for name, one in tool.input_schema["properties"].items()
        ]
        lines += _table(("argument", "if unset", "is"), rows)
    templates = asyncio.run(server.list_resource_templates())
    rows = [(f"`{one.uri_template}`", _one_line(one.description or "")) for one in templates]
    lines += ["", "## Resources", "", *_table(("address", "is"), rows)]
    prompts = asyncio.run(server.list_prompts())
    told = [(f"`{one.name}`", _one_line(one.description or "")) for one in prompts]
    lines += ["", "## Prompts", "", *_table(("prompt", "is"), told)]
    return "\n".join(lines)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    told = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in told]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> int:
    """Write the pages, or say which are stale."""
    stale = [
        name
        for name, text in pages().items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text() != text
    ]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/reference/{name} is not what the code says: run `make docs`\n")
        return int(bool(stale))
    for name in stale:
        (FOLDER / name).write_text(pages()[name])
        sys.stderr.write(f"written: docs/reference/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
