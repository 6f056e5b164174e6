#!/usr/bin/env python3
"""Asks the gate in a job of GitHub Actions: outputs, summary, annotation, and the exit code kept.

Nothing but Python's standard library and the `errorbudget` command, which is installed if missing.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

USAGE = 2
OPTIONS = {"CHANGE": "--change", "DIFF": "--diff", "RISK": "--risk", "ADVISORY": "--advisory"}


def main():
    """Ask; the exit code of `errorbudget gate check`, or 2 for an input that is missing."""
    missing = [
        name
        for name, value in (
            ("service", given("SERVICE")),
            ("change", given("CHANGE")),
            ("url", os.environ.get("ERRORBUDGET_URL", "")),
        )
        if not value.strip()
    ]
    if missing:
        # `required: true` raises nothing by itself.
        annotate("error", "gate: input missing", f"write `with: {{{missing[0]}: …}}`")
        return USAGE
    ran = asked()
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        why = " ".join(ran.stderr.split()) or f"errorbudget ended with {ran.returncode}"
        annotate("error", f"gate: no decision on {given('SERVICE')}", why)
        put_outputs({"decision": "", "reason": why, "exit_code": str(ran.returncode)})
        return ran.returncode or 1
    sys.stderr.write(ran.stderr)
    tell(answer, ran.returncode)
    return ran.returncode


def given(name):
    """An input."""
    return os.environ.get(f"GATE_{name}", "")


def asked():
    """The run of `errorbudget gate check`."""
    options = [f"{flag}={given(name)}" for name, flag in OPTIONS.items() if given(name)]
    command = [program(), "gate", "check", *options, "--json", "--", given("SERVICE")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def program():
    """Where the command is."""
    if found := shutil.which("errorbudget"):
        return found
    version = given("VERSION")
    if version and not re.fullmatch(r"[0-9A-Za-z.+!-]+", version):
        annotate("error", "gate: version", f"{version!r} is no version; write it as 1.2.0")
        sys.exit(USAGE)
    wanted = f"errorbudget=={version}" if version else "errorbudget"
    folder = Path(os.environ.get("RUNNER_TEMP") or ".") / "errorbudget-gate"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", wanted], check=True)
    return folder / "bin" / "errorbudget"


def tell(answer, code):
    """Everything a person or a later step wants to know, in its place."""
    put_outputs(
        {
            "decision": answer["decision"],
            "reason": answer["reason"],
            "reason_code": answer["reason_code"],
            "band": answer["band"],
            "risk": answer["risk"]["class"],
            "permits_now": " ".join(answer["permits_now"]),
            "entry": str(answer["entry"] or ""),
            "checkpoint": answer["checkpoint"] or "",
            "exit_code": str(code),
        }
    )
    append("GITHUB_STEP_SUMMARY", summary(answer))
    witness(answer)
    title = f"{answer['service']}: {answer['decision'].replace('_', ' ')}"
    if code:
        annotate("error", title, answer["reason"])
    elif answer.get("would_have") not in (None, "allow"):
        annotate("notice", title, answer["reason"])


def witness(answer):
    """The decision in the job's log, which its reader keeps: not one line of it is a command."""
    word = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{word}\n{answer['reason']}\n")
    if answer["checkpoint"]:
        sys.stdout.write(f"audit trail, entry {answer['entry']}:\n{answer['checkpoint']}")
    sys.stdout.write(f"::{word}::\n")


def summary(answer):
    """The decision as Markdown; what others wrote stands in code, where it is only text."""
    rows = [
        f"| {code(one['objective'])} | {share(one.get('remaining'))} | {one.get('state', '')} |"
        for one in answer["budgets"]
    ]
    table = ["", "| objective | budget left | state |", "|---|---|---|", *rows] if rows else []
    checkpoint = answer["checkpoint"] or ""
    kept = ["", f"Entry {answer['entry']} of the audit trail:", "", *block(checkpoint)]
    return "\n".join(
        [
            f"### Gate: {answer['decision'].replace('_', ' ')}",
            "",
            f"{code(answer['service'])} {code(answer['change'])}",
            "",
            *block(answer["reason"]),
            *table,
            *(kept if checkpoint else []),
            "",
        ]
    )


def code(text):
    """Text of any origin as a span of code; a table takes no bar and no new line."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text).replace("|", "\\|")
    fence = "`" * (1 + longest(plain))
    return f"{fence} {plain} {fence}"


def block(text):
    """Text of any origin as a block of code."""
    fence = "`" * max(3, 1 + longest(text))
    return [f"{fence}text", text.rstrip("\n"), fence]


def longest(text):
    """How many backticks stand together at most."""
    return max((len(found) for found in re.findall("`+", text)), default=0)


def share(remaining):
    """A ratio as a share; unknown is not zero."""
    return "unknown" if remaining is None else f"{remaining:.1%}"


def put_outputs(outputs):
    """Each under a delimiter that no value can know."""
    parts = []
    for name, value in outputs.items():
        word = secrets.token_hex(16)
        parts.append(f"{name}<<{word}\n{value}\n{word}\n")
    append("GITHUB_OUTPUT", "".join(parts))


def append(variable, text):
    """Add to the file that the runner names."""
    if named := os.environ.get(variable):
        with Path(named).open("a", encoding="utf-8") as out:
            out.write(text)


def annotate(level, title, text):
    """An annotation on the run."""
    safe = escaped(title).replace(":", "%3A").replace(",", "%2C")
    sys.stdout.write(f"::{level} title={safe}::{escaped(text)}\n")


def escaped(text):
    """As a workflow command wants it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    sys.exit(main())
