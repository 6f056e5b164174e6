"""What pages, and when, in the situations that averages hide: `python -m bench.scenarios`.

Each ends with the product's own notices. Those held out
were first run when the rules were complete.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bench.detection import Seen, codes, duration, episodes, multiwindow, notices
from bench.traffic import Ints, Traffic, trailing
from errorbudget.burn import alert, dispersion, rate, silence
from errorbudget.burn.rules import DAY, DEFAULTS

NINES = Fraction(999, 1000)
REPLICAS = 40
HELD = "held out: "
Row = tuple[str, str, str, str]
"""Scenario, requests an hour, multiwindow, ours."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Story:
    """Minutes of traffic after a calm day, and when trouble begins in them."""

    traffic: Traffic
    valid: Ints
    bad: Ints
    start: int = DAY
    phi: float = 1.0
    watch_silence: bool = False
    error: float = 0.1
    """How far off the forecast tends to be, as a share."""

    def told(self) -> list[tuple[int, alert.Notice]]:
        """Every notice of the product, with the replica it is for."""
        seen = self.seen()
        found = codes(seen)
        if self.watch_silence:
            found = found + 256 * self._silent()
        return notices(found, self.bad, self.traffic.allowed_per_hour * 720)

    def seen(self) -> Seen:
        """The windows of every minute, from the first."""
        phi = np.full(len(self.valid), self.phi)
        return Seen.of(self.valid, self.bad, self.traffic.allowance, phi, 0)

    def _silent(self) -> rate.Mask:
        spans = [span for span in silence.WINDOWS if span < DAY]
        usual = np.broadcast_to(self.traffic.usual(self.valid.shape[1]), self.valid.shape)
        expected = {span: trailing(usual, span).ravel() for span in spans}
        counts = {
            span: (trailing(self.valid, span).ravel(), trailing(self.bad, span).ravel())
            for span in spans
        }
        error = np.full(self.valid.size, self.error)
        return silence.silent(expected, counts, error).reshape(self.valid.shape)

    def pages(self) -> list[list[int]]:
        """The minutes at which each replica was paged, after trouble began."""
        when: list[list[int]] = [[] for _ in self.valid]
        for index, notice in self.told():
            if notice.pages and notice.at >= self.start:
                when[index].append(notice.at + 1 - self.start)
        return when

    def multiwindow(self) -> Ints:
        """Whether the multiwindow rule fires, minute by minute, after trouble began."""
        return multiwindow(self.seen())[0][:, self.start :]


def story(
    per_hour: float,
    burns: list[tuple[int, float]],
    *,
    target: Fraction = NINES,
    batch: float = 1.0,
    phi: float = 1.0,
    seed: int = 23,
) -> Story:
    """A calm day at 0.1x, and then so many minutes at each of these rates."""
    traffic = Traffic(target=target, per_hour=per_hour, batch=batch)
    rates = np.concatenate([np.full(minutes, burn) for minutes, burn in [(DAY, 0.1), *burns]])
    valid, bad = traffic.minutes(np.random.default_rng(seed), REPLICAS, rates)
    return Story(traffic=traffic, valid=valid, bad=bad, phi=phi)


def first(story: Story) -> tuple[str, str]:
    """The mean time to the first page, of the multiwindow rule and of ours."""
    cap = story.valid.shape[1] - story.start
    theirs = story.multiwindow()
    other = np.where(theirs.any(1), theirs.argmax(1) + 1.0, cap)
    ours = np.array([min(when, default=cap) for when in story.pages()], float)
    return _time(other, cap), _time(ours, cap)


def _time(minutes: rate.Floats, cap: int) -> str:
    seen = minutes < cap
    if not seen.any():
        return "never"
    return duration(minutes[seen]) + ("" if seen.all() else f" ({seen.mean():.0%})")


def count(story: Story) -> tuple[str, str]:
    """The mean number of pages, of the multiwindow rule and of ours."""
    other = episodes(story.multiwindow()) / REPLICAS
    return f"{other:.1f} pages", f"{np.mean([len(when) for when in story.pages()]):.1f} pages"


def vanished() -> Iterator[Row]:
    """Traffic stops; the forecast is right on average."""
    for per_hour in (10, 100, 1_000, 10_000):
        for name, share, bad in (
            ("traffic stops", 0.0, 0.0),
            (HELD + "a tenth is left, three of four fail", 0.1, 0.75),
        ):
            base = story(per_hour, [(720, 0.1)])
            after = base.start
            rng = np.random.default_rng(3)
            left = rng.poisson(per_hour / 60 * share, base.valid[:, after:].shape)
            base.valid[:, after:] = left
            base.bad[:, after:] = rng.binomial(left, bad)
            yield name, f"{per_hour:,}", *first(_watching(base))
    for noise in (0.25, 0.4, 0.33):
        name = f"{HELD if noise == 0.33 else ''}30 days, day by day ±{noise:.0%} of the forecast"
        for per_hour in (10, 100, 1_000):
            yield name, f"{per_hour:,}", "-", f"{_false_silences(per_hour, noise):.2f} pages"


def _watching(base: Story) -> Story:
    return Story(
        traffic=base.traffic,
        valid=base.valid,
        bad=base.bad,
        start=base.start,
        phi=base.phi,
        watch_silence=True,
    )


def _false_silences(per_hour: float, noise: float) -> float:
    rng = np.random.default_rng(31)
    traffic = Traffic(target=NINES, per_hour=per_hour, swing=0.5)
    days = np.maximum(rng.normal(1, noise, (REPLICAS, 31, 1)), 0.1)
    usual = traffic.usual(31 * DAY).reshape(31, DAY)
    valid = rng.poisson(usual * days).reshape(REPLICAS, -1)
    calm = Story(
        traffic=traffic,
        valid=valid,
        bad=np.zeros_like(valid),
        watch_silence=True,
        error=0.8 * noise,
    )
    return sum(len(when) for when in calm.pages()) / REPLICAS


def repeats() -> Iterator[Row]:
    """Outages and bursts that come back."""
    for gap, held in ((30, ""), (120, ""), (45, HELD), (300, HELD)):
        twice = story(1_000, [(20, 1e9), (gap, 0.1), (20, 1e9), (300, 0.1)])
        yield f"{held}two outages of 20m, {gap}m apart", "1,000", *count(twice)
    every = [(2, 1e9), (118, 0.1)] * 12
    yield "a day of 2m outages every 2h", "1,000", *count(story(1_000, every))
    often = [(5, 300.0), (175, 0.1)] * 8
    yield HELD + "a day of 5m at 30 % every 3h", "10,000", *count(story(10_000, often))


def sustained() -> Iterator[Row]:
    """Burns that stay just under the fast threshold, and ramps."""
    for per_hour in (1_000, 10_000):
        for burn in (6.5, 8.0):
            name = f"{burn:g}x for two days"
            yield name, f"{per_hour:,}", *first(story(per_hour, [(2 * DAY, burn)]))
        name = HELD + "7x for two days"
        yield name, f"{per_hour:,}", *first(story(per_hour, [(2 * DAY, 7.0)], seed=5))
        for hours, held in ((24, ""), (8, HELD)):
            ramp = [(60, 20 * (hour + 1) / hours) for hour in range(hours)]
            name = f"{held}a ramp to 20x in {hours}h"
            yield name, f"{per_hour:,}", *first(story(per_hour, ramp))


def clumps() -> Iterator[Row]:
    """True retry storms, with φ as learned from four weeks of them."""
    for per_hour in (1_000, 10_000):
        traffic = Traffic(target=NINES, per_hour=per_hour, batch=5)
        valid, bad = traffic.minutes(np.random.default_rng(2), 4, np.full(28 * DAY, 1.0))
        phi = float(dispersion.dispersion(valid, bad, rate.budgets([1 - NINES] * 4)).mean())
        for name, burn in (("14.4x", 14.4), ("total outage", 1e9)):
            after = story(per_hour, [(2 * DAY, burn)], batch=5, phi=phi)
            yield f"storms of 5, φ = {phi:.1f}, {name}", f"{per_hour:,}", *first(after)
            once = story(per_hour, [(2 * DAY, burn)])
            yield f"the same, attempts counted once, {name}", f"{per_hour:,}", *first(once)


def odd() -> Iterator[Row]:
    """What is as it should be: loose and tight targets, a sparse job, a dead member of a pool."""
    loose = story(100, [(DAY, 1e9)], target=Fraction(9, 10))
    yield "90 % target, total outage", "100", *first(loose)
    tight = story(1_000_000, [(DAY, 14.4)], target=Fraction(99_999, 100_000))
    yield "99.999 % target, 14.4x", "1,000,000", *first(tight)
    yield "a dead member of a pool, by its own budget", "20", *first(story(20, [(DAY, 1e9)]))
    nights = 6
    valid = np.zeros((1, nights * DAY), np.int64)
    valid[:, ::DAY] = 1
    bad = valid.copy()
    bad[:, : 3 * DAY] = 0
    traffic = Traffic(target=Fraction(99, 100), per_hour=1 / 24)
    job = Story(traffic=traffic, valid=valid, bad=bad, start=3 * DAY)
    yield "a job a night at 99 %, failing from now on", "1/24", *first(job)
    for lag in (5, 30):
        late = story(1_000, [(DAY, 1e9)])
        theirs, ours = first(late)
        name = f"outage, data {lag}m late, evaluated where the data ends"
        yield name, "1,000", f"{theirs} + {lag}m", f"{ours} + {lag}m"


def fleets() -> Iterator[Row]:
    """False pages a day over 10,000 budgets at 1x, with the rules of a large fleet."""
    for per_hour in (3, 10, 30, 100):
        traffic = Traffic(target=NINES, per_hour=per_hour)
        pages = {"one": 0, "fleet": 0}
        rng = np.random.default_rng(41)
        for _ in range(30):
            valid, bad = traffic.minutes(rng, 10, np.full(31 * DAY, 1.0))
            seen = Seen.of(valid, bad, traffic.allowance, np.ones(10), DAY)
            for name, rules in (("one", DEFAULTS), ("fleet", DEFAULTS.in_fleet(10_000))):
                told = notices(codes(seen, rules), bad[:, DAY:], traffic.allowed_per_hour * 720)
                pages[name] += sum(notice.pages for _, notice in told)
        a_day = {name: count / 300 / 30 * 10_000 for name, count in pages.items()}
        shown = f"{a_day['fleet']:.1f} a day (without: {a_day['one']:.1f})"
        yield "10,000 budgets at 1x, false pages", f"{per_hour:,}", "-", shown


def main() -> None:
    """Print every scenario."""
    print("| scenario, at 99.9 % | req/h | multiwindow | ours |\n|---|---|---|---|")
    for group in (vanished, repeats, sustained, clumps, odd, fleets):
        for row in group():
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
