"""The gate's answer: what the bands say, what is not known, and one sentence to act on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.objective.document import RISING, RiskClass
from errorbudget.policy.decision import Decision, Outcome, Reason, decide
from errorbudget.policy.permission import Beside, percent
from errorbudget.policy.risk import RiskFinding
from policy.promises import APPROVAL, POLICY, document

NOW = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
ENFORCING = document()
ROLLBACK, LOW, NORMAL, HIGH, CRITICAL = (
    RiskClass.ROLLBACK,
    RiskClass.LOW,
    RiskClass.NORMAL,
    RiskClass.HIGH,
    RiskClass.CRITICAL,
)


@dataclass(frozen=True)
class Reading:
    """What a ledger's budget shows to the gate."""

    remaining: Fraction | None
    low: Fraction | None = None
    bad: int = 50
    allowed: Fraction | None = Fraction(100)
    state: str = "healthy"
    meaningful: str = "normal"
    volume: str = ""
    coverage: Fraction | None = Fraction(1)
    as_of: datetime | None = NOW

    @property
    def remaining_low(self) -> Fraction | None:
        return self.remaining if self.low is None else self.low


UNKNOWN = Reading(None, state="unknown", coverage=None, as_of=None)


def left(share: str | Fraction, **more) -> Reading:
    return Reading(Fraction(share), **more)


def risk(risk_class: RiskClass, because: str = "migrations/0042.sql") -> RiskFinding:
    return RiskFinding(risk_class=risk_class, because=because)


def ask(
    risk_class: RiskClass, *budgets: Reading, doc=ENFORCING, bound: bool = True, **more
) -> Decision:
    names = ["availability", "latency", "freshness"]
    named = dict(zip(names, budgets, strict=False))
    return decide(doc, named, risk(risk_class), bound=bound, now=NOW, **more)


@pytest.mark.parametrize(
    ("share", "band", "permits"),
    [
        ("1", "above 50 %", {ROLLBACK, LOW, NORMAL, HIGH, CRITICAL}),
        ("0.5000001", "above 50 %", {ROLLBACK, LOW, NORMAL, HIGH, CRITICAL}),
        ("0.5", "above 25 %", {ROLLBACK, LOW, CRITICAL}),
        ("0.25", "above -inf", {ROLLBACK, CRITICAL}),
        ("0", "above -inf", {ROLLBACK, CRITICAL}),
        ("-7.5", "above -inf", {ROLLBACK, CRITICAL}),
    ],
)
def test_a_band_is_what_is_strictly_above_its_edge(share: str, band: str, permits: set[RiskClass]):
    for risk_class in RiskClass:
        decision = ask(risk_class, left(share))

        assert (decision.band, set(decision.permits_now)) == (band, permits)
        unconfirmed = decision.reason_code is Reason.UNCONFIRMED
        assert (decision.decision is Outcome.ALLOW or unconfirmed) == (risk_class in permits)
        assert unconfirmed == (risk_class is CRITICAL)


def test_a_refusal_says_what_was_found_what_is_needed_and_what_may_ship():
    blocking = document(policy=POLICY)

    decision = ask(HIGH, left("0.275"), doc=blocking)

    assert decision.reason == (
        "blocked: high risk (migrations/0042.sql) with 27 % left; high needs more than 50 %."
        " Low-risk changes, critical fixes and rollbacks may ship now."
    )


def test_a_refusal_that_can_be_approved_says_by_whom():
    decision = ask(NORMAL, left("0.3"))

    assert (decision.decision, decision.exit_code) == (Outcome.NEEDS_APPROVAL, 3)
    assert decision.reason_code is Reason.BAND_FORBIDS
    assert decision.reason.startswith("needs approval: normal risk")
    assert decision.reason.endswith("An approval by product and engineering would permit it.")


def test_an_approval_by_some_of_the_roles_is_said_as_such():
    one_of_two = document(policy=POLICY + APPROVAL.replace("all", "1"))

    reason = ask(NORMAL, left("0.3"), doc=one_of_two).reason

    assert reason.endswith("An approval by 1 of product and engineering would permit it.")


def test_a_policy_that_knows_no_approval_blocks():
    blocking = document(policy=POLICY)

    assert ask(HIGH, left("0"), doc=blocking).exit_code == 4
    assert ask(HIGH, UNKNOWN, doc=blocking).exit_code == 4
    assert ask(HIGH, left("0"), doc=blocking).decision is Outcome.BLOCK


def test_what_is_permitted_is_said_too():
    decision = ask(LOW, left("0.3"))

    assert (decision.exit_code, decision.reason_code) == (0, Reason.PERMITTED)
    assert decision.reason == "allowed: low risk (migrations/0042.sql) with 30 % left."


def test_the_lowest_remaining_decides_and_is_named():
    decision = ask(HIGH, left("0.9"), left("0.3"), left("0.4"))

    assert decision.band == "above 25 %"
    assert "with 30 % of latency left" in decision.reason


def test_an_overspent_budget_is_said_as_such():
    assert "with the budget overspent by 14 %;" in ask(HIGH, left("-0.14")).reason
    assert "with latency overspent by 14 %;" in ask(HIGH, left("1"), left("-0.14")).reason


@pytest.mark.parametrize(
    ("share", "band"), [("0.9", "above 25 %"), ("0.3", "above -inf"), ("-1", "above -inf")]
)
@pytest.mark.parametrize(
    "how", [{"state": "stale"}, {"as_of": NOW - timedelta(minutes=10, microseconds=1)}]
)
def test_stale_data_counts_one_band_lower(share: str, band: str, how: dict):
    decision = ask(HIGH, left(share, **how))

    assert decision.band == band
    assert "known only up to 2026-07-20T" in decision.reason


def test_data_as_old_as_the_policy_allows_is_not_stale():
    assert ask(HIGH, left("0.9", as_of=NOW - timedelta(minutes=10))).exit_code == 0


def test_a_stale_budget_decides_when_its_lowered_band_is_the_worst():
    decision = ask(LOW, left("0.9"), left("0.45", state="stale"), left("0.30"))

    assert decision.band == "above -inf"
    assert "latency" in decision.reason


@pytest.mark.parametrize(
    "budgets",
    [
        [],
        [UNKNOWN],
        [left("0.9"), UNKNOWN],
        [left("0.9", state="unknown", coverage=Fraction(61, 100))],
    ],
)
def test_an_unknown_budget_permits_what_the_policy_says_for_it(budgets: list[Reading]):
    permitted, refused = ask(LOW, *budgets), ask(CRITICAL, *budgets)

    assert (permitted.exit_code, permitted.band) == (0, "unknown")
    assert (refused.decision, refused.exit_code) == (Outcome.NEEDS_APPROVAL, 5)
    assert refused.reason_code is Reason.UNKNOWN_FORBIDS
    assert set(refused.permits_now) == {ROLLBACK, LOW}


def test_why_a_budget_is_unknown_is_said():
    half = left("0.9", state="unknown", coverage=Fraction(61, 100))

    assert "while the budget of availability (no data) is unknown;" in ask(HIGH, UNKNOWN).reason
    assert "its source was alive for 61 % of the window" in ask(HIGH, half).reason


def test_not_knowing_one_budget_never_permits_what_another_forbids():
    decision = ask(LOW, left("0"), UNKNOWN)

    assert (decision.exit_code, decision.band) == (3, "above -inf")
    assert decision.permits_now == (ROLLBACK,)


def test_a_document_that_advises_allows_and_says_what_it_would_have_done():
    decision = ask(HIGH, left("0"), doc=document(mode="advise"))

    assert (decision.exit_code, decision.reason_code) == (0, Reason.ADVISED)
    assert decision.would_have is Outcome.NEEDS_APPROVAL
    assert "It would have needed an approval: high risk" in decision.reason
    assert set(decision.permits_now) == set(RiskClass)


def test_a_document_never_signed_observes():
    blocked = ask(HIGH, left("0"), doc=document(policy=POLICY), bound=False)
    allowed = ask(LOW, left("0.9"), bound=False)

    assert (blocked.exit_code, blocked.would_have) == (0, Outcome.BLOCK)
    assert blocked.reason_code is Reason.UNSIGNED
    assert "It would have been blocked: high risk" in blocked.reason
    assert allowed.would_have is Outcome.ALLOW


def test_without_a_policy_nothing_gates():
    decision = ask(HIGH, left("-3"), doc=document(policy=""))

    assert (decision.exit_code, decision.reason_code) == (0, Reason.NO_POLICY)
    assert "nothing gates" in decision.reason


def small(share: str, bad: int, allowed: str, meaningful: str) -> Reading:
    volume = f"{meaningful}: {bad} of {allowed} allowed failures"
    return left(share, bad=bad, allowed=Fraction(allowed), meaningful=meaningful, volume=volume)


@pytest.mark.parametrize("meaningful", ["coarse", "events", "none"])
def test_of_a_small_budget_one_or_two_bad_requests_block_nothing(meaningful: str):
    decision = ask(HIGH, small("-1", 2, "1", meaningful))

    assert decision.exit_code == 0
    assert f"with 2 bad, too few to block on ({meaningful}: 2 of 1" in decision.reason


def test_a_small_budget_blocks_by_counts_and_says_them():
    decision = ask(HIGH, small("0.4", 3, "5", "coarse"))

    assert decision.band == "above 25 %"
    assert "with 40 % left (coarse: 3 of 5 allowed failures);" in decision.reason


def test_while_few_bad_requests_are_allowed_the_lower_end_decides():
    few = left("0.55", low=Fraction("0.45"), bad=13, allowed=Fraction(29))
    many = left("0.55", low=Fraction("0.45"), bad=13, allowed=Fraction(30))

    assert (ask(HIGH, few).band, ask(HIGH, many).band) == ("above 25 %", "above 50 %")
    assert "with at least 45 % left" in ask(HIGH, few).reason


def test_a_class_that_no_band_permits_can_only_be_approved():
    strict = POLICY.replace("low, normal, high]", "low, normal]") + APPROVAL

    assert "no band permits high" in ask(HIGH, left("1"), doc=document(policy=strict)).reason


def test_a_decision_is_the_same_data_at_every_door():
    data = ask(HIGH, left("0.25")).as_dict()

    assert list(data) == [
        "decision",
        "reason",
        "reason_code",
        "band",
        "risk",
        "budgets",
        "permits_now",
        "slip",
        "later",
        "approvals",
        "expires",
        "would_have",
    ]
    assert data["permits_now"] == ["rollback", "critical"]
    assert data["budgets"][0] == {
        "objective": "availability",
        "remaining": 0.25,
        "state": "healthy",
        "meaningful": "normal",
        "coverage": 1.0,
        "as_of": "2026-07-20T14:05:00Z",
        "bad": 50,
        "allowed": 100.0,
        "alert": "none",
    }


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ("0.22", "22 %"),
        ("0.229", "22 %"),
        ("0.50001", "50.001 %"),
        ("0.001", "0.1 %"),
        ("1", "100 %"),
        ("0.4999", "49 %"),
    ],
)
def test_a_share_is_never_shown_on_the_wrong_side_of_an_edge(share: str, shown: str):
    assert percent(Fraction(share), Fraction(0), Fraction(1, 2)) == shown


SHARES = st.fractions(min_value=-2, max_value=1, max_denominator=1000)
READINGS = st.builds(
    Reading,
    remaining=st.one_of(st.none(), SHARES),
    state=st.sampled_from(["healthy", "stale", "unknown"]),
)


@given(SHARES, SHARES, st.lists(READINGS, max_size=2), st.sampled_from(["healthy", "stale"]))
def test_more_left_never_permits_less(
    one: Fraction, other: Fraction, beside: list[Reading], state: str
):
    less, more = sorted([one, other])

    poorer = ask(LOW, left(less, state=state), *beside).permits_now
    richer = ask(LOW, left(more, state=state), *beside).permits_now

    assert set(poorer) <= set(richer)


@given(st.lists(READINGS, min_size=1, max_size=3))
def test_a_riskier_class_is_never_permitted_where_a_lesser_one_is_not(budgets: list[Reading]):
    codes = [ask(risk_class, *budgets).decision is Outcome.ALLOW for risk_class in RISING]

    assert codes == sorted(codes, reverse=True)


@given(SHARES, st.lists(READINGS, max_size=2))
def test_late_or_missing_data_never_permits_more(share: Fraction, beside: list[Reading]):
    fresh = ask(LOW, left(share), *beside).permits_now
    late = ask(LOW, left(share, state="stale"), *beside).permits_now
    lost = ask(LOW, left(share), *beside, UNKNOWN).permits_now

    assert set(late) <= set(fresh)
    assert set(lost) <= set(fresh)


@given(st.lists(READINGS, max_size=3), st.sampled_from(list(RiskClass)), st.booleans())
def test_the_exit_code_follows_from_the_answer(
    budgets: list[Reading], risk_class: RiskClass, bound: bool
):
    decision = ask(risk_class, *budgets, bound=bound)

    assert decision.exit_code in {0, 3, 5}
    assert (decision.exit_code == 0) == (decision.decision is Outcome.ALLOW)
    assert bound or decision.exit_code == 0
    permitted = risk_class in decision.permits_now and risk_class is not CRITICAL
    assert not bound or permitted == (decision.exit_code == 0)


@pytest.mark.parametrize(
    ("how", "alert", "band"),
    [
        ("one_band_lower", "fire", "above 25 %"),
        ("one_band_lower", "warn", "above 50 %"),
        ("one_band_lower", "recovering", "above 50 %"),
        ("keep_band", "fire", "above 50 %"),
    ],
)
def test_an_active_fire_counts_one_band_lower_where_the_policy_says_so(
    how: str, alert: str, band: str
):
    doc = document(policy=f"{POLICY}  active_fire: {how}\n{APPROVAL}")

    normal = ask(NORMAL, left("0.9"), doc=doc, beside={"availability": Beside(alert=alert)})
    rollback = ask(ROLLBACK, left("0.9"), doc=doc, beside={"availability": Beside(alert=alert)})

    assert normal.band == band
    assert normal.exit_code == (0 if band == "above 50 %" else 3)
    assert rollback.exit_code == 0
