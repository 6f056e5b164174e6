"""Changes near a burn are ranked by evidence, and none is blamed that has none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from errorbudget.burn.correlation import (
    Candidate,
    Coincidence,
    Series,
    Split,
    Way,
    correlate,
    none_fits,
)
from errorbudget.burn.onset import Onset
from errorbudget.change import Change
from errorbudget.ledger.window import minute_floor

BEGAN = datetime(2026, 3, 2, 14, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START = minute_floor(BEGAN) - 180
ONSET = Onset(
    at=BEGAN, earliest=BEGAN - MINUTE, latest=BEGAN + 2 * MINUTE, until=BEGAN + 45 * MINUTE
)
ROUTES = ("/pay", "/cart")


def change(version: str, start: int, minutes: int = 0, service: str = "checkout") -> Change:
    """A deploy that starts so many minutes after the onset."""
    began = BEGAN + start * MINUTE
    return Change(
        id=f"{service}-{version}",
        service=service,
        version=version,
        started_at=began,
        finished_at=began + minutes * MINUTE,
    )


def series(rate: float = 0.2) -> Series:
    rng = np.random.default_rng(3)
    valid = rng.poisson(60, 225)
    rates = np.where(np.arange(225) < 180, 0.003, rate)
    return Series(start=START, valid=valid, bad=rng.binomial(valid, rates))


def split(new_rate: float, old_rate: float, *, new_share: float = 0.5) -> Split:
    """Two versions, side by side from the onset on; only the old one before."""
    rng = np.random.default_rng(4)
    rows = list[tuple[int, str, str, int, int]]()
    for minute in range(225):
        burns = minute >= 180
        for route in ROUTES:
            for version, share in (("2.14", new_share * burns), ("2.13", 1 - new_share * burns)):
                valid = int(rng.poisson(30 * share))
                rate = (new_rate if version == "2.14" else old_rate) if burns else 0.003
                rows.append((START + minute, version, route, valid, int(rng.binomial(valid, rate))))
    minute, version, route, valid, bad = (list(column) for column in zip(*rows, strict=True))
    return Split(
        minute=np.array(minute),
        version=np.array(version, object),
        route=np.array(route, object),
        valid=np.array(valid),
        bad=np.array(bad),
    )


def weigh(*candidates: Candidate, began: Onset | None = ONSET) -> list[Coincidence]:
    return correlate(candidates, began, series())


def test_a_rollout_that_the_burn_began_in_fits() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 12)))

    assert one.fits
    assert one.evidence[0] == (
        "rolled out 14:05–14:17, which coincides with the rise at 14:07 (between 14:06 and 14:09)"
    )


def test_a_change_after_the_burn_began_or_long_before_does_not_fit() -> None:
    late, early = weigh(Candidate(change=change("2", 10)), Candidate(change=change("1", -90, 10)))

    assert not late.fits
    assert not early.fits
    assert "10 min after requests began to fail" in late.evidence[0]
    assert "80 min before requests began to fail" in early.evidence[0]


def test_the_nearest_change_is_first() -> None:
    found = weigh(
        Candidate(change=change("3", 8)),
        Candidate(change=change("1", -5)),
        Candidate(change=change("2", -1)),
    )

    assert [one.change.version for one in found] == ["2", "1", "3"]


def test_a_version_that_alone_is_worse_in_the_same_minutes_is_evidence() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 60), split=split(0.2, 0.003)))

    assert one.fits
    told = next(says for says in one.evidence if "same minutes and routes" in says)
    assert "on 2.14 were bad" in told
    assert "times as often" in told


def test_old_versions_that_fail_as_well_speak_against_a_change() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 60), split=split(0.2, 0.2)))

    assert not one.fits
    assert any("speaks against it" in says for says in one.evidence)


def test_a_version_that_got_the_worse_routes_is_not_blamed_for_them() -> None:
    fair = split(0.0, 0.0)
    on_pay = fair.route == "/pay"
    burns = fair.minute >= START + 180
    new = fair.version == "2.14"
    valid = np.where(burns & (new == on_pay), fair.valid * 4, fair.valid)
    bad = np.where(burns & on_pay, valid // 3, 0)
    (one,) = weigh(
        Candidate(change=change("2.14", -2, 60), split=replace(fair, valid=valid, bad=bad))
    )

    assert not one.fits


def test_a_canary_of_yesterday_that_alone_fails_fits_though_it_is_old() -> None:
    canary = Candidate(change=change("2.14", -1500, 5), split=split(0.3, 0.003, new_share=0.1))
    (one,) = weigh(canary)

    assert one.fits
    assert "same minutes" in one.evidence[0]


def test_the_split_outranks_the_clock() -> None:
    near, true = change("flag", 0), change("2.14", -4, 2)
    counts = split(0.2, 0.003)
    found = weigh(
        Candidate(change=near, split=counts),
        Candidate(change=true, split=counts),
    )

    assert found[0].change is true


def test_too_few_requests_to_tell_versions_apart_are_said_to_be() -> None:
    counts = split(0.0, 0.0)
    (one,) = weigh(Candidate(change=change("2.14", -2, 60), split=counts))

    assert any("too few to tell versions apart" in says for says in one.evidence)


def test_other_moments_show_how_rare_such_a_rise_is() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -1)))

    assert any("0 of 15" in says or "0 of 14" in says for says in one.evidence)


def test_where_nothing_rose_no_moment_is_said_to_show_such_a_rise() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -30)))

    (told,) = (says for says in one.evidence if "minutes after it" in says)
    assert "such a rise" not in told


def test_a_deploy_of_a_service_that_the_bad_requests_went_through_is_a_candidate() -> None:
    through = Way(bad=95, of_bad=100, good=300, of_good=1000)
    beside = Way(bad=4, of_bad=100, good=300, of_good=1000)
    found = weigh(
        Candidate(change=change("7", -1, service="prices"), way=through),
        Candidate(change=change("9", -1, service="mail"), way=beside),
    )

    assert [(one.change.service, one.fits) for one in found] == [("prices", True), ("mail", False)]
    assert any(
        says
        == "prices took part in 95 of 100 (95 %) bad requests and in 300 of 1,000 (30 %) good ones"
        for says in found[0].evidence
    )


def test_without_an_onset_nothing_fits() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -1)), began=None)

    assert not one.fits
    assert "when the burn began is not known" in one.evidence[0]


def test_that_no_change_fits_is_said() -> None:
    found = weigh(Candidate(change=change("3", 20)))

    assert none_fits(found, ONSET) == "no change fits the rise of 2026-03-02 14:07: 1 looked at"
    assert none_fits([], ONSET) is not None
    assert none_fits(weigh(Candidate(change=change("3", 0))), ONSET) is None


def test_a_version_nobody_recorded_is_told_as_such() -> None:
    (one,) = weigh(Candidate(change=change("2.19.1", 0), recorded=False))

    assert one.fits
    assert one.evidence[0].startswith("no change was recorded; 2.19.1 first served at 14:07")


def test_nothing_is_called_a_cause() -> None:
    found = weigh(
        Candidate(change=change("2.14", -2, 60), split=split(0.2, 0.003)),
        Candidate(change=change("3", 20)),
        Candidate(change=change("2.12", -1), split=split(0.2, 0.2)),
    )

    assert not any("cause" in says for one in found for says in one.evidence)


def test_a_coincidence_is_written_with_its_change_by_id() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 12)))
    told = one.as_dict()

    assert told["change"] == "checkout-2.14"
    assert told["fits"] is True
    assert told["version"] == "2.14"


def test_a_rollout_of_another_day_is_told_with_its_date() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -20 * 60, 12)))

    assert one.evidence[0].startswith("rolled out 2026-03-01 18:07–18:19, 19.8 h before")


def test_a_version_nobody_recorded_is_told_with_when_it_had_taken_over() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 6), recorded=False))

    assert one.evidence[0].startswith(
        "no change was recorded; 2.14 first served at 14:05, and nearly all by 14:11, which"
    )


def test_a_version_that_served_nothing_fits_nothing() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 4), split=split(0.2, 0.2), served=False))

    assert not one.fits
    assert "no request of the burn was served by 2.14" in one.evidence


def test_of_changes_that_nothing_tells_apart_the_latest_is_first() -> None:
    early, late = (Candidate(change=change(name, at)) for name, at in (("1", -60), ("2", -30)))

    assert [one.change.version for one in weigh(early, late, began=None)] == ["2", "1"]


def test_a_change_is_held_against_a_silence_by_its_time_alone() -> None:
    began = replace(ONSET, silence=True)
    (one,) = weigh(Candidate(change=change("2.14", -2, 4)), began=began)

    assert one.fits
    assert one.evidence == (
        "rolled out 14:05–14:09, which coincides with the silence at 14:07"
        " (between 14:06 and 14:09)",
    )


def test_a_version_without_a_failure_beside_failing_ones_is_acquitted() -> None:
    (one,) = weigh(Candidate(change=change("2.14", -2, 12), split=split(0.0, 0.3)))

    assert not one.fits
    assert "0 of 1,319 (0 %) on 2.14 were bad" in one.evidence[1]
    assert "other versions fail as well, which speaks against it" in one.evidence[1]
