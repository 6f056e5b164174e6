"""When requests could be seen at all."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from errorbudget.ledger.window import Span
from errorbudget.source import Liveness
from source.asking import requests_of


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() // 60)


TEN = minute("2026-07-01 10:00")


def request(time: str, service: str = "shop") -> dict[str, object]:
    return {"time": f"2026-07-01 {time}", "service": service}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-07-01 {text}").replace(tzinfo=UTC)


def spans(*pairs: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(TEN + start, TEN + end) for start, end in pairs)


NOTHING = Liveness(first_request=None, as_of=None, alive=())


def test_a_service_nobody_knows_was_never_alive(warehouse, send):
    send([request("10:00")])

    assert warehouse.liveness(requests_of("search")) == replace(NOTHING, unseen=("search",))


def test_a_sender_vouches_for_each_batch_and_gaps_under_15_minutes_are_joined(warehouse, send):
    send([request("10:00"), request("10:05:30.25")])
    send([request("10:20:59")])
    send([request("10:36")])

    assert warehouse.liveness(requests_of()) == Liveness(
        first_request=TEN,
        as_of=at("10:36"),
        alive=spans((0, 21), (36, 37)),
        heard=at("10:36"),
    )


def test_only_senders_of_batches_are_heard_and_logs_do_not_count(warehouse, send):
    send([request("10:00"), request("10:30")], feed="access.log", position=1)
    of_a_file = warehouse.liveness(requests_of())
    send([request("10:10"), request("10:20")])
    send([request("10:25", "")], kind="logs")

    assert of_a_file.heard is None
    assert warehouse.liveness(requests_of()).heard == at("10:20")


def test_a_file_is_alive_from_its_first_row_to_its_last_for_every_service_in_it(warehouse, send):
    file = {"feed": "access.log"}
    send([request("10:00"), request("10:01")], position=10, **file)
    send([request("12:00", "search"), request("12:01:07")], position=20, **file)

    assert warehouse.liveness(requests_of("search")) == Liveness(
        first_request=TEN + 120, as_of=at("12:01:07"), alive=spans((0, 122))
    )
    assert warehouse.liveness(requests_of()).alive == spans((0, 122))


def test_a_file_told_backwards_is_alive_all_the_same(warehouse, send):
    for position, time in ((1, "12:00"), (2, "10:00"), (3, "11:00")):
        send([request(time)], feed="access.log", position=position)

    live = warehouse.liveness(requests_of())
    assert (live.alive, live.as_of) == (spans((0, 121)), at("12:00"))


def test_a_batch_that_only_repeats_spans_still_shows_its_sender_alive(warehouse, send):
    for _ in range(2):
        send([request("10:00") | {"span_id": "s"}])

    assert warehouse.liveness(requests_of()).alive == spans((0, 1))


def test_pooled_services_are_alive_when_all_with_data_are(warehouse, send):
    send([request("10:00"), request("10:30")], feed="a", position=1)
    send([request("10:20", "search"), request("10:50", "search")], feed="b", position=1)

    assert warehouse.liveness(requests_of("shop", "search", "unheard")) == Liveness(
        first_request=TEN, as_of=at("10:30"), alive=spans((20, 31)), unseen=("unheard",)
    )


@pytest.mark.parametrize("speaks_for", ["shop", ""])
def test_required_logs_must_be_alive_too(warehouse, send, speaks_for):
    required = requests_of(logs_required=True)
    send([request("10:00"), request("11:00")], feed="a", position=1)
    assert warehouse.liveness(required) == Liveness(first_request=TEN, as_of=at("11:00"), alive=())

    logs = [request("10:10", speaks_for), request("10:40", speaks_for)]
    send(logs, kind="logs", feed="l", position=1)
    assert warehouse.liveness(required) == Liveness(
        first_request=TEN, as_of=at("10:40"), alive=spans((10, 41))
    )
    assert warehouse.liveness(requests_of()).alive == spans((0, 61))


def test_logs_alone_make_no_service(warehouse, send):
    send([request("10:00")], kind="logs")

    assert warehouse.liveness(requests_of()) == replace(NOTHING, unseen=("shop",))
    assert warehouse.services() == []


def test_only_services_that_newer_batches_speak_of_are_stirred(warehouse, send):
    send([request("10:00", "a"), request("10:00", "b")], feed="one")
    first = warehouse.stirred(0)
    send([request("10:01", "c")], feed="two")
    second = warehouse.stirred(first.newest)
    # A feed that goes on vouches for every service it has ever spoken of.
    send([request("10:02", "a")], feed="one")
    third = warehouse.stirred(second.newest)

    assert first.services == {"a", "b"}
    assert second.services == {"c"}
    assert third.services == {"a", "b"}
    assert warehouse.stirred(third.newest).services == frozenset()
