"""Which parts of a document contradict each other?

Looks at the document as laid out, not as validated, so that a problem in one section hides none in
another: what has the wrong shape is skipped here, and reported where it stands.
"""

from collections.abc import Iterator
from itertools import pairwise

from pydantic import ValidationError

from errorbudget.objective.alerting import horizons_beyond_windows, rates_out_of_order
from errorbudget.objective.notation import as_percent, nearest
from errorbudget.objective.policy import Band
from errorbudget.objective.wording import Location

Disagreement = tuple[Location, str]

_ROLES: tuple[tuple[str, ...], ...] = (("signoff", "required"), ("policy", "approval", "roles"))


def disagreements(tree: object, *, kept: bool = False) -> Iterator[Disagreement]:
    """What the sections of a document say against each other, and where.

    `kept`: but for alert rules, which were not held against each other when it was taken.
    """
    yield from _roles_nobody_holds(tree)
    yield from _examples_of_nothing(tree)
    yield from _criteria_of_another_source(tree)
    yield from _composites_of_nothing(tree)
    yield from _bands_against_each_other(tree)
    if not kept:
        yield from rates_out_of_order(_at(tree, "burn"))
        yield from horizons_beyond_windows(_at(tree, "burn"), _windows(tree))


def _at(tree: object, *names: str) -> object:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _items(tree: object, *names: str) -> Iterator[tuple[int, object]]:
    found = _at(tree, *names)
    return iter(enumerate(found if isinstance(found, tuple) else ()))


def _roles_nobody_holds(tree: object) -> Iterator[Disagreement]:
    owners = _at(tree, "owners") or {}
    if not isinstance(owners, dict):
        return
    for place in _ROLES:
        for position, role in _items(tree, *place):
            if isinstance(role, str) and role not in owners:
                what = f"names {role}, a role that nobody holds; add it to `owners`"
                yield (*place, position), f"{what}, as `{role}: [ana@shop.example]`"


def _examples_of_nothing(tree: object) -> Iterator[Disagreement]:
    objectives = _at(tree, "objectives")
    if not objectives or not isinstance(objectives, dict):
        return
    for position, example in _items(tree, "examples"):
        expected = example if isinstance(example, dict) and "request" in example else {}
        for name in sorted(expected.keys() - objectives.keys() - {"request"}):
            near = nearest(name, objectives)
            hint = f"did you mean {near}?" if near else f"they are {', '.join(objectives)}"
            yield ("examples", position, name), f"is no objective of this document; {hint}"


def _criteria_of_another_source(tree: object) -> Iterator[Disagreement]:
    objectives = _at(tree, "objectives")
    if not isinstance(objectives, dict):
        return
    source = _at(tree, "requests", "source") or "warehouse"
    counting = [name for name in objectives if _at(objectives, name, "prometheus") is not None]
    for name in objectives:
        if name in counting and source == "warehouse":
            what = "counts with PromQL; write `requests: {source: prometheus}` as well"
            yield ("objectives", name, "prometheus"), what
        elif name not in counting and (counting or source == "prometheus"):
            why = f"{counting[0]} counts" if counting else "the source is prometheus"
            what = f"has no PromQL, but {why}; write `prometheus: {{bad: …}}`"
            if source != "warehouse":
                yield ("objectives", name), what


def _composites_of_nothing(tree: object) -> Iterator[Disagreement]:
    composites, objectives = _at(tree, "composites"), _at(tree, "objectives")
    if not isinstance(composites, dict) or not isinstance(objectives, dict):
        return
    source = _at(tree, "requests", "source") or "warehouse"
    for name in composites:
        place = ("composites", name)
        if name in objectives:
            yield place, "is an objective's name as well; name it otherwise"
        if source != "warehouse":
            what = f"joins requests by id in the embedded warehouse, and the source is {source}"
            yield place, f"{what}; leave it out"
        of = _at(composites, name, "of")
        if isinstance(of, str) and of not in objectives:
            near = nearest(of, objectives)
            hint = f"did you mean {near}?" if near else f"they are {', '.join(objectives)}"
            yield (*place, "of"), f"names {of}, which is no objective of this document; {hint}"
        joins = _at(composites, name, "joins")
        for own in sorted(_own_names(tree) & set(joins if isinstance(joins, dict) else ())):
            what = "is this document itself, where the operations enter; name another service"
            yield (*place, "joins", own), what


def _windows(tree: object) -> dict[str, object]:
    """The window of each objective."""
    objectives = _at(tree, "objectives")
    names = objectives if isinstance(objectives, dict) else {}
    return {str(name): _at(objectives, name, "window") for name in names}


def _own_names(tree: object) -> set[str]:
    pooled = (service for _, service in _items(tree, "services"))
    names = (_at(tree, "service"), _at(tree, "name"), *pooled)
    return {name for name in names if isinstance(name, str)}


def _bands_against_each_other(tree: object) -> Iterator[Disagreement]:
    if not isinstance(_at(tree, "policy", "bands"), tuple):
        return
    bands = [(position, _band(given)) for position, given in _items(tree, "policy", "bands")]
    known = [(position, band) for position, band in bands if band]
    for (_, higher), (position, lower) in pairwise(known):
        yield from _against(higher, lower, ("policy", "bands", position))
    if not bands:
        yield ("policy", "bands"), f"is empty; {_END}"
    elif (last := bands[-1][1]) and last.above is not None:
        place = ("policy", "bands", bands[-1][0], "above")
        yield place, f"leaves open what may ship at {as_percent(last.above)} and less; {_END}"


_END = "end with {above: -inf, allow: [rollback]}"


def _band(given: object) -> Band | None:
    try:
        return Band.model_validate(given)
    except ValidationError:
        return None


def _against(higher: Band, lower: Band, place: Location) -> Iterator[Disagreement]:
    if higher.above is None or (lower.above is not None and lower.above >= higher.above):
        what = f"is {_edge(lower)}, not below {_edge(higher)} before it"
        yield (*place, "above"), f"{what}; order bands from high to low"
    if extra := lower.allow - higher.allow:
        what = f"permits {', '.join(sorted(extra))}, which the band above {_edge(higher)} forbids"
        yield (*place, "allow"), f"{what}; less budget may not permit more"


def _edge(band: Band) -> str:
    return "-inf" if band.above is None else as_percent(band.above)
