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
        window_messages: Messages per consolidation window at most, so that every summary reads a bounded input; several
            short sessions share one window, and so one model call.
        window_tokens: Tokens of what was said that one model call reads at most, for the same reason; where it is more,
            the longest messages are cut in the middle.
        known_topics: Topic labels shown to the model for reuse, the most recent first.
        summary_tokens: Tokens of an extracted summary at most.
        summary_least: Tokens that an extracted summary may always take.
        summary_whole: Tokens of a conversation so short that its extracted summary leaves out no statement.
        summary_share: Tokens of an extracted summary as a share of what it digests, at most.
        fan_in: Summaries that one roll-up reads at most.
        roll_up_at: Summaries of one topic in one week (or weeks of one topic) that make a roll-up worth its call.
        reflect_at: Sum of importance of what is new that makes a reflection due. Generative Agents (Park et al., 2023,
            arXiv:2304.03442) reflect at 150 on a scale of 1 to 10, which is 15 here.
        reflect_entries: Records that one reflection reads at most, the most important first.
        daily_calls: Model calls of distillation per day and memory at most; None is no cap. At the cap, extraction goes
            on without a model.
        daily_tokens: Tokens of distillation per day and memory at most, likewise.
        half_life_days: Days in which an unused memory's strength halves. Strength is importance, halved so often
            (exponential forgetting, Ebbinghaus 1885); every doubling of its uses adds a half-life to its half-life.
        archive_below: Strength below which a distilled memory is archived: no longer recalled, kept, and brought back
            by `undo`. With the defaults an average one (0.5) lasts 600 days, an important one (0.9) 750.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    update_messages: int = Field(20, ge=1, le=200)
    neighbours: int = Field(20, ge=0, le=200)
    neighbour_query: int = Field(2000, ge=1)
    reinforcement: float = Field(0.2, ge=0, le=1)
    session_gap: timedelta = timedelta(minutes=30)
    window_messages: int = Field(80, ge=1, le=400)
    window_tokens: int = Field(8000, ge=100)
    known_topics: int = Field(40, ge=0)
    summary_tokens: int = Field(160, ge=16)
    summary_least: int = Field(64, ge=16)
    summary_whole: int = Field(160, ge=0)
    summary_share: float = Field(0.08, gt=0, le=1)
    fan_in: int = Field(16, ge=2, le=64)
    roll_up_at: int = Field(3, ge=2)
    reflect_at: float = Field(15.0, gt=0)
    reflect_entries: int = Field(100, ge=2, le=400)
    daily_calls: int | None = Field(None, ge=0)
    daily_tokens: int | None = Field(None, ge=0)
    half_life_days: float = Field(180.0, gt=0)
    archive_below: float = Field(0.05, ge=0, lt=1)
