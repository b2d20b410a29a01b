"""The weights of recall, in one place, each with its reason."""

from pydantic import BaseModel, ConfigDict, Field


class RecallSettings(BaseModel):
    """How recall weighs what it finds. The defaults were measured (`benchmarks/bench_recall.py`); all are optional.

    Scores are fused as ``z(words + date·dates + characters·characters) + w·z(cosine + feedback·nearest)`` and then
    raised for named speakers and times; the lists are scaled by their maxima before they are added, z is the standard
    score over the candidates. See `langmem_ext.longterm.ranking`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidates: int = Field(default=200, ge=1, le=10_000)
    """How many of each list (words, characters, dates, vectors) become candidates. Beyond 200 nothing was gained."""

    depth: int = Field(default=40, ge=1, le=1_000)
    """How many of the best candidates are loaded, boosted and offered to reranking, cover and fit."""

    scan_limit: int = Field(default=2_000, ge=1, le=100_000)
    """How many items at most are read from a store that has neither words nor vectors to search by."""

    date: float = Field(default=1.5, ge=0)
    """Weight of a date that question and memory share, against words: who asks for "7 May" means it."""

    character: float = Field(default=0.3, ge=0)
    """Weight of character n-grams: they catch other forms and misspellings, and carry much noise."""

    character_unspaced: float = Field(default=1.0, ge=0)
    """The same for questions in Chinese and other unspaced scripts, whose words are n-grams."""

    dense: float | None = Field(default=None, ge=0)
    """Fixed weight of the vectors against the words; None adapts it to question and embedder."""

    dense_share: float = Field(default=0.25, gt=0)
    """Weight of the vectors where some memory says all that the question says; where the best says a third of it, the
    vectors weigh three times as much: what is asked in other words is found by meaning."""

    dense_most: float = Field(default=4.0, gt=0)
    """Greatest weight of the vectors: beyond it words no longer count."""

    feedback: float = Field(default=0.4, ge=0)
    """How far, by vector, a question is moved towards the messages nearest to it."""

    speaker: float = Field(default=2.0, ge=0)
    """Raise, in standard deviations, of what was said by the one speaker whom the question names."""

    time: float = Field(default=1.0, ge=0)
    """Raise, in standard deviations, of what lies inside a time that the question names ("last summer"). Soft, because
    what is asked about often was said later; `before` and `after` are the hard bounds."""

    focus: float = Field(default=12.0, gt=0)
    """Content words of a question beyond which times, and the three traits below, count less and less, by the square of
    its length: a long text names times in passing, and is not answered by a message that tells one thing."""

    asks: float = Field(default=-0.5, le=0)
    """Raise, in standard deviations, of what ends in a question and tells nothing of the asker: the answer tells."""

    personal: float = Field(default=0.3, ge=0)
    """Raise of what someone says of themselves ("I", "my", 我), and of what is in no conversation (distilled facts)."""

    length: float = Field(default=0.1, ge=0)
    """Raise for each standard deviation of the logarithm of the length: "Thanks, Anna!" names her and tells nothing."""

    importance: float = Field(default=0.1, ge=0, le=1)
    """Share by which the score of a record grows per unit of importance above the candidates' mean."""

    recency: float = Field(default=0.02, ge=0, le=1)
    """Share by which the score of a distilled record of this moment grows, beside one long past: what was learnt last
    is likelier to hold. Logged messages have none: what was said long ago is asked for as often (at 0.05 it cost up to
    half a point on every set but one)."""

    recency_half_life_days: float = Field(default=30.0, gt=0)
    """Days after which half of that is left."""

    use: float = Field(default=0.05, ge=0, le=1)
    """Share by which the score of the distilled candidate that was recalled most often grows: what was needed is needed
    again. Logged messages have none: on conversations with many questions it cost up to 0.7 points."""

    index_bonus: float = Field(default=2.0, ge=0)
    """Raise, in standard deviations and for each keyword, of what the keyword index names, divided by the root of how
    much that keyword names: one that names everything tells nothing."""

    cover_depth: int = Field(default=8, ge=0)
    """Summaries within the first this many records cover their sources."""

    cover_selectivity: float = Field(default=0.5, ge=0, le=1)
    """A keyword that names at most this share of a summary's sources keeps those beside the summary."""

    duplicate_overlap: float = Field(default=0.9, gt=0, le=1)
    """Jaccard overlap of words from which two records say the same."""

    length_exponent: float = Field(default=0.5, ge=0, le=1)
    """How much a token budget favours short records: value per token to this power; 0 ignores length."""
