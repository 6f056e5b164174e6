"""Objective documents to decide by, read from the text that people write."""

from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.reading import read

TEXT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
name: checkout
service: checkout
environment: production
description: Customers can pay.
mode: {mode}
owners:
  engineering: [ana@shop.example]
  product: [bo@shop.example]
requests: {{source: warehouse, request_id: trace_id}}
objectives:
  availability:
    description: A request is good when it worked.
    good: status < 500
    target: 99.9%
    window: {{calendar: quarter, timezone: Europe/Berlin}}
{policy}{risk}"""

POLICY = """\
policy:
  budgets: worst_of
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: 25%, allow: [rollback, critical, low]}
    - {above: -inf, allow: [rollback, critical]}
  unknown: {allow: [rollback, low]}
  stale_after: 10m
"""

APPROVAL = "  approval: {roles: [product, engineering], need: all, expires_within: 24h}\n"

RISK = """\
risk:
  low: {max_files: 1, max_lines: 10}
  rules:
    - {id: schema, class: high, paths: ["migrations/**", "**/*.sql"]}
    - {id: infrastructure, class: high, paths: ["terraform/**", "k8s/**"]}
    - {id: dependencies, class: normal, paths: ["uv.lock", "package-lock.json"]}
    - {id: words, class: low, paths: ["docs/**", "**/*.md"]}
"""


def document(
    *, mode: str = "enforce", policy: str = POLICY + APPROVAL, risk: str = RISK
) -> ObjectiveDocument:
    """A document with these sections."""
    return read(TEXT.format(mode=mode, policy=policy, risk=risk), file="checkout.yaml")
