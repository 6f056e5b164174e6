"""Which pipelines may ask the gate without a stored secret, by what their platform says of them?"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from errorbudget.objective.section import Name, Positive, Section


class GithubWorkflow(Section):
    """A workflow of a GitHub repository."""

    repository_id: Positive = Field(examples=[4711])
    workflow: Name = Field(examples=["deploy.yml"])
    """The name of its file; with `@refs/heads/main` only as it is on that branch."""
    environment: Name | None = None
    """The deployment environment that its job names, with that environment's own protection."""

    def refuses(self, claims: Mapping[str, Any]) -> str | None:
        """Why these claims of GitHub are not this workflow's; None where they are."""
        if str(claims.get("repository_id")) != str(self.repository_id):
            return f"repository {_said(claims, 'repository_id')} is not {self.repository_id}"
        path, _, ref = _said(claims, "workflow_ref").partition("@")
        file, _, wanted_ref = self.workflow.partition("@")
        if path.rpartition("/")[2] != file:
            return f"workflow {path.rpartition('/')[2] or '(none)'} is not {file}"
        if wanted_ref and ref != wanted_ref:
            return f"workflow {file} of {ref or '(none)'} is not that of {wanted_ref}"
        return _of_environment(claims, self.environment)


class GitlabProject(Section):
    """The pipelines of a GitLab project."""

    project_id: Positive = Field(examples=[42])
    environment: Name | None = None
    """The environment that its job names."""
    ref_protected: bool = True
    """Whether only branches and tags that GitLab protects may ask: others anybody may push."""

    def refuses(self, claims: Mapping[str, Any]) -> str | None:
        """Why these claims of GitLab are not this project's; None where they are."""
        if str(claims.get("project_id")) != str(self.project_id):
            return f"project {_said(claims, 'project_id')} is not {self.project_id}"
        if self.ref_protected and str(claims.get("ref_protected")).lower() != "true":
            return f"{_said(claims, 'ref')} is not a protected branch or tag"
        return _of_environment(claims, self.environment)


class Identity(Section):
    """Which pipelines are known by who runs them."""

    github: tuple[GithubWorkflow, ...] = ()
    gitlab: tuple[GitlabProject, ...] = ()

    def refuses(self, platform: str, claims: Mapping[str, Any]) -> list[str] | None:
        """Why no pipeline of a platform that is named here fits; None where one does."""
        pins = self.github if platform == "github" else self.gitlab
        found = [pin.refuses(claims) for pin in pins]
        return None if None in found else [why for why in found if why]


def _of_environment(claims: Mapping[str, Any], wanted: str | None) -> str | None:
    if wanted is None or claims.get("environment") == wanted:
        return None
    return f"environment {_said(claims, 'environment')} is not {wanted}"


def _said(claims: Mapping[str, Any], name: str) -> str:
    """A claim as it may be printed."""
    text = str(claims.get(name) or "(none)")[:200]
    return text if text.isprintable() else repr(text)
