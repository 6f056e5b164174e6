from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from errorbudget.errors import DocumentInvalid
from errorbudget.objective.document import Calendar, Mode, RequestExample, RiskClass, Rolling
from errorbudget.objective.reading import notes, read
from objective.writing import CHECKOUT, SMALLEST, altered, document, line_of, problems


def test_every_field_of_the_example_is_read():
    checkout = read(CHECKOUT, file="checkout.yaml")

    assert checkout.services == ("checkout",)
    assert checkout.environment == "production"
    assert checkout.labels == {"tier": "1", "team": "payments"}
    assert checkout.mode is Mode.ENFORCE
    assert checkout.signoff.required == ("engineering", "product")
    assert checkout.signoff.revisit == date(2027, 3, 31)
    assert checkout.requests.operation == "attributes['idempotency_key']"
    availability, latency = checkout.objectives.values()
    assert availability.target.target == Fraction(999, 1000)
    assert availability.target.allowance == Fraction(1, 1000)
    assert availability.window == Calendar(calendar="quarter", timezone="Europe/Berlin")
    assert latency.window == Rolling(rolling="28d")
    assert latency.window.minutes == 28 * 1440
    assert [(out.start, out.end) for out in checkout.exclude] == [
        (datetime(2026, 11, 29, 1, tzinfo=UTC), datetime(2026, 11, 29, 2, tzinfo=UTC))
    ]
    assert checkout.policy
    assert [band.above for band in checkout.policy.bands] == [Fraction(1, 2), Fraction(1, 4), None]
    assert checkout.policy.bands[2].allow == {RiskClass.ROLLBACK, RiskClass.CRITICAL}
    assert checkout.policy.approval
    assert checkout.policy.approval.needed == 2
    assert checkout.risk
    assert [rule.risk_class for rule in checkout.risk.rules] == ["high", "high", "normal", "low"]
    assert checkout.postmortem.when_spent == Fraction(1, 20)


def test_examples_are_typed_and_keep_only_what_was_given():
    examples = read(CHECKOUT, file="checkout.yaml").examples

    with_attributes = examples[2]
    assert isinstance(with_attributes, RequestExample)
    assert with_attributes.request == {
        "route": "/pay",
        "status": 500,
        "duration_ms": 90.0,
        "attributes": {"error.type": "invalid_input"},
    }
    assert with_attributes.expected == {"availability": "good"}
    change = examples[9]
    assert not isinstance(change, RequestExample)
    assert change.change.files == ("migrations/0042_drop.sql",)
    assert (change.change.lines, change.risk) == (1, RiskClass.HIGH)


def test_what_is_left_out_has_the_documented_default():
    smallest = document()

    assert smallest.name == "checkout"
    assert smallest.environment == ""
    assert smallest.mode is Mode.ENFORCE
    assert smallest.requests.request_id == "trace_id"
    assert smallest.requests.logs == "optional"
    assert smallest.burn == read(CHECKOUT, file="checkout.yaml").burn
    assert smallest.policy is None
    assert smallest.risk is None
    assert smallest.signoff.required == ()


def test_pooled_services_share_a_document_of_their_own_name():
    pooled = document(("service: checkout", "services: [search, suggest]\nname: finding"))

    assert pooled.name == "finding"
    assert pooled.services == ("search", "suggest")


def test_a_file_saved_with_a_byte_order_mark_is_read():
    assert read(f"\ufeff{SMALLEST}".encode(), file="checkout.yaml") == document()


def test_fields_nothing_acts_on_yet_are_said_and_defaults_are_not():
    noted = " ".join(notes(read(CHECKOUT, file="checkout.yaml")))

    assert notes(document()) == {}
    assert "policy.hysteresis" not in noted


@pytest.mark.parametrize(
    ("old", "new", "field", "what"),
    [
        ("target: 99.9%", "target: 100%", "objectives.availability.target", "no budget at all"),
        ("target: 99.9%", "target: 0%", "objectives.availability.target", "more than 0%"),
        ("target: 99.9%", "target: 99.9", "objectives.availability.target", "write it as 99.9%"),
        ("target: 99.9%", "target: 0.999", "objectives.availability.target", "write it as 99.9%"),
        ("target: 99.9%", 'target: "99.9"', "objectives.availability.target", "write it as 99.9%"),
        ("target: 99.9%", "target: 99.9 %", "objectives.availability.target", "write it as 99.9%"),
        ("target: 99.9%", "target: [1]", "objectives.availability.target", "a list"),
        ("target: 99.9%", "target:", "objectives.availability.target", "is empty"),
        ("28d", "28 days", "objectives.latency.window.rolling", "10m, 24h or 28d"),
        ("28d", "9999d", "objectives.latency.window.rolling", "at most 1830d"),
        ("{rolling: 28d}", "28d", "objectives.latency.window", "not a mapping"),
        ("{rolling: 28d}", "{}", "objectives.latency.window.rolling", "`calendar: quarter`"),
        (
            "{rolling: 28d}",
            "{rolling: 28d, calendar: month}",
            "objectives.latency.window",
            "keep one of them",
        ),
        (
            "calendar: quarter",
            "calendar: decade",
            "objectives.availability.window.calendar",
            "year",
        ),
        (
            "Europe/Berlin",
            "Europe/Berln",
            "objectives.availability.window.timezone",
            "write one as Europe/Berlin",
        ),
        ("Europe/Berlin", "../../etc/passwd", "objectives.availability.window.timezone", "zone"),
        (
            "timezone: Europe/Berlin",
            "carry_debt: 100%",
            "objectives.availability.window.carry_debt",
            "less than 100%",
        ),
        ("Europe/Berlin", "localtime", "objectives.availability.window.timezone", "zone"),
        ("scope:", "scop:", "requests.scop", "did you mean `scope`?"),
        ("source: warehouse", "source: a lake", "requests.source", "write a letter, then letters"),
        ("trace_id", "(SELECT 1)", "requests.request_id", "a subquery"),
        ("AND NOT is_bot", "AND error_logs = 0", "requests.scope", "unknown column error_logs"),
        ("<= 300", "<= 'fast'", "objectives.latency.good", "mixes a number with text"),
        ("above: 25%", "above: 50%", "policy.bands.1.above", "not below 50%"),
        ("above: 25%", "above: 60%", "policy.bands.1.above", "order bands from high to low"),
        ("above: 25%", "above: -inf", "policy.bands.2.above", "not below -inf"),
        ("above: 50%", "above: 100%", "policy.bands.0.above", "at most 100%"),
        ("critical, low, normal, high]", "low]", "policy.bands.1.allow", "permits critical"),
        (
            "critical, low, normal, high]",
            "critical, low, high]",
            "policy.bands.0.allow",
            "not the safer normal",
        ),
        ("critical, low]", "critcal, low]", "policy.bands.1.allow", "did you mean critical?"),
        ("above: -inf", "above: 10%", "policy.bands.2.above", "end with {above: -inf"),
        ("stale_after: 10m", "stale_after: 0m", "policy.stale_after", "not a duration"),
        ("need: all", "need: 3", "policy.approval.need", "roles names 2"),
        ("expires_within: 24h", "expires_within: 24", "policy.approval.expires_within", "24h"),
        ("roles: [product,", "roles: [cto,", "policy.approval.roles.0", "nobody holds"),
        ("required: [engineering,", "required: [cto,", "signoff.required.0", "nobody holds"),
        ("revisit: 2027-03-31", "revisit: soon", "signoff.revisit", "write it as 2027-03-31"),
        ("revisit: 2027-03-31", "revisit: 2027-02-31", "signoff.revisit", "no calendar has"),
        ("mode: enforce", "mode: strict", "mode", "write enforce or advise"),
        ('tier: "1"', "tier: 1", "labels.tier", 'put it in quotes: "1"'),
        ("silence: true", "silence: yes", "burn.silence", "not true or false"),
        ("rate: 10", "rate: 0", "burn.fire.rate", "a number above 0"),
        ("horizons: [1h, 6h]", "horizons: []", "burn.fire.horizons", "at least one"),
        ("horizons: [1h, 6h]", "horizons: [1h, 1h]", "burn.fire.horizons", "twice"),
        ("horizons: [1h, 6h]", "horizons: [60m, 1h]", "burn.fire.horizons", "twice"),
        ("horizons: [1h, 6h]", "horizons: [6h, 1h]", "burn.fire.horizons.1", "short to long"),
        ("horizons: [1h, 6h]", "horizons: [4m, 1h]", "burn.fire.horizons.0", "at least 5m"),
        ("horizons: [1h, 6h]", "horizons: [1h, 29d]", "burn.fire.horizons.1", "at most 28d"),
        ("rate: 10", "rate: 2.9", "burn.fire.rate", "write at least 3"),
        ("rate: 3", "rate: 0.5", "burn.warn.rate", "write at least 1"),
        ("rate: 3", "rate: 11", "burn.fire.rate", "below the 11x of `warn`"),
        ("rate: 10", "rate: 10, recent: 1h", "burn.fire.recent", "write less than 1h"),
        ("rate: 10", "rate: 10, false_alarms: 0", "burn.fire.false_alarms", "above 0"),
        ("rate: 10", "rate: 10, false_alarms: 31", "burn.fire.false_alarms", "at most 30"),
        ("group_by: [route", "group_by: [rute", "burn.group_by.0", "write a column as route"),
        ("max_files: 1", "max_files: many", "risk.low.max_files", "not a whole number"),
        ("max_files: 1", "max_files: 0", "risk.low.max_files", "at least 1"),
        ("id: infrastructure", "id: schema", "risk.rules.1.id", "an earlier rule"),
        ("class: normal", "class: rollback", "risk.rules.2.class", "low, normal, high"),
        ('paths: ["uv.lock",', 'paths: ["",', "risk.rules.2.paths.0", ".gitignore"),
        ('["terraform/**", "k8s/**"]', '["!k8s/**"]', "risk.rules.1.paths", "takes paths away"),
        ("https://runbooks", "javascript:runbooks", "runbook", "a web address"),
        ("journal: docs/", "journal: ../", "postmortem.journal", "a folder in the repository"),
        ("when_spent: 5%", "when_spent: 0%", "postmortem.when_spent", "more than 0%"),
        ("to: 2026-11-29T02", "to: 2026-11-29T00", "exclude.0.to", "not after `from`"),
        ("from: 2026-11-29T01:00:00Z", "from: 2026-11-29", "exclude.0.from", "with its zone"),
        ("from: 2026-11-29T01:00:00Z", "from: 2026-11-29T01:00:30Z", "exclude.0.from", "whole"),
        (
            "availability: good, latency",
            "availability: fine, latency",
            "examples.0.availability",
            "good, bad or excluded",
        ),
        ("latency: good}", "latncy: good}", "examples.0.latncy", "did you mean latency?"),
        (", availability: good, latency: good}", "}", "examples.0", "expects nothing"),
        (
            "{route: /pay, status: 200",
            "{rout: /pay, status: 200",
            "examples.0.request.rout",
            "route",
        ),
        ("status: 422", "status: '422'", "examples.3.request.status", "not a whole number"),
        ("risk: low}", "risk: critical}", "examples.8.risk", "low, normal, high"),
        ("service: checkout", "service: [a]", "service", "not text"),
        ("kind: ObjectiveDocument", "kind: Objective", "kind", "write ObjectiveDocument"),
    ],
)
def test_a_problem_names_its_line_its_field_and_the_way_out(old, new, field, what):
    found = problems(altered((old, new)))

    assert len(found) == 1, found
    line, place, said = found[0].split(": ", 2)
    assert place == field
    assert what in said
    assert abs(int(line) - line_of(old)) <= 1


def test_all_problems_are_told_at_once_in_the_order_of_their_lines():
    found = problems(
        altered(
            ("mode: enforce", "mode: strict"),
            ("required: [engineering,", "required: [cto,"),
            ("target: 99.9%", "target: 100%"),
            ("duration_ms <= 300", "duration <= 300"),
            ("28d", "4w"),
            ("above: 25%", "above: 50%"),
            ("class: normal", "class: medium"),
            ("journal:", "jurnal:"),
            ("latency: good}", "latncy: good}"),
        )
    )

    assert [problem.split(": ", 2)[1] for problem in found] == [
        "mode",
        "signoff.required.0",
        "objectives.availability.target",
        "objectives.latency.good",
        "objectives.latency.window.rolling",
        "policy.bands.1.above",
        "risk.rules.2.class",
        "postmortem.jurnal",
        "examples.0.latncy",
    ]


def test_a_rate_below_a_default_is_refused_where_it_is_written():
    slow = problems(SMALLEST + "burn: {fire: {rate: 2, horizons: [1h]}}\n")
    loud = problems(SMALLEST + "burn: {warn: {rate: 12, horizons: [6h]}}\n")

    assert "burn.fire.rate: is 2x, below the 3x of `warn`, its default" in slow[0]
    assert "burn.warn.rate: is 12x, above the 10x of `fire`, its default" in loud[0]
    assert "write at most 10 here" in loud[0]


def test_a_criterion_is_refused_at_its_own_line_though_it_spans_several():
    found = problems(altered(("(status < 500", "(statsu < 500")))

    place = f"{line_of('    good: >-')}: objectives.availability.good"
    assert found == [f"{place}: names the unknown column statsu; did you mean status?"]


def test_a_service_is_named_once_and_in_one_way():
    neither = problems(altered(("service: checkout", "description: x"), text=SMALLEST))
    both = problems(altered(("service: checkout", "service: a\nservices: [b]"), text=SMALLEST))
    nameless = problems(altered(("service: checkout", "services: [a, b]"), text=SMALLEST))

    assert "service: is missing; write `service: checkout`" in neither[0]
    assert "service: is given beside `services`" in both[0]
    assert "name: is missing" in nameless[0]


def test_a_missing_field_is_told_where_it_belongs():
    found = problems(altered(("    target: 99.9%\n", ""), text=SMALLEST))

    assert found == ["5: objectives.availability.target: is missing; write `target: 99.9%`"]


@pytest.mark.parametrize(
    ("composite", "problem"),
    [
        ("{of: speed, joins: {ledger: a}}", "composites.order.of: names speed, which is no"),
        ("{of: order, joins: {ledger: a}}", "composites.order.of: names order, which is no"),
        ("{of: availability, joins: {}}", "composites.order.joins: is empty; write at least one"),
        ("{of: availability, joins: {shop: a}}", "composites.order.joins.shop: is this document"),
        ("{joins: {ledger: a}}", "composites.order.of: is missing; write `of: availability`"),
        ("{of: availability}", "composites.order.joins: is missing; write `joins: {ledger: avail"),
        ("{of: availability, joins: {ledger: a}, taget: 1}", "did you mean `target`?"),
    ],
)
def test_a_composite_names_what_there_is(composite: str, problem: str) -> None:
    promised = f"{composite[:-1]}, target: 99%, window: {{rolling: 28d}}}}"
    text = (
        "apiVersion: errorbudget/v1\nkind: ObjectiveDocument\nservice: shop\nobjectives:\n"
        "  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}\n"
        f"composites:\n  order: {promised}\n"
    )
    with pytest.raises(DocumentInvalid) as refused:
        read(text, file="shop.yaml")

    assert any(line.startswith("shop.yaml:7: ") and problem in line for line in refused.value.lines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: document: is empty"),
        ("# nothing yet\n", "1: document: is empty"),
        ("~", "1: document: is empty"),
        ("- a\n- b\n", "1: document: is a list, not a mapping"),
        ("hello", '1: document: is "hello", not a mapping'),
        (b"a: 1\n\xff\xfe", "2: document: is not UTF-8 text"),
        (b"\x00\x01\x02", "1: document: is not text"),
        ("a: 1\nb: \x1b[31m", "2: document: is not text: it holds the character U+001B"),
        ("a:\n\tb: 1\n", "2: document: is not YAML: found character '\\t'"),
        ("a: [1\nb: 2\n", "2: document: is not YAML"),
        ("a: 'open\n", "document: is not YAML"),
        ("a: b: c\n", "1: document: is not YAML"),
        ("%YAML 9.0\n---\na: 1\n", "1: document: is not YAML"),
        (f"{SMALLEST}---\n{SMALLEST}", "9: document: is followed by a second one"),
        ("[" * 100_000, "1: document: is nested more than"),
        ("a: " + "{a: " * 5_000, "1: document: is nested more than"),
        ("a: b\n" * 60_000, "1: document: is larger than 256 KiB"),
        (f"{SMALLEST}service: other\n", "9: service: is given twice, first on line 3"),
        (f"{SMALLEST}description: &a x\n", "9: description: has the anchor &a"),
        (f"{SMALLEST}description: *a\n", "9: description: refers to *a"),
        (f"{SMALLEST}description: !!python/name:os.system x\n", "9: description: has the tag"),
        (f"{SMALLEST}<<: {{a: b}}\n", "9: <<: is an unknown field"),
        (f"{SMALLEST}? [a, b]\n: c\n", "9: document: has a field whose name is no text"),
        (f'{SMALLEST}"a\\e[31m": b\n', "9: a\\x1b[31m: is an unknown field"),
        (f"{SMALLEST}policy:\n", "9: policy: is empty"),
    ],
)
def test_what_is_no_document_gets_a_line_and_never_a_crash(text, problem):
    assert any(problem in found for found in problems(text))


def test_aliases_cannot_make_a_small_file_large():
    rows = "\n".join(f"{b}: &{b} [*{a},*{a},*{a},*{a}]" for a, b in pairwise("abcdefghi"))

    found = problems(f"a: &a [x, x]\n{rows}\n")

    assert sum("refers to" in problem for problem in found) == 32


def test_an_objective_has_a_name_that_examples_and_commands_can_say():
    taken = problems(altered(("  availability:", "  request:"), text=SMALLEST))
    spaced = problems(altered(("  availability:", "  avail ability:"), text=SMALLEST))

    assert taken == ["5: objectives.request: is a word that examples need; name it otherwise"]
    assert "5: objectives.avail ability: " in spaced[0]


def told(text: str) -> tuple[str, ...]:
    try:
        read(text, file="any.yaml")
    except DocumentInvalid as invalid:
        return invalid.lines
    return ()


@settings(deadline=None)
@given(st.text(max_size=200))
@example("{[: ")
def test_any_text_is_a_document_or_gets_located_lines(text):
    assert all(line.startswith("any.yaml:") for line in told(text))


LINES = CHECKOUT.splitlines()


@settings(deadline=None)
@given(
    line=st.integers(0, len(LINES) - 1),
    start=st.integers(0, 60),
    put=st.sampled_from(
        ["", ":", "[", "{", "}", "'", "- ", "  ", "&a ", "*a", "1", "~", "#", "!x "]
    ),
)
def test_any_slip_in_a_document_is_read_or_located(line, start, put):
    slipped = LINES[line][:start] + put + LINES[line][start + 1 :]
    text = "\n".join([*LINES[:line], slipped, *LINES[line + 1 :]])

    assert all(line.startswith("any.yaml:") for line in told(text))


def test_what_was_taken_before_alert_rules_were_held_against_each_other_goes_on():
    rules = "burn: {fire: {rate: 2, horizons: [6h, 1m]}, warn: {rate: 3, horizons: [30d]}}\n"
    assert len(problems(SMALLEST + rules)) > 2

    kept = read(SMALLEST + rules, file="checkout.yaml", kept=True)
    assert (kept.burn.fire.rate, kept.burn.fire.horizons) == (2, (360, 1))
    with pytest.raises(DocumentInvalid):
        read(altered(("99.9%", "101%"), text=SMALLEST), file="checkout.yaml", kept=True)
