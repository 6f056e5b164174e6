"""Each trouble of the quarter, found in the rows by plain SQL, beside the planted truth."""

from typing import Any

import duckdb
import pytest

from errorbudget.shop import Shop


def event(shop: Shop, name: str) -> dict[str, Any]:
    return next(event for event in shop.truth["events"] if event["name"] == name)


def one(rows: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return rows.execute(sql).fetchall()[0]


def test_every_event_of_the_story_is_planted(shop: Shop) -> None:
    assert [event["name"] for event in shop.truth["events"]] == [
        "eur-rounding", "provider-outage", "slow-index", "voucher-scan", "tenant-flood", "crowd",
        "wrong-orders", "vanished", "coarse-night", "log-outage",
    ]  # fmt: skip


def test_payments_in_euro_fail_on_the_new_version_only(
    shop: Shop, rows: duckdb.DuckDBPyConnection
) -> None:
    told = event(shop, "eur-rounding")
    failed, elsewhere, versions = one(
        rows,
        """select
            count(*) filter (route = '/pay' and region = 'eu'
                and attributes['payment.currency'] = 'EUR'),
            count(*) filter (not (route = '/pay' and region = 'eu')),
            list(distinct version)
        from checkout where attributes['error.type'] = 'rounding'""",
    )

    assert versions == ["2.14.0"]
    assert elsewhere == 0
    assert told["bad"] <= failed <= told["bad"] * 1.3, "an order tried twice counts once"
    assert told["share_of_excess"] > 0.95


def test_the_rolling_deploy_overlaps_for_twelve_minutes(rows: duckdb.DuckDBPyConnection) -> None:
    first, last_old = one(
        rows,
        """select min(time) filter (version = '2.14.0')::varchar,
            max(time) filter (version = '2.13.0' and time < '2026-07-20 14:40')::varchar
        from checkout where time >= '2026-07-20 14:00'""",
    )

    assert "2026-07-20 14:06" <= first < "2026-07-20 14:09"
    assert "2026-07-20 14:12" < last_old <= "2026-07-20 14:17"


def test_a_new_log_template_comes_with_the_rounding_failure(
    rows: duckdb.DuckDBPyConnection,
) -> None:
    since, until = one(
        rows,
        """select min(time)::varchar, max(time)::varchar from logs
        where message like 'cannot round%'""",
    )

    assert since.startswith("2026-07-20 14:0")
    assert until.startswith("2026-07-20 14:5")


def test_search_slows_down_without_ever_burning_ten_times_too_fast(
    rows: duckdb.DuckDBPyConnection,
) -> None:
    hour, quarter_day, seen = one(
        rows,
        """with minutes as (
            select time_bucket(interval 1 minute, time) as minute, count(*) as valid,
                count(*) filter (status >= 500 or duration_ms > 550) as bad
            from search
            where route <> '/healthz' and not is_bot and status not between 400 and 499
                and time >= '2026-08-02' and time < '2026-08-08'
            group by all
        ), rates as (
            select minute, sum(bad) over hour / sum(valid) over hour / 0.005 as hour,
                sum(bad) over quarter_day / sum(valid) over quarter_day / 0.005 as quarter_day
            from minutes
            window hour as (order by minute range interval 59 minutes preceding),
                quarter_day as (order by minute range interval 359 minutes preceding)
        )
        select max(hour), max(quarter_day), min(minute) filter (quarter_day > 3)::varchar
        from rates where minute >= '2026-08-03'""",
    )

    assert hour < 10
    assert 4 < quarter_day < 9
    assert "2026-08-05" < seen < "2026-08-06"


def test_the_slow_index_is_named_in_the_logs(rows: duckdb.DuckDBPyConnection) -> None:
    usual, slow = one(
        rows,
        """select count(*) filter (time < '2026-08-03'),
            count(*) filter (time >= '2026-08-05' and time < '2026-08-06')
        from logs
        where message like 'index shard % expected 250' and attributes.dependency = 'index'""",
    )

    assert slow > 100 * max(1, usual / 30)


def test_one_tenant_floods_search(shop: Shop, rows: duckdb.DuckDBPyConnection) -> None:
    told = event(shop, "tenant-flood")
    flood, usual = one(
        rows,
        """select count(*) filter (time >= '2026-08-17 02:10' and time < '2026-08-17 03:30'),
            count(*) filter (time < '2026-08-17 02:10' or time >= '2026-08-17 03:30') / 4
        from search where tenant = 't-acme' and not is_bot
            and hour(time) * 60 + minute(time) between 130 and 209
            and time::date in
                ('2026-08-03', '2026-08-10', '2026-08-17', '2026-08-24', '2026-08-31')""",
    )

    assert 25 < flood / usual < 60
    assert told["bad"] / told["valid"] == pytest.approx(0.30, abs=0.05)
    assert told["share_of_excess"] == pytest.approx(0.97, abs=0.02)


def test_wrong_orders_answered_well_and_are_found_three_days_later(
    shop: Shop, rows: duckdb.DuckDBPyConnection
) -> None:
    (correction,) = shop.corrections
    ids = correction["request_ids"]
    good, total = rows.execute(
        """select count(*) filter (status = 200 and time::date = '2026-08-25'), count(*)
        from checkout where trace_id in (select unnest($1::varchar[]))""",
        [ids],
    ).fetchall()[0]

    assert correction["recorded_at"] == "2026-08-28T09:00:00Z"
    assert good == total == len(ids) == round(212 * 0.2)


def test_the_ungated_version_serves_and_is_in_no_recorded_change(
    shop: Shop, rows: duckdb.DuckDBPyConnection
) -> None:
    (since, count) = one(
        rows, "select min(time)::varchar, count(*) from checkout where version = '2.19.1'"
    )
    (ungated,) = shop.truth["ungated"]

    assert since.startswith("2026-08-31 22:4")
    assert count > 500
    assert ungated["id"] == "checkout-2.19.1"


def test_checkout_vanishes_for_25_minutes(shop: Shop, rows: duckdb.DuckDBPyConnection) -> None:
    before, after = one(
        rows,
        """select max(time) filter (time < '2026-09-05 04:30')::varchar,
            min(time) filter (time >= '2026-09-05 04:30')::varchar from checkout
        where time >= '2026-09-05 04:00'""",
    )

    assert before.startswith("2026-09-05 04:19")
    assert after.startswith("2026-09-05 04:45")
    assert event(shop, "vanished")["usual_requests"] > 0
    assert event(shop, "vanished")["bad"] == 0


def test_two_of_31_fail_in_a_night_of_ledger(shop: Shop, rows: duckdb.DuckDBPyConnection) -> None:
    counts = one(
        rows,
        """select count(*), count(*) filter (status = 500) from ledger
        where time >= '2026-09-09 01:00' and time < '2026-09-09 02:00'""",
    )

    assert counts == (31, 2)


def test_the_log_feed_of_search_has_a_hole_of_six_hours(
    shop: Shop, rows: duckdb.DuckDBPyConnection
) -> None:
    (gap,) = one(
        rows,
        """select max(gap)::varchar from (
            select time - lag(time) over (order by time) as gap from logs
            where service = 'search')""",
    )

    assert "05:50:00" < gap < "06:10:00"
    assert len(shop.logs["search"]) == len(shop.requests["search"]) + 1


def test_the_budget_of_checkout_falls_into_the_lowest_band_by_correction(shop: Shop) -> None:
    left = {told["at"]: told["remaining"] for told in shop.truth["remaining"]}

    assert left["2026-07-13T10:00:00Z"] > 0.85
    assert left["2026-08-28T08:00:00Z"] - left["2026-08-28T10:00:00Z"] == pytest.approx(
        0.071, abs=0.01
    )
    assert left["2026-08-28T10:00:00Z"] == pytest.approx(0.22, abs=0.12), "small numbers are coarse"
