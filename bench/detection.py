"""How often is somebody woken for nothing, and how long does a real burn go unseen?

Simulates the product's own rule beside the two in common use: a plain threshold (1h ≥ 10x) and the
multiwindow rule of the SRE Workbook. `python -m bench.detection --full` prints the whole table, of
which `make bench` runs the worst cells with few replicas.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bench.traffic import Floats, Ints, Traffic, trailing
from errorbudget.burn import alert, dispersion, rate
from errorbudget.burn.rules import DAY, DEFAULTS, MONTH, Rules

CAP = 7 * DAY
WORKBOOK = 14.4
WARM_UP = 3 * DAY
Mask = rate.Mask
SPANS = (*DEFAULTS.windows, 3 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What each rule may look at in every minute of every replica: windows, runs, φ."""

    valid: dict[int, Ints]
    bad: dict[int, Ints]
    run: Ints
    phi: Floats
    allowance: Fraction

    @classmethod
    def of(cls, valid: Ints, bad: Ints, allowance: Fraction, phi: Floats, skip: int) -> "Seen":
        """Every window of these minutes, without the first `skip`."""
        return cls(
            valid={span: trailing(valid, span)[:, skip:] for span in SPANS},
            bad={span: trailing(bad, span)[:, skip:] for span in SPANS},
            run=dispersion.runs(valid, bad)[:, skip:],
            phi=phi,
            allowance=allowance,
        )

    def over(self, span: int, times: Fraction) -> Mask:
        """Whether a window burns at so many times the budget's rate, exactly."""
        of = rate.budgets([self.allowance])
        return rate.at_least(times, self.valid[span], self.bad[span], of)

    def both(self, long: int, times: str) -> Mask:
        """Whether a window and its twelfth do; only asked where the window does."""
        return self.over(long, Fraction(times)) & self.over(long // 12, Fraction(times))


def plain(seen: Seen) -> tuple[Mask, Mask]:
    """Pages at 10x in an hour, warns at 3x in six hours or a day."""
    return seen.over(60, Fraction(10)), seen.over(360, Fraction(3)) | seen.over(DAY, Fraction(3))


def multiwindow(seen: Seen) -> tuple[Mask, Mask]:
    """https://sre.google/workbook/alerting-on-slos/ number 6, with both its tickets."""
    page = seen.both(60, "14.4") | seen.both(360, "6")
    return page, seen.both(DAY, "3") | seen.both(3 * DAY, "1")


def codes(seen: Seen, rules: Rules = DEFAULTS) -> Ints:
    """What the product's rule reads in every minute."""
    shape = seen.run.shape
    of = rate.Budgets(
        numerator=np.array([seen.allowance.numerator]),
        denominator=np.array([seen.allowance.denominator]),
        dispersion=np.repeat(seen.phi, shape[1]),
        run=seen.run.ravel(),
    )
    counts = {span: (seen.valid[span].ravel(), seen.bad[span].ravel()) for span in rules.windows}
    return alert.codes(rate.burns(rules, counts, of)).reshape(shape)


def ours(seen: Seen) -> tuple[Mask, Mask]:
    """Whether the product's rule burns at fire, and at warn or fire."""
    found = codes(seen)
    fire, warn = (found >> shift & 3 == rate.Signal.BURNING for shift in (4, 2))
    return fire, warn | fire


RULES: dict[str, Callable[[Seen], tuple[Mask, Mask]]] = {
    "plain": plain,
    "multiwindow": multiwindow,
    "ours": ours,
}


def notices(found: Ints, bad: Ints, allowed: float) -> list[tuple[int, alert.Notice]]:
    """What the product's alerts say over these minutes, one fleet member a replica."""
    spent = np.cumsum(bad, axis=1)
    fleet, told = alert.fleet([alert.Alert()] * len(found)), list[tuple[int, alert.Notice]]()
    changes = np.flatnonzero(np.any(found[:, 1:] != found[:, :-1], axis=0)) + 1
    at, end = 0, found.shape[1]
    while at < end:
        now = at

        def spend(index: int, since: int, now: int = now) -> float:
            return float(spent[index, now] - spent[index, since]) / allowed

        fleet, new = alert.step(fleet, found[:, at], at, spend)
        told += new
        due = max(int(fleet.due.min()), at + 1)
        later = np.searchsorted(changes, at, side="right")
        at = min(due, int(changes[later]) if later < changes.size else end)
    return told


def episodes(firing: Mask) -> int:
    """Pages of a rule without a memory: firing after an hour in which it did not."""
    lately = trailing(firing.astype(np.int64), 61) - firing
    return int(np.sum(firing & (lately == 0)))


def estimate(traffic: Traffic, rng: np.random.Generator, replicas: int, burn: float) -> Floats:
    """φ as the product would have learned it in the four weeks before."""
    valid, bad = traffic.minutes(rng, replicas, np.full(28 * DAY, burn))
    of = rate.budgets([traffic.allowance] * replicas)
    return dispersion.dispersion(valid, bad, of)


def false_pages(traffic: Traffic, burn: float, replicas: int, seed: int) -> dict[str, float]:
    """Pages per 30 days of burning steadily at no more than 1x, by rule."""
    rng = np.random.default_rng(seed)
    pages = dict.fromkeys(RULES, 0)
    allowed = traffic.allowed_per_hour * 720
    for size in _chunks(replicas, 10):
        learned = traffic.batch > 1
        phi = estimate(traffic, rng, size, burn) if learned else np.ones(size)
        valid, bad = traffic.minutes(rng, size, np.full(DAY + MONTH, burn))
        seen = Seen.of(valid, bad, traffic.allowance, phi, DAY)
        pages["plain"] += episodes(plain(seen)[0])
        pages["multiwindow"] += episodes(multiwindow(seen)[0])
        told = notices(codes(seen), bad[:, DAY:], allowed)
        pages["ours"] += sum(notice.pages for _, notice in told)
    return {rule: count / replicas for rule, count in pages.items()}


def _chunks(replicas: int, size: int) -> Iterator[int]:
    for start in range(0, replicas, size):
        yield min(size, replicas - start)


def delays(
    traffic: Traffic, burn: float, replicas: int, seed: int, *, warn: bool = False
) -> dict[str, Floats]:
    """Minutes until each rule pages (or warns) after a step from 0.1x, capped at seven days."""
    rng = np.random.default_rng(seed)
    found = {rule: np.full(replicas, np.nan) for rule in RULES}
    before = traffic.minutes(rng, replicas, np.full(WARM_UP, 0.1))
    for day in range(CAP // DAY):
        blind = np.flatnonzero(np.any([np.isnan(found[rule]) for rule in RULES], axis=0))
        if not blind.size:
            break
        after = traffic.minutes(rng, replicas, np.full(DAY, burn))
        both = [np.concatenate(pair, axis=1) for pair in zip(before, after, strict=True)]
        for some in np.array_split(blind, -(-blind.size // 40)):
            _first(found, both[0][some], both[1][some], traffic, some, day, warn=warn)
        before = (both[0][:, -WARM_UP:], both[1][:, -WARM_UP:])
    return {rule: np.nan_to_num(found[rule], nan=CAP) for rule in RULES}


def _first(
    found: dict[str, Floats],
    valid: Ints,
    bad: Ints,
    traffic: Traffic,
    some: Ints,
    day: int,
    *,
    warn: bool,
) -> None:
    seen = Seen.of(valid, bad, traffic.allowance, np.ones(some.size), WARM_UP)
    for rule, firing in RULES.items():
        says = firing(seen)[warn]
        when = np.where(says.any(axis=1), day * DAY + says.argmax(axis=1) + 1, np.nan)
        found[rule][some] = np.where(np.isnan(found[rule][some]), when, found[rule][some])


TARGETS = (Fraction(99, 100), Fraction(999, 1000), Fraction(9999, 10000))
VOLUMES = (10, 100, 1_000, 10_000, 1_000_000)
OUTAGE = 1e9


def duration(minutes: Floats) -> str:
    """`42m`, `3.6h`, `2.1d`, and the share detected within seven days where it is not all."""
    mean, seen = float(minutes.mean()), float(np.mean(minutes < CAP))
    text = f"{mean:.0f}m" if mean < 100 else f"{mean / 60:.1f}h"
    text = text if mean < 2 * DAY else f"{mean / DAY:.1f}d"
    return text if seen == 1 else f"{text}*{seen:.0%}"


HEAD = ("SLO", "req/h", "λ0/h", "rule", "@1x", "@0.5x", "14.4x", "10x", "outage", "3x warn")


def table(
    targets: Sequence[Fraction], volumes: Sequence[float], replicas: int, runs: int
) -> Iterator[tuple[str, ...]]:
    """False pages per 30 days and mean delays, a row for each rule in each cell."""
    for target in targets:
        for volume in volumes:
            traffic = Traffic(target=target, per_hour=volume)
            false = [false_pages(traffic, burn, replicas, seed=7) for burn in (1, 0.5)]
            slow = [delays(traffic, burn, runs, seed=11) for burn in (WORKBOOK, 10, OUTAGE)]
            slow.append(delays(traffic, 3, runs, seed=13, warn=True))
            name = f"{float(target):.2%}", f"{volume:,}", f"{traffic.allowed_per_hour:.4g}"
            for rule in RULES:
                pages = (f"{one[rule]:.3f}" for one in false)
                yield (*name, rule, *pages, *(duration(one[rule]) for one in slow))


def robustness(replicas: int) -> Iterator[tuple[str, ...]]:
    """False pages at 1x where traffic is not steady, or failures are not independent."""
    for volume in (10, 100, 1_000, 10_000, 1_000_000):
        base = {"target": TARGETS[1], "per_hour": volume}
        for name, traffic in (
            ("diurnal ±80 %", Traffic(**base, swing=0.8)),
            ("storms of 5", Traffic(**base, batch=5)),
        ):
            pages = false_pages(traffic, 1, replicas, seed=17)
            yield name, f"{volume:,}", *(f"{pages[rule]:.3f}" for rule in RULES)


GRID = (0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


def between(replicas: int) -> Iterator[tuple[str, ...]]:
    """False pages at 1x between the cells of the table, at 99.9 %."""
    for allowed in GRID:
        traffic = Traffic(target=TARGETS[1], per_hour=allowed * 1000)
        pages = false_pages(traffic, 1, replicas, seed=19)
        yield f"{allowed}", *(f"{pages[rule]:.3f}" for rule in RULES)


QUICK = 60


def run() -> list[tuple[str, float, float, str, str]]:
    """The worst cell of false pages, and of delays where an hour allows one bad request or more."""
    cells = [
        Traffic(target=target, per_hour=volume) for target in TARGETS for volume in VOLUMES[:4]
    ]
    false = [false_pages(cell, 1, QUICK, seed=7) for cell in cells]
    worst = {rule: max(pages[rule] for pages in false) for rule in RULES}
    note = f"{len(cells)} cells x {QUICK} replicas of 30 days; reference: multiwindow rule"
    what = "false pages in 30 days at 1x, worst cell"
    rows = [(what, worst["ours"], worst["multiwindow"], "", note)]
    busy = [cell for cell in cells if cell.allowed_per_hour >= 1]
    for name, burn in (("14.4x", WORKBOOK), ("10x", 10.0), ("an outage", OUTAGE)):
        took = [delays(cell, burn, QUICK, seed=11) for cell in busy]
        ours, other = max(((t["ours"].mean(), t["multiwindow"].mean()) for t in took), key=_ratio)
        note = f"worst ratio of {len(busy)} cells that allow a bad request an hour"
        rows.append((f"page at {name}", float(ours), float(other), "m", note))
    return rows


def _ratio(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1]


def show(title: str, head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> None:
    """Print a Markdown table as its rows come."""
    print(f"\n{title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
        sys.stdout.flush()


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--full", action="store_true", help="every cell, 200 replicas; minutes")
    parse.add_argument("--replicas", type=int)
    chosen = parse.parse_args()
    replicas = chosen.replicas or (200 if chosen.full else 10)
    volumes = VOLUMES if chosen.full else (10, 1_000, 1_000_000)
    title = f"False pages per 30 days and mean delays, {replicas} replicas"
    show(title, HEAD, table(TARGETS, volumes, replicas, replicas))
    head = ("traffic", "req/h", *RULES)
    show("False pages at 1x, 99.9 %", head, robustness(max(replicas // 2, 5)))
    if chosen.full:
        show("False pages at 1x between the cells", ("λ0/h", *RULES), between(replicas))


if __name__ == "__main__":
    main()
