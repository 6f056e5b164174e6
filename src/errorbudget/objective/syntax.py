"""Is this text one SQL expression of modest size? Nothing yet about what the expression may say."""

from typing import Any, Final

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.expressions.core import Expression as Node
from sqlglot.tokenizer_core import Token, TokenType

from errorbudget.objective.refusal import CriterionRefused

LONGEST: Final = 4000
"""Characters of one expression."""
_MOST_TOKENS: Final = 1000
_DEEPEST: Final = 16
"""Parentheses within parentheses; the parser recurses some twenty frames for each."""
_DEEPEST_TREE: Final = 48
_LONGEST_PREFIX: Final = 4
"""`NOT`s or minus signs in a row."""

_OPENING: Final = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
_CLOSING: Final = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
_PREFIX: Final = {TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE}
_DIALECT: Final = DuckDB()
_PARSER: Final[Any] = _DIALECT.parser_class


class _PlainCalls(_PARSER):
    """DuckDB's grammar with every function a plain call: names and arguments stay as written."""

    FUNCTIONS: Final = {}
    NO_PAREN_FUNCTIONS: Final = {}
    FUNCTION_PARSERS: Final = {
        name: _PARSER.FUNCTION_PARSERS[name] for name in ("CAST", "TRY_CAST")
    }
    NO_PAREN_FUNCTION_PARSERS: Final = {"CASE": _PARSER.NO_PAREN_FUNCTION_PARSERS["CASE"]}


def parse(text: str) -> Node:
    """The tree of the one expression in `text`. Raises CriterionRefused."""
    tokens = _tokens(text)
    try:
        trees = _PlainCalls(dialect=_DIALECT).parse_into(exp.Condition, tokens, text)
    except ParseError as cause:
        raise CriterionRefused(f"is not one SQL expression: {_where(cause)}") from None
    if len(trees) != 1 or trees[0] is None:
        raise CriterionRefused("is not one SQL expression; write one, as in `status < 500`")
    _bound_tree(trees[0])
    return trees[0]


def _tokens(text: str) -> list[Token]:
    if not text.strip():
        raise CriterionRefused("is empty; write an expression, as in `status < 500`")
    if len(text) > LONGEST:
        raise CriterionRefused(f"is longer than {LONGEST} characters; say it more shortly")
    for character in text:
        if not (character.isprintable() or character in "\n\r\t"):
            raise CriterionRefused(
                f"holds the invisible character U+{ord(character):04X}; remove it"
            )
    try:
        tokens = _DIALECT.tokenize(text)
    except TokenError:
        raise CriterionRefused("has a quotation that does not end; close it") from None
    _bound_tokens(tokens)
    return tokens


def _bound_tokens(tokens: list[Token]) -> None:
    depth = prefix = 0
    for token in tokens:
        if token.comments:
            raise CriterionRefused("holds a comment; comment in the document, with `#`")
        if token.token_type is TokenType.SEMICOLON:
            raise CriterionRefused("holds a `;`; write one expression, without it")
        if token.token_type is TokenType.NOT and token.text == "!":
            raise CriterionRefused("holds `!`; write NOT")
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        prefix = prefix + 1 if token.token_type in _PREFIX else 0
        if depth > _DEEPEST or prefix > _LONGEST_PREFIX:
            raise CriterionRefused(f"is nested too deeply; at most {_DEEPEST} levels")
    if len(tokens) > _MOST_TOKENS:
        raise CriterionRefused(f"has more than {_MOST_TOKENS} words and signs; say it more shortly")


def _bound_tree(root: Node) -> None:
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > _DEEPEST_TREE:
            raise CriterionRefused(
                "chains too many operations; say it more shortly, with IN for example"
            )
        for child in node.iter_expressions():
            chained = type(child) is type(node) and isinstance(node, exp.And | exp.Or)
            pending.append((child, depth if chained else depth + 1))


def _where(cause: ParseError) -> str:
    for error in cause.errors:
        if found := error.get("highlight"):
            return f"cannot go on at `{str(found)[:40]}`"
    return "something is missing or out of place"
