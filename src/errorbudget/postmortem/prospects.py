"""What a postmortem says of other times: what would have helped, what remains, what came before."""

from collections.abc import Iterator
from typing import Final

from errorbudget.postmortem.telling import Telling, main_cost, plain

_SHOWN: Final = 5


def preventions(of: Telling) -> Iterator[str]:
    """What would have kept the incident small."""
    found = of.get("impact", "preventions")
    main = ("costs", main_cost(of), "windows", 0, "share")
    for place, one in enumerate(found):
        share = of.share("impact", "preventions", place, "share")
        whole = of.share("impact", *main)
        yield f"- {plain(one['what'])}: **{share} instead of {whole}** ({plain(one['basis'])})"
    if found:
        yield ""
        yield (
            "Arithmetic on what happened, not a promise: the same incident with fewer requests in"
            " it, or an earlier end. [impact]"
        )
    else:
        yield "Nothing in the evidence points to one. [impact]"


def room(of: Telling) -> Iterator[str]:
    """What still fits into the budget, and the work that would free more."""
    if of.get("room", "remaining") is None:
        yield "What is left of the budget is not known: there is no data. [room]"
        return
    decides = ", which decides what may ship" if of.get("room", "decides") else ""
    gone = of.get("room", "background") >= of.get("room", "remaining")
    spent = of.get("room", "remaining") <= 0
    none = ", which is all there is: nothing fits" if gone and not spent else ""
    none = ": it is spent, and nothing fits" if spent else none
    name, at = of.text("room", "objective"), of.at("room", "at")
    if of.get("room", "remaining") < 0:
        beyond = of.beyond("room", "remaining")
        left = f"At {at}, the budget of {name} is overspent by {beyond}{decides}"
    else:
        left = f"At {at}, {of.share('room', 'remaining')} of the budget of {name} is left{decides}"
    yield (
        f"{left}; without any change another {of.share('room', 'background')} goes until its window"
        f" ends{none}. [room]"
    )
    yield ""
    yield "| changes | fit with 80 % confidence | chance that the next exhausts it | learnt from |"
    yield "|---|---:|---:|---|"
    for place, one in enumerate(of.get("room", "rooms")):
        path: tuple[str | int, ...] = ("rooms", place)
        fits = of.count("room", *path, "fits")
        before = (
            f"{of.count('room', *path, 'changes')} before,"
            f" {of.count('room', *path, 'failures')} failed"
        )
        few = ": mostly an assumption" if one["assumed"] else ""
        learnt = f"{before}{few}" if one["changes"] else "no such change yet: assumed"
        yield (
            f"| {one['risk']} | {f'more than {fits}' if one['capped'] else fits} |"
            f" {of.share('room', *path, 'exhausts')} |"
            f" {learnt} |"
        )
    yield ""
    yield f"{_returns(of)} [room]"
    yield ""
    yield from _work(of)


def _returns(of: Telling) -> str:
    steps = list[str]()
    for place, one in enumerate(of.get("room", "returns")[:3]):
        path: tuple[str | int, ...] = ("returns", place, "remaining")
        left = f"{of.share('room', *path)} left" if one["remaining"] >= 0 else ""
        left = left or f"overspent by {of.beyond('room', *path)}"
        anew = " (the window begins anew)" if one["anew"] else ""
        steps.append(f"at {of.at('room', 'returns', place, 'at')} {left}{anew}")
    if not steps:
        return "No budget comes back before more is known."
    return f"If nothing more fails: {'; '.join(steps)}."


def _work(of: Telling) -> Iterator[str]:
    work = of.get("room", "work")[:_SHOWN]
    if not work:
        return
    while_ = "While changes are restricted, this" if of.get("room", "restricted") else "This"
    yield f"{while_} work would pay most, by the budget that went on what it fixes:"
    yield ""
    for place, one in enumerate(work):
        about = ", ".join(plain(what) for what in one["of"][:_SHOWN])
        share = of.share("room", "work", place, "share")
        yield f"{place + 1}. {plain(one['fix'])}: {share} ({about})"
    yield ""
    yield "[room]"


def similar(of: Telling) -> Iterator[str]:
    """Earlier incidents like it, and what was to be done after them."""
    found = of.get("impact", "similar")
    for place, one in enumerate(found):
        path: tuple[str | int, ...] = ("similar", place)
        common = ", ".join(plain(mark) for mark in one["common"][:3])
        said = f" They have in common: {common}." if common else ""
        open_ = [
            f"{plain(act['text'])} ({plain(act['owner'])}, {act['due']})" for act in one["open"]
        ]
        left = f" **Still open since then: {'; '.join(open_)}.**" if open_ else ""
        done = one["done"]
        did = f" Done since then: {of.count('impact', *path, 'done')} actions." if done else ""
        yield (
            f"- {plain(one['id'])}, {of.at('impact', *path, 'at')}, cost"
            f" {of.share('impact', *path, 'share')}.{said}{left}{did}"
        )
    yield "[impact]" if found else "None that is known. [impact]"
