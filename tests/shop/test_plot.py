from collections import Counter
from itertools import pairwise

from errorbudget.shop import plot
from errorbudget.shop.generation import QUARTER, START


def test_the_quarter_has_41_deploys_of_which_one_went_past_the_gate() -> None:
    deploys = plot.deploys(START, QUARTER)

    assert Counter(deploy.change.service for deploy in deploys) == {
        "checkout": 22,
        "search": 13,
        "ledger": 6,
    }
    assert [deploy.change.id for deploy in deploys if not deploy.gated] == ["checkout-2.19.1"]


def test_deploys_are_told_in_order_of_time_and_follow_one_another() -> None:
    deploys = plot.deploys(START, QUARTER)

    serving = dict(plot.SERVICES)
    assert deploys == tuple(sorted(deploys, key=lambda deploy: deploy.change.started_at))
    for deploy in deploys:
        assert deploy.previous == serving[deploy.change.service]
        serving[deploy.change.service] = deploy.change.version


def test_every_change_has_an_id_of_its_own_and_names_files_and_lines() -> None:
    told = [deploy.as_dict() for deploy in plot.deploys(START, QUARTER)]

    assert len({change["id"] for change in told}) == len(told)
    assert all(
        change["files"] and change["lines"] > 0 and "@" in change["author"] for change in told
    )


def test_the_troubles_of_one_service_do_not_overlap() -> None:
    events = plot.events(START, QUARTER)

    for service in plot.SERVICES:
        own = [event for event in events if event.service == service]
        assert all(one.end <= other.start for one, other in pairwise(own))


def test_no_search_deploy_fits_the_slow_burn() -> None:
    slow = next(event for event in plot.events(START, QUARTER) if event.name == "slow-index")

    assert not [
        deploy
        for deploy in plot.deploys(START, QUARTER)
        if deploy.change.service == "search" and slow.start <= deploy.change.started_at < slow.end
    ]
