"""Threads that do things again and again."""

import threading

from errorbudget.web.daily import Daily
from errorbudget.web.repeating import Repeating
from web.served import until


def test_it_tries_on_after_what_went_wrong_and_no_more_when_it_was_stopped():
    tried, enough = list[int](), threading.Event()

    def tries() -> None:
        tried.append(len(tried))
        if len(tried) == 3:
            enough.set()
        raise OSError("the records are away")

    succession = Repeating("succession", 0.001, tries)
    succession.start()
    assert enough.wait(30)
    succession.stop()

    assert len(tried) >= 3
    assert not any(one.name == "errorbudget-succession" for one in threading.enumerate())


def test_what_is_done_once_a_day_waits_until_it_is_ours_and_is_done_once():
    looks, done, ours = list[int](), list[str](), threading.Event()

    def is_ours() -> bool:
        looks.append(len(looks))
        return ours.is_set()

    daily = Daily(lambda: done.append("reviewed"), is_ours=is_ours, every=0.001)
    daily.start()
    until(lambda: len(looks) >= 3)
    assert done == []
    ours.set()
    until(lambda: done)
    daily.stop()

    assert done == ["reviewed"]
