"""What does a change to a document mean, in words?"""

from collections.abc import Iterator

from errorbudget.objective.document import Objective, ObjectiveDocument

_IN_WORDS = ("objectives", "mode")


def differences(old: ObjectiveDocument, new: ObjectiveDocument) -> list[str]:
    """A sentence for each thing that the new version promises or rules otherwise."""
    return [*_objectives(old, new), *_modes(old, new), *_others(old, new)]


def _objectives(old: ObjectiveDocument, new: ObjectiveDocument) -> Iterator[str]:
    for name in old.objectives.keys() - new.objectives.keys():
        yield f"objectives.{name}: is no longer promised, and its budget no longer gates"
    for name, one in new.objectives.items():
        before = old.objectives.get(name)
        if before is None:
            yield f"objectives.{name}: is new: {one.target} of its requests good"
        else:
            yield from (f"objectives.{name}.{what}" for what in _objective(before, one))


def _objective(old: Objective, new: Objective) -> Iterator[str]:
    if old.target != new.target:
        points = abs(new.target.target - old.target.target) * 100
        way = "tighter" if new.target.target > old.target.target else "looser"
        times = float(new.target.allowance / old.target.allowance)
        yield (
            f"target: {old.target} becomes {new.target}: {float(points):g} points {way},"
            f" {times:.3g} times as many requests may be bad"
        )
    if old.window != new.window:
        yield "window: the budget is for another span; what is left of it changes at once"
    for field, effect in (
        ("valid", "other requests count"),
        ("good", "other requests are good"),
        ("prometheus", "other counters count"),
    ):
        if getattr(old, field) != getattr(new, field):
            yield f"{field}: {effect}, also in history: all of it is counted again"
    if old.description != new.description:
        yield "description: reads otherwise; nothing is counted otherwise"


def _modes(old: ObjectiveDocument, new: ObjectiveDocument) -> Iterator[str]:
    if old.mode != new.mode:
        says = "may say no" if new.mode == "enforce" else "only says what it would have decided"
        yield f"mode: {old.mode} becomes {new.mode}: the gate {says}"


def _others(old: ObjectiveDocument, new: ObjectiveDocument) -> Iterator[str]:
    for name, field in ObjectiveDocument.model_fields.items():
        if name not in _IN_WORDS and getattr(old, name) != getattr(new, name):
            yield f"{field.alias or name}: is written otherwise"
