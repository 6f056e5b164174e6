"""The prompts: the four skills, for assistants that have the tools and no plugin."""

from functools import cache
from importlib.resources import files
from string import Template
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from errorbudget.mcp import quoting

Service = Annotated[str, Field(description="The service it is about.")]


def offer(server: MCPServer[Any]) -> None:
    """Offer a prompt for each skill."""

    def objective(service: Service) -> str:
        """Propose an objective for a service, and settle what people must decide."""
        return _written("objective", service=service)

    def burn_rate(service: Service, when: str = "now") -> str:
        """Find out why a budget burned."""
        return _written("burn-rate", service=service, when=when)

    def policy(service: Service, change: str = "") -> str:
        """Find out whether a change may ship, and what would let it."""
        return _written("policy", service=service, change=change or "the change at hand")

    def postmortem(service: Service) -> str:
        """Prepare the postmortem of a burn, and ask people for its cause."""
        return _written("postmortem", service=service)

    for prompt, title in (
        (objective, "Propose an objective"),
        (burn_rate, "Explain a burn"),
        (policy, "May this change ship?"),
        (postmortem, "Prepare a postmortem"),
    ):
        server.prompt(title=title)(prompt)


def _written(name: str, **about: str) -> str:
    """The text of a prompt; what was filled in is quoted."""
    filled = {key: quoting.line(text, 200) for key, text in about.items()}
    return Template(_packaged(name)).substitute(filled)


@cache
def _packaged(name: str) -> str:
    return files("errorbudget.mcp.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")
