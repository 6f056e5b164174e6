"""What was decided to be done after an incident, by whom and until when."""

import re
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from errorbudget.errors import Failure
from errorbudget.postmortem.document import COMMENT, Postmortem, spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that was decided to be done."""

    number: int
    """Its place among those of its postmortem, from 1."""
    text: str
    owner: str
    due: str
    """As a date, YYYY-MM-DD."""
    done: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as printed."""
        return asdict(self)

    @property
    def lacks(self) -> list[str]:
        """What it needs before it can be tracked."""
        return [word for word, has in (("owner", self.owner), ("date", self.due)) if not has]


_ACTION: Final = re.compile(r"^[ \t]*[-*][ \t]+\[([ xX])\][ \t]+(.+?)[ \t]*\r?$", re.MULTILINE)
_ABOUT: Final = re.compile(r"[ \t]*\(([^()]*)\)$")
_DUE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def actions(document: Postmortem) -> list[Action]:
    """The action items: `- [ ] what (owner: name, due: 2026-10-01)`; `[x]` is done."""
    text = _without_comments(document)
    return [_action(number, one) for number, one in enumerate(_ACTION.finditer(text), 1)]


def _action(number: int, found: re.Match[str]) -> Action:
    text, about = found[2], _ABOUT.search(found[2])
    told = dict[str, str]()
    if about:
        pairs = (part.partition(":") for part in about[1].split(","))
        told = {key.strip().lower(): value.strip() for key, _, value in pairs}
        if told.keys() & {"owner", "due"}:
            text = text[: about.start()]
    due = told.get("due", "")
    return Action(
        number=number,
        text=text,
        owner=told.get("owner", ""),
        due=due if _is_date(due) else "",
        done=found[1] != " ",
    )


def _is_date(text: str) -> bool:
    """Whether it is a day that there is: 30 February is none."""
    if not _DUE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def with_done(document: Postmortem, number: int) -> Postmortem:
    """The same with one action done. Raises Failure where there is none of this number."""
    found = [*_ACTION.finditer(_without_comments(document))]
    if not 1 <= number <= len(found):
        raise Failure(f"{document.id}: there is no action {number}; it has {len(found)}")
    section, at = document.section("actions"), found[number - 1].start(1)
    return document.replacing("actions", f"{section[:at]}x{section[at + 1 :]}")


def unfit(document: Postmortem) -> list[str]:
    """What actions lack before the document can be published, a sentence each."""
    found = actions(document)
    said = [f"action {one.number} has no {lack}" for one in found for lack in one.lacks]
    if (
        not found
        and spoken(document.section("actions"))
        and not _NONE.search(_without_comments(document))
    ):
        said.append(
            "the actions hold no line as `- [ ] what (owner: name, due: 2026-10-01)`;"
            " write `No action: why` where there is none"
        )
    return said


_NONE: Final = re.compile(r"^[ \t]*No action: *\S", re.MULTILINE | re.IGNORECASE)


def _without_comments(document: Postmortem) -> str:
    """The actions with comments blanked, so that places stay the same."""
    return COMMENT.sub(lambda one: re.sub(r"[^\n]", " ", one[0]), document.section("actions"))
