"""A review as HTML: its Markdown, rendered, with nothing in it that could run or reach out."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from errorbudget.review.markdown import again, markdown


def body(told: Mapping[str, Any]) -> str:
    """What stands between a page's head and its foot; the questions fold away at its end."""
    asked = rendered(again(told))
    first, evidence, rest = rendered(markdown(told, asking=False)).partition(_EVIDENCE)
    # Printed, what to act on is one page, and the evidence begins another.
    return (
        f'{first}<div class="evidence">{evidence}{rest}</div>\n'
        f'<details class="again"><summary>Ask again</summary>\n{asked}</details>\n'
    )


def rendered(text: str) -> str:
    """Markdown as HTML that a page with a strict policy shows in full; HTML in it is text."""
    # Texts of others are escaped twice over: as Markdown where they are told, and as HTML here.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = [each for token in parser.parse(text) for each in _styled(token)]
    return parser.renderer.render(tokens, parser.options, {})


def _styled(token: Token) -> Iterator[Token]:
    """Classes instead of styles, which pages refuse; what scrolls can be reached by keyboard."""
    if token.type in ("th_open", "td_open") and token.attrs.pop("style", None):
        token.attrs["class"] = "number"
    if token.type == "th_open":
        token.attrs["scope"] = "col"
    if token.type == "table_open":
        yield Token("html_block", "", 0, content=_SCROLLS)
    if token.type == "fence":
        yield Token("html_block", "", 0, content=f"{_CODE}{escapeHtml(token.content)}</code></pre>")
        return
    yield token
    if token.type == "table_close":
        yield Token("html_block", "", 0, content="</div>")


_EVIDENCE: Final = "<h2>Evidence</h2>"
_SCROLLS: Final = '<div class="scroll" tabindex="0" role="group" aria-label="A wide table">'
_CODE: Final = '<pre tabindex="0"><code>'
