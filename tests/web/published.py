"""Is a request to GitHub one that its published OpenAPI description knows?"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FILE = Path(__file__).parents[1] / "node_modules/@octokit/openapi/generated/api.github.com.json"


@cache
def _described() -> dict[str, Any]:
    return json.loads(FILE.read_text())


def problems(method: str, path: str, body: Any) -> Iterator[str]:
    """What is wrong with a request: no such operation, or a body that is not as it wants it."""
    described = _described()
    found = [
        operations[method.lower()]
        for template, operations in described["paths"].items()
        if method.lower() in operations and re.fullmatch(_pattern(template), path)
    ]
    if not found:
        yield f"{method} {path}: GitHub describes no such operation"
    for operation in found:
        wanted = operation.get("requestBody", {})
        if body is None and not wanted.get("required"):
            continue
        content = wanted.get("content", {}).get("application/json", {"schema": False})
        root = {"components": described["components"], "allOf": [content["schema"]]}
        for flaw in Draft202012Validator(root).iter_errors(body):
            yield f"{method} {path}: {flaw.message}"


def _pattern(template: str) -> str:
    parts = re.split(r"\{[^}]+\}", template)
    return "[^/]+".join(map(re.escape, parts))
