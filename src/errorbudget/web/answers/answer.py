"""What does every answer have in common?"""

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Names what is always there; more may be."""

    model_config = ConfigDict(extra="allow")


class Error(Answer):
    """What went wrong."""

    kind: str = Field(examples=["usage"])
    message: str
    lines: list[str]


class Failed(Answer):
    """A failure: the place, the cause and the way out."""

    error: Error


class Health(Answer):
    """How the server is doing."""

    status: str
