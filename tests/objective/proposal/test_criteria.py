"""Which requests count, and which are good?"""

from dataclasses import replace

import pytest

from errorbudget.objective.criterion import check_criterion
from errorbudget.objective.proposal.criteria import Criteria, choose
from errorbudget.objective.proposal.profile import Durations, Profile, Status, is_health_check

PLAIN = Profile(
    service="shop",
    requests=10_000,
    with_status=10_000,
    with_duration=0,
    bots=0,
    tenants=0,
    first=0,
    last=100_000,
    statuses=(Status(200, 9_900, None, 0, 1_600), Status(500, 100, None, 0, 80)),
    routes={"/pay": 10_000},
    health_checks=(),
    environments={},
    durations=(),
    attributes={},
)


def chosen(profile: Profile) -> Criteria:
    found = choose(profile)
    assert found is not None
    for text in (found.scope, found.valid, found.good):
        assert text is None or check_criterion(text)
    return found


def test_answers_of_the_server_are_bad_and_those_of_the_client_are_left_out() -> None:
    found = chosen(PLAIN)

    assert found.good == "status < 500"
    assert found.valid == "status IS NULL OR status NOT BETWEEN 400 AND 499"
    assert found.scope is None


def test_every_choice_has_its_reason() -> None:
    found = chosen(replace(PLAIN, statuses=(*PLAIN.statuses, Status(404, 50, None, 0, 40))))

    assert any("404 ×50" in why for why in found.why_valid)
    assert any("500 ×100" in why for why in found.why_good)


def test_health_checks_and_bots_are_left_out_and_their_share_is_told() -> None:
    routes = {"/pay": 6_000, "/healthz": 4_000}
    found = chosen(replace(PLAIN, routes=routes, health_checks=("/healthz",), bots=500))

    assert found.scope == "route <> '/healthz' AND NOT is_bot"
    assert any("40 %" in why for why in found.why_scope)


@pytest.mark.parametrize("route", ["/healthz", "/metrics", "/-/ready", "/actuator/health", "ping"])
def test_routes_of_probes_are_known(route: str) -> None:
    assert is_health_check(route)


@pytest.mark.parametrize("route", ["/health-insurance", "/status/7", "/pingpong", "/up/load"])
def test_routes_that_only_sound_like_probes_count(route: str) -> None:
    assert not is_health_check(route)


def test_too_many_requests_of_one_tenant_are_its_own_doing() -> None:
    quota = Status(429, 300, 290, 3, 12)
    found = chosen(replace(PLAIN, statuses=(*PLAIN.statuses, quota)))

    assert "429" not in (found.valid or "") + found.good
    assert any("callers over their quotas" in why for why in found.why_valid)


def test_too_many_requests_of_all_tenants_are_load_shed_by_us() -> None:
    shed = Status(429, 300, 20, 80, 12)
    found = chosen(replace(PLAIN, statuses=(*PLAIN.statuses, shed)))

    assert "status = 429" in (found.valid or "")
    assert "status <> 429" in found.good


def test_too_many_requests_of_somebody_each_hour_are_quotas() -> None:
    steady = Status(429, 3_000, 200, 80, 1_200)
    found = chosen(replace(PLAIN, statuses=(*PLAIN.statuses, steady)))

    assert "429" not in (found.valid or "") + found.good


def test_callers_who_left_count_only_when_they_waited_too_long() -> None:
    rows = (Durations(None, 40, 9_000), Durations(None, 41, 900), Durations(None, 90, 100))
    found = chosen(replace(PLAIN, with_duration=10_000, durations=rows))

    assert found.threshold is not None
    assert f"(status = 499 AND duration_ms >= {found.threshold:.0f})" in (found.valid or "")
    assert f"duration_ms <= {found.threshold:.0f}" in found.good


def test_an_attribute_says_how_requests_ended_where_no_status_does() -> None:
    endings = {"predict_status": {"SUCCEED": 9_000, "FAILED": 90, "PENDING": 10}}
    found = chosen(replace(PLAIN, with_status=0, statuses=(), attributes=endings))

    assert found.good == "attributes['predict_status'] = 'SUCCEED'"
    assert found.valid is None


def test_an_attribute_with_characters_that_nobody_sees_is_written_into_no_criterion() -> None:
    endings = {"predict_status": {"SUCCEED": 9_000, "FAILED\u202e": 90}}

    assert choose(replace(PLAIN, with_status=0, statuses=(), attributes=endings)) is None


def test_requests_that_do_not_say_how_they_ended_get_no_criteria() -> None:
    assert choose(replace(PLAIN, with_status=0, statuses=())) is None


def test_error_logs_belong_unless_they_drown_everything_else() -> None:
    plain = chosen(PLAIN)

    assert plain.with_error_logs(100, 140, "logs").good.endswith("AND error_logs = 0")
    noisy = plain.with_error_logs(100, 5_000, "logs")
    assert noisy.good == plain.good
    assert any("noise" in line for line in noisy.warnings)


def test_production_is_promised_for_where_there_are_several_environments() -> None:
    environments = {"staging": 6_000, "production": 4_000}

    assert chosen(replace(PLAIN, environments=environments)).environment == "production"
    assert chosen(replace(PLAIN, environments={"staging": 1})).environment == ""


def test_codes_of_grpc_are_read_where_there_is_no_status() -> None:
    codes = {"0": 9_800, "5": 120, "14": 60, "13": 20}
    profile = replace(PLAIN, with_status=0, statuses=(), attributes={"rpc.grpc.status_code": codes})
    found = chosen(profile)

    assert found.good == "attributes['rpc.grpc.status_code'] IN ('0', 'OK')"
    assert found.valid is not None
    assert "'5'" in found.valid
    assert "'14'" not in found.valid
    assert any("5 NOT_FOUND ×120" in why for why in found.why_valid)


def test_slow_senders_are_named() -> None:
    found = chosen(replace(PLAIN, statuses=(*PLAIN.statuses, Status(408, 30, None, 0, 12))))

    assert any("408 ×30: the client was too slow" in why for why in found.why_valid)


def test_endings_that_sound_unfinished_are_asked_about() -> None:
    ends = {"SUCCEED": 9_700, "FAILED": 200, "PENDING": 60, "PROCESSING": 3}
    profile = replace(PLAIN, with_status=0, statuses=(), attributes={"ended": ends})

    assert any(
        "PENDING ×60 and PROCESSING ×3 sound unfinished" in one for one in chosen(profile).warnings
    )


def test_error_logs_that_match_nothing_are_not_called_harmless() -> None:
    found = chosen(PLAIN)

    assert "none has the id of a request" in found.with_error_logs(100, 100, 0).later[-1]
    assert "speak of 40 requests, all of them bad" in found.with_error_logs(100, 100, 40).later[-1]
