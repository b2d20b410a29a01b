"""What a model is asked to return when it distils: plain pydantic models, small enough for any provider.

Numbers stand for ids on both sides: a model copies "3" without a mistake and can't reach another tenant's record.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

MAX_OPERATIONS = 64
MAX_LABEL = 100
"""Characters of a topic or a keyword at most."""


class MemoryOperation(BaseModel):
    """One change to long-term memory, justified by the words of a new message."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    action: Literal["add", "revise", "retire", "reinforce"] = Field(
        description="add: new; revise: replaces the known memory `target`; retire: `target` no longer holds; "
        "reinforce: `target` was said again"
    )
    message: int = Field(description="Number of the new message that says so", ge=1)
    quote: str = Field(description="The words of that message that say so, verbatim", min_length=1)
    target: int | None = Field(None, description="Number of the known memory to revise, retire or reinforce", ge=1)
    kind: Literal["fact", "preference", "relation", "event", "profile"] = "fact"
    content: str = Field("", description="The memory in one self-contained sentence, in the user's language")
    data: dict[str, JsonValue] | None = Field(None, description="The same as a small JSON object")
    schema_name: str | None = Field(
        None, alias="schema", description="Name of the schema in <schemas> that `data` follows, if it follows one"
    )
    topic: str | None = Field(
        None, description="Topic label in snake_case, e.g. switzerland_hiking", max_length=MAX_LABEL
    )
    keywords: list[str] = Field(
        default_factory=list, description="In the user's language, and in English", max_length=20
    )
    importance: float = Field(0.5, ge=0.0, le=1.0)
    occurred_at: str | None = Field(None, description="ISO 8601 date of the event, resolved against the message's date")


class MemoryUpdate(BaseModel):
    """What the new messages change; an empty list is a good answer."""

    model_config = ConfigDict(extra="ignore")

    operations: list[MemoryOperation] = Field(default_factory=list, max_length=MAX_OPERATIONS)


class EntryKeywords(BaseModel):
    """An entry that a summary covers, and the keywords that name just this entry."""

    model_config = ConfigDict(extra="ignore")

    entry: int = Field(description="Number of the entry", ge=1)
    keywords: list[str] = Field(
        default_factory=list, description="What this entry says that the others do not", max_length=20
    )


class SummaryDraft(BaseModel):
    """A digest of the entries of one topic."""

    model_config = ConfigDict(extra="ignore")

    topic: str = Field(
        description="Topic label in snake_case, e.g. switzerland_hiking", min_length=1, max_length=MAX_LABEL
    )
    content: str = Field(description="What the entries say, densely, in their language", min_length=1)
    keywords: list[str] = Field(
        default_factory=list, description="In the user's language, and in English", max_length=40
    )
    importance: float = Field(0.5, ge=0.0, le=1.0)
    entries: list[EntryKeywords] = Field(
        default_factory=list, description="The entries it covers; empty is all of them", max_length=400
    )


class Digest(BaseModel):
    """The summaries of a window of conversation: one per topic and session, none where nothing was stated."""

    model_config = ConfigDict(extra="ignore")

    summaries: list[SummaryDraft] = Field(default_factory=list, max_length=32)


class Insight(BaseModel):
    """Something that several entries support and none states alone."""

    model_config = ConfigDict(extra="ignore")

    content: str = Field(description="The insight in one sentence, in the language of the entries", min_length=1)
    about: Literal["user", "assistant"] = Field("user", description="Whom it is about")
    entries: list[int] = Field(description="Numbers of the entries that support it, at least two", max_length=100)
    keywords: list[str] = Field(default_factory=list, max_length=20)
    importance: float = Field(0.7, ge=0.0, le=1.0)


class Reflections(BaseModel):
    """The insights of one reflection; none is a good answer."""

    model_config = ConfigDict(extra="ignore")

    insights: list[Insight] = Field(default_factory=list, max_length=16)
