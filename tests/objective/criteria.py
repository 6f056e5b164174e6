"""Criteria of every kind, as people could write them."""

from hypothesis import strategies as st

NUMBERS = st.sampled_from(
    ["status", "duration_ms", "error_logs", "0", "1", "499", "1200", "0.5", "2147483647", "1e3"]
)
TEXTS = st.sampled_from(
    [
        "route",
        "method",
        "attributes['x']",
        "attributes['n']",
        "'/pay'",
        "''",
        "'it''s'",
        "'a%b_'",
        "'\\'",
        "'5'",
    ]
)
PATTERNS = st.sampled_from(["'/p%'", "'%'", "'_'", "''", "'%\\%'", "'/P_y%'"])
REGEXPS = st.sampled_from(["'^/pay'", "'[0-9]+$'", "'(?i)PAY'", "'a|é'", "''", "'\\d'"])
COMPARISONS = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">=", "==", "IS DISTINCT FROM"])
ARITHMETIC = st.sampled_from(["+", "-", "*", "/", "%"])


def joined(*parts: "st.SearchStrategy[str] | str") -> st.SearchStrategy[str]:
    made = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*made).map(lambda words: " ".join(words).strip())


def numbers(inner: st.SearchStrategy[str], texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        joined(inner, ARITHMETIC, inner),
        joined("(", inner, ")"),
        joined("-", inner),
        joined("length(", texts, ")"),
        joined("abs(", inner, ")"),
        joined("round(", inner, ", 1)"),
        joined("floor(", inner, ")"),
        joined("coalesce(", inner, ",", inner, ")"),
        joined("nullif(", inner, ",", inner, ")"),
        joined("greatest(", inner, ",", inner, ")"),
        joined("TRY_CAST(", texts, "AS INTEGER)"),
        joined("CAST(", texts, "AS DOUBLE)"),
        joined("(", texts, ")::BIGINT"),
    )


def texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        joined(inner, "||", inner),
        joined("lower(", inner, ")"),
        joined("trim(", inner, ")"),
        joined("concat(", inner, ",", inner, ")"),
        joined("coalesce(", inner, ",", inner, ")"),
        joined("substr(", inner, ", 2, 3)"),
        joined("substr(", inner, ", error_logs)"),
        joined("split_part(", inner, ", '/', 2)"),
        joined("replace(", inner, ", 'a', 'b')"),
        joined("CAST(", NUMBERS, "AS VARCHAR)"),
    )


ANY_TEXT = st.recursive(TEXTS, texts, max_leaves=4)
ANY_NUMBER = st.recursive(NUMBERS, lambda inner: numbers(inner, ANY_TEXT), max_leaves=6)
PREDICATES = st.one_of(
    st.sampled_from(["is_bot", "TRUE", "FALSE", "is_bot IS TRUE", "is_bot IS NOT FALSE"]),
    joined(ANY_NUMBER, COMPARISONS, ANY_NUMBER),
    joined(ANY_TEXT, COMPARISONS, ANY_TEXT),
    joined(ANY_NUMBER, st.sampled_from(["BETWEEN", "NOT BETWEEN"]), NUMBERS, "AND", ANY_NUMBER),
    joined(ANY_NUMBER, st.sampled_from(["IN", "NOT IN"]), "(", NUMBERS, ",", ANY_NUMBER, ")"),
    joined(ANY_TEXT, st.sampled_from(["IN", "NOT IN"]), "(", TEXTS, ",", ANY_TEXT, ")"),
    joined(ANY_TEXT, st.sampled_from(["LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"]), PATTERNS),
    joined(ANY_TEXT, st.sampled_from(["IS NULL", "IS NOT NULL"])),
    joined(ANY_NUMBER, st.sampled_from(["IS NULL", "IS NOT NULL"])),
    joined("starts_with(", ANY_TEXT, ",", ANY_TEXT, ")"),
    joined("contains(", ANY_TEXT, ",", ANY_TEXT, ")"),
    joined("regexp_matches(", ANY_TEXT, ",", REGEXPS, ")"),
)
CRITERIA = st.recursive(
    PREDICATES,
    lambda inner: st.one_of(
        joined(inner, st.sampled_from(["AND", "OR", "and", "or"]), inner),
        joined("NOT", inner),
        joined("(", inner, ")"),
        joined("CASE WHEN", inner, "THEN", inner, "ELSE", inner, "END"),
        joined("(", inner, ") = (", inner, ")"),
        joined("(", inner, ") IS NULL"),
    ),
    max_leaves=6,
)
