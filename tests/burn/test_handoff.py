"""A hand-off finds the lines it is about, and nothing that it quotes can break out of a query."""

import json
import re
from datetime import UTC, datetime

import duckdb
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from errorbudget.burn.handoff import OTEL, OWN, Handoff

SINCE, UNTIL = datetime(2026, 7, 20, 14, tzinfo=UTC), datetime(2026, 7, 20, 15, tzinfo=UTC)
TEMPLATE = 'cannot round <NUM> EUR of order <*>; it\'s "odd" (100%)'
LINE = 'cannot round 12 EUR of order o-7; it\'s "odd" (100%)'

HOSTILE = st.one_of(
    st.just("'; drop table logs; --"),
    st.text(st.sampled_from([*"ab '\"`\\;-/*(){}[]|$^.+?%_=<>#~&,\n\té"]), min_size=1, max_size=40),
)


def handoff(
    templates: tuple[str, ...] = (TEMPLATE,),
    request_ids: tuple[str, ...] = ("t1", "t2"),
    services: tuple[str, ...] = ("checkout",),
    environment: str = "",
) -> Handoff:
    return Handoff(
        services=services,
        environment=environment,
        since=SINCE,
        until=UNTIL,
        request_ids=request_ids,
        templates=templates,
    )


def found(of: Handoff, *lines: tuple[str, str, str]) -> list[str]:
    """The messages that the SQL query finds among lines of service, request id and message."""
    connection = duckdb.connect()
    connection.execute(
        "create table logs"
        " (time timestamp, service text, request_id text, level text, message text)"
    )
    for service, request_id, message in lines:
        values = [datetime(2026, 7, 20, 14, 30), service, request_id, message]  # noqa: DTZ001
        connection.execute("insert into logs values ($1, $2, $3, 'error', $4)", values)
    rows = connection.execute(of.sql("duckdb", OWN)).fetchall()
    (kept,) = connection.execute("select count(*) from logs").fetchone() or (0,)
    assert kept == len(lines)
    return [row[-1] for row in rows]


def test_the_sql_finds_bad_requests_and_telling_lines_in_duckdb():
    told = found(
        handoff(),
        ("checkout", "x", LINE),
        ("checkout", "t2", "anything of a bad request"),
        ("checkout", "x", "order o-7 paid"),
        ("search", "t2", LINE),
    )

    assert sorted(told) == ["anything of a bad request", LINE]


def test_without_ids_and_templates_all_of_the_time_is_handed_over():
    told = found(handoff((), ()), ("checkout", "x", "one"), ("search", "x", "two"))

    assert told == ["one"]
    assert handoff((), ()).logql() == '{service_name=~"checkout"}'


def test_logql_is_one_line_that_holds_ids_and_a_pattern_of_each_template():
    query = handoff(services=("checkout", "check.out-2")).logql()

    assert query.startswith('{service_name=~"checkout|check\\\\.out\\\\-2"} |~ "t1|t2|cannot')
    assert "\n" not in query


def test_logql_by_id_asks_the_metadata_beside_the_lines():
    assert handoff().logql_by_id() == '{service_name=~"checkout"} | trace_id=~"t1|t2"'


def test_every_query_of_a_tool_that_knows_environments_keeps_to_its_own_and_the_unnamed():
    of = handoff(environment="prod")
    labels = ' | deployment_environment=~"prod|" | deployment_environment_name=~"prod|"'
    clickhouse = " ".join(of.sql("clickhouse", OTEL).split())

    assert of.logql().endswith(labels)
    assert of.logql_by_id().endswith(labels)
    assert "ResourceAttributes['deployment.environment'] IN ('', 'prod')" in clickhouse
    assert "ResourceAttributes['deployment.environment.name'] IN ('', 'prod')" in clickhouse
    *_, where = of.elasticsearch()["query"]["bool"]["filter"]
    assert where["bool"]["should"][0] == {"term": {"service.environment": "prod"}}


def test_elasticsearch_asks_for_ids_or_the_phrases_of_a_template():
    told = handoff().elasticsearch()["query"]["bool"]

    assert told["filter"][0] == {"terms": {"service.name": ["checkout"]}}
    assert told["filter"][1]["range"]["@timestamp"] == {
        "gte": "2026-07-20T14:00:00Z",
        "lt": "2026-07-20T15:00:00Z",
    }
    assert told["should"][0] == {"terms": {"trace.id": ["t1", "t2"]}}
    phrases = [one["match_phrase"]["message"] for one in told["should"][1]["bool"]["must"]]
    assert phrases == ["cannot round", "EUR of order", '; it\'s "odd" (100%)']


@given(message=HOSTILE, other=HOSTILE)
def test_a_hostile_line_is_found_by_its_own_template_and_breaks_out_of_nothing(
    message: str, other: str
):
    of = handoff((f"{message} zzz <NUM>",), (other,))
    line = f"{message} zzz 12"

    assert line in found(of, ("checkout", "x", line), ("checkout", "y", "never mind"))
    pattern = json.loads(of.logql().partition(" |~ ")[2])
    assert re.search(pattern, line, re.ASCII)
    for dialect, columns in (("duckdb", OWN), ("clickhouse", OTEL)):
        (statement,) = sqlglot.parse(of.sql(dialect, columns), read=dialect)
        assert isinstance(statement, exp.Select)
        literals = {one.this for one in statement.find_all(exp.Literal) if one.is_string}
        assert other in literals
        assert len(literals) == 5
    assert json.loads(json.dumps(of.elasticsearch())) == of.elasticsearch()


@pytest.mark.parametrize("template", ["", "<NUM>", "<*> <NUM>", "= ="])
def test_a_template_of_masks_alone_asks_for_nothing(template: str):
    assert handoff((template,), ()).logql() == '{service_name=~"checkout"}'
