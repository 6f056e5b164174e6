"""A thread that tries again and again."""

import threading

from errorbudget.web.repeating import Repeating


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
