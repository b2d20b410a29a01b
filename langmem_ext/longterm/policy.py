"""When and how much to distil: one documented settings object."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class DistillationSettings(BaseModel):
    """How the log is distilled.

    Attributes:
        update_messages: Messages per update call at most: enough context for pronouns, small enough to be read well.
        neighbours: Known memories shown with them at most; a model keeps about twenty apart reliably.
        neighbour_query: Characters of a message that are used to look for its neighbours.
        reinforcement: Share of the distance to 1 by which a repeated mention raises importance.
        session_gap: Silence that ends a session. Half an hour is the usual session boundary of web analytics.
        session_messages: Messages per session summary at most, so that every summary reads a bounded input.
        session_tokens: Tokens per session summary at most, for the same reason.
        summary_tokens: Tokens of an extracted summary at most.
        summary_share: Tokens of an extracted summary as a share of what it digests, at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    update_messages: int = Field(20, ge=1, le=200)
    neighbours: int = Field(20, ge=0, le=200)
    neighbour_query: int = Field(2000, ge=1)
    reinforcement: float = Field(0.2, ge=0, le=1)
    session_gap: timedelta = timedelta(minutes=30)
    session_messages: int = Field(60, ge=1, le=400)
    session_tokens: int = Field(6000, ge=100)
    summary_tokens: int = Field(200, ge=16)
    summary_share: float = Field(0.5, gt=0, le=1)
