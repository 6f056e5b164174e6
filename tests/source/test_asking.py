"""Which minutes a source is asked about again, so that nothing late is missed for good."""

from errorbudget.source.asking import PIECE, Asking

ASKING = Asking(history=10_000, late=4_320)


def counted(looks: list[int], first: int) -> dict[int, list[int]]:
    """By minute, when it was counted."""
    times: dict[int, list[int]] = {}
    since = 0
    for now in looks:
        left = 1
        while left:
            found = ASKING.touched(since, now, first)
            left = found.left or 0
            for minute in found.minutes.tolist():
                times.setdefault(minute, []).append(now)
            since = found.newest
    return times


def test_the_past_is_counted_piece_by_piece_and_each_minute_of_it_once() -> None:
    times = counted([20_000], first=12_345)

    assert sorted(times) == list(range(12_345, 20_000))
    assert ASKING.touched(0, 20_000, 12_345).left == 20_000 - 12_345 - PIECE


def test_no_more_than_the_configured_past_is_counted() -> None:
    assert ASKING.touched(0, 20_000, 5).minutes[0] == 10_000


def test_where_nothing_is_known_nothing_is_counted() -> None:
    found = ASKING.touched(0, 20_000, None)

    assert (len(found.minutes), found.newest, found.left) == (0, 0, 0)


def test_what_comes_late_is_counted_when_its_minute_is_twice_as_old_and_two_minutes_more() -> None:
    times = counted(list(range(10_000, 14_300)), first=9_990)

    ages = [now - 10_005 for now in times[10_005]]
    for late in range(1, 2_000):
        assert any(late <= age <= 2 * late + 2 for age in ages), late


def test_a_look_asks_for_few_minutes_of_the_past() -> None:
    found = ASKING.touched(20_000, 20_001, None)

    assert len(found.minutes) <= 14
    assert (found.minutes[1:] > found.minutes[:-1]).all()
    assert found.minutes[-1] == 20_000
