from typing import get_args

import pytest

from errorbudget.errors import Kind
from errorbudget.objective.criterion import CriterionRefused, check_criterion, check_expression
from errorbudget.request import COLUMNS, ColumnType


def sql(text: str) -> str:
    return check_criterion(text).sql


def refusal(text: str) -> str:
    with pytest.raises(CriterionRefused) as refused:
        check_criterion(text)
    assert "\n" not in str(refused.value)
    assert refused.value.kind is Kind.DOCUMENT
    return str(refused.value)


def test_a_criterion_is_written_anew_with_every_part_in_parentheses():
    text = (
        "status is null or status  not between 400 and 499 OR (STATUS = 499 and duration_ms>=1200)"
    )

    expected = (
        '(("status" IS NULL) OR (NOT ("status" BETWEEN 400 AND 499))'
        ' OR (("status" = 499) AND ("duration_ms" >= 1200)))'
    )

    assert sql(text) == expected


def test_a_criterion_knows_the_columns_it_reads():
    criterion = check_criterion("error_logs = 0 AND attributes['a'] = 'b' AND NOT Is_Bot")

    assert criterion.columns == {"error_logs", "attributes", "is_bot"}


@pytest.mark.parametrize(
    "text",
    [
        "status = 499",
        "route NOT IN ('/healthz', '/metrics') AND NOT is_bot",
        "attributes['error.type'] = 'it''s'",
        "attributes['a\"b]'] LIKE '%'",
        "regexp_matches(route, '^/v[0-9]+/(?:a|b)')",
        "lower(trim(route)) ILIKE '/pay%' AND length(route) <= 20",
        "coalesce(duration_ms, 0) / 1000 <= 1.2",
        "CASE WHEN status >= 500 THEN FALSE ELSE duration_ms < 300 END",
        "CASE method WHEN 'GET' THEN TRUE END",
        "TRY_CAST(attributes['n'] AS INTEGER) % 2 = 0",
        "is_bot IS NOT TRUE",
        "status IS DISTINCT FROM 500",
        "time >= TIMESTAMP '2026-01-01 00:00:00'",
        "split_part(route, '/', 2) || 'x' = 'payx'",
        "route = '!' OR route = '-- no comment' OR route = ';'",
        "true",
    ],
)
def test_what_is_written_is_accepted_again_and_stays_the_same(text):
    written = sql(text)

    # Only what we write ourselves may use TRY, so it is taken out before reading it once more.
    if "TRY(" not in written and "TIME ZONE" not in written:
        assert sql(written) == written
    assert check_criterion(text).text == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("status", "judges nothing"),
        ("'a'", "judges nothing"),
        ("NULL", "judges nothing"),
        ("attributes", "as a whole"),
        ("status = 1 extra", "not one SQL expression"),
        ("status =", "not one SQL expression"),
        ("(status = 1", "not one SQL expression"),
        ("status = 1)", "not one SQL expression"),
        ("status = 1 -- always", "comment"),
        ("status = 1 /* always */", "comment"),
        ("status = 1; DROP TABLE requests", "`;`"),
        ("status = 1;", "`;`"),
        ("!is_bot", "write NOT"),
        ("(SELECT true)", "a subquery"),
        ("EXISTS (SELECT 1)", "a subquery"),
        ("status IN (SELECT 1)", "IN with something else"),
        ("status IN statuses", "IN with something else"),
        ("route IN ()", "without a list"),
        ("read_csv('/etc/passwd') = 'x'", "calls read_csv()"),
        ("getenv('HOME') = 'x'", "calls getenv()"),
        ("try(is_bot)", "calls try()"),
        ("error('x')", "calls error()"),
        ("random() < 0.5", "calls random()"),
        ("sum(status) > 1", "calls sum()"),
        ("count(*) > 1", "`*`"),
        ("COLUMNS(*) = 1", "`*`"),
        ("*", "`*`"),
        ("requests.status = 1", "table-qualified"),
        ("attributes.x = 'a'", "table-qualified"),
        ("main.lower(route) = 'a'", "qualified name"),
        ("route.lower() = 'a'", "qualified name"),
        ("\"lower\"(route) = 'a'", "plain name"),
        ("lower(DISTINCT route) = 'a'", "DISTINCT"),
        ("abs(x := 1) = 1", "PROPERTYEQ"),
        ("row_number() OVER () = 1", "window"),
        ("x -> x", "`->`"),
        ("list_filter([1], x -> true)", "a list"),
        ("[1] = [1]", "a list"),
        ("{'a': 1} = {'a': 1}", "a struct"),
        ("MAP {'a': 1} = 1", "not"),
        ("(1, 2) = (1, 2)", "a row of values"),
        ("$1 = 1", "a parameter"),
        ("? = 1", "a parameter"),
        (":a = 1", "a parameter"),
        ("@status = 1", "a parameter"),
        ("#1 = 1", "by its position"),
        ("$$a$$ = 'a'", "dollar signs"),
        ("E'a' = 'a'", "a prefix"),
        ("'a' 'b' = 'ab'", "side by side"),
        ("status // 2 = 1", "`//`"),
        ("status ^ 2 = 1", "POW"),
        ("route ~ 'a'", "regexp_matches"),
        ("route SIMILAR TO 'a'", "SIMILARTO"),
        ("route LIKE 'a' ESCAPE '!'", "ESCAPE"),
        ("route COLLATE NOCASE = 'a'", "COLLATE"),
        ("time AT TIME ZONE 'UTC' = time", "ATTIMEZONE"),
        ("time > INTERVAL 1 DAY", "INTERVAL"),
        ("current_date = time", "unknown column current_date"),
        ("user = 'a'", "unknown column user"),
        ("staus = 1", "did you mean status?"),
        ('route = "/pay"', "single quotes"),
        ("rowid = 1", "unknown column rowid"),
        ("attributes[1] = 'a'", "attributes['x']"),
        ("attributes[route] = 'a'", "attributes['x']"),
        ("attributes['a']['b'] = 'a'", "attributes['x']"),
        ("attributes['a', 'b'] = 'a'", "attributes['x']"),
        ("attributes['a':'b'] = 'a'", "attributes['x']"),
        ("route['a'] = 'a'", "only a map has entries"),
        ("status = NULL", "IS NULL"),
        ("route NOT IN ('a', NULL)", "IS NULL"),
        ("status = '500'", "mixes"),
        ("route = 5", "mixes"),
        ("is_bot = 'true'", "mixes"),
        ("coalesce(status, 'none') = 'none'", "mixes"),
        ("status LIKE '5%'", "mixes"),
        ("is_bot + 1 = 2", "it takes a number"),
        ("route + 1 = 2", "so CAST it"),
        ("-status::VARCHAR = '-200'", "so CAST it"),
        ("IF(is_bot, 1, 2) = 1", "calls if()"),
        ("status AND is_bot", "it takes true or false"),
        ("NOT status", "it takes true or false"),
        ("status = 1 = is_bot", "parentheses"),
        ("CAST(status AS DECIMAL(3, 1)) = 1", "types are"),
        ("CAST(route AS JSON) = 'a'", "types are"),
        ("CAST(route AS INTEGER[]) = 1", "types are"),
        ("CAST(route AS STRUCT(a INTEGER)) = 1", "types are"),
        ("CAST(route AS ENUM('a')) = 'a'", "types are"),
        ("CAST(status AS TIMESTAMP) = time", "no meaning"),
        ("regexp_matches(route, route)", "write it as text"),
        ("regexp_matches(route, '(?=a)')", "group"),
        ("regexp_matches(route, '(a)\\1')", "\\1"),
        ("regexp_matches(route, 'a{1001}')", "1000"),
        ("regexp_matches(route, '((a{100}){100}){10}')", "1000"),
        ("regexp_matches(route, '(')", "not a regular expression"),
        ("regexp_matches(route, 'a**')", "not a regular expression"),
        ("regexp_matches(route, '[[:alpha:]]')", "not a regular expression"),
        (f"regexp_matches(route, '{'a' * 201}')", "longer than 200"),
        ("regexp_matches(route, 'a', 'g')", "option"),
        ("replace(route, 'a', 'aa') = 'x'", "at most as long"),
        ("round(duration_ms, status) = 1", "computes the digits"),
        ("substr(route) = 'a'", "it takes 2 or 3"),
        ("strptime(route, '%Y') = time", "calls strptime()"),
        ("status = 1234567890123456789", "18 digits"),
        ("duration_ms < 1e400", "18 digits"),
        ("status = 1\x00", "U+0000"),
        ("status\u200b = 1", "U+200B"),
        (f"route = '{'a' * 4000}'", "longer than 4000"),
        ("(" * 17 + "is_bot" + ")" * 17, "nested too deeply"),
        ("NOT " * 5 + "is_bot", "nested too deeply"),
        ("CASE WHEN is_bot THEN " * 17 + "true" + " END" * 17, "nested too deeply"),
        ("+".join(["status"] * 60) + " = 1", "chains too many"),
        (",".join(["is_bot"] * 550), "words and signs"),
    ],
)
def test_what_no_criterion_may_say_is_refused_with_the_way_out(text, why):
    assert why in refusal(text)


def test_a_long_list_of_conditions_is_fine():
    assert sql(" OR ".join(f"status = {code}" for code in range(180))).count("=") == 180


def test_every_kind_of_column_can_be_read():
    reads = {
        "time": "time IS NULL",
        "text": "route = ''",
        "integer": "status = 1",
        "number": "duration_ms = 1",
        "boolean": "is_bot",
        "map": "attributes['x'] IS NULL",
        "count": "error_logs = 0",
    }

    assert set(reads) == set(get_args(ColumnType)) == set(COLUMNS.values())
    assert all(check_criterion(text) for text in reads.values())


def test_an_expression_over_a_file_names_its_columns_in_double_quotes():
    made = check_expression('CAST("Response Time" AS DOUBLE) * 1000', ["Response Time", 'a"b'])

    assert made.sql == 'TRY(TRY_CAST("Response Time" AS DOUBLE) * 1000)'
    assert check_expression('"a""b"', ['a"b']).sql == '"a""b"'


def test_an_expression_reads_a_time_with_its_offset_as_utc():
    zoned = check_expression("strptime(at, '%d/%b/%Y:%H:%M:%S %z')", ["at"])
    plain = check_expression("strptime(at, '%Y-%m-%d')", ["at"])

    assert zoned.sql == "(try_strptime(\"at\", '%d/%b/%Y:%H:%M:%S %z') AT TIME ZONE 'UTC')"
    assert plain.sql == "try_strptime(\"at\", '%Y-%m-%d')"


def test_columns_that_differ_only_in_case_need_their_exact_names():
    assert check_expression("Time", ["time", "Time"]).sql == '"Time"'
    with pytest.raises(CriterionRefused, match="unknown column TIME"):
        check_expression("TIME", ["time", "Time"])


def test_an_unknown_time_format_is_refused():
    with pytest.raises(CriterionRefused, match="`%Q`; known are %"):
        check_expression("strptime(a, '%Q')", ["a"])
