"""Results: one JSON line per question, written as soon as it is answered, and what they add up to."""

import json
import statistics
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from langmem_ext.errors import InvalidInputError
from langmem_ext.evaluation.judging import UNANSWERABLE

FORMAT = 1
"""Version of the results file."""
Key = tuple[str, int, str]
"""Conversation, number of the question and its text: a question that was changed is another one."""


class Settings(BaseModel):
    """What results depend on; a file holds results of one setting alone.

    Attributes:
        model: Name of the agent's model.
        judge: Name of the judge's; None grades by F1 alone.
        embed: Name of the embedding model.
        distil: Whether the log was distilled before the questions.
        context_budget: Tokens of the agent's main context.
        max_searches: Rounds of searching per question.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    judge: str | None = None
    embed: str = "offline"
    distil: bool = False
    context_budget: int = 8_000
    max_searches: int = 3


class QuestionResult(BaseModel):
    """One question, its answer, and what that took.

    Attributes:
        conversation: Name of the conversation.
        number: Place of the question in it.
        question: Its text.
        category: Its category.
        gold: The gold answer, where there is one.
        answer: What the agent said.
        correct: The judge's verdict; None without one.
        reason: The judge's reason.
        f1: Token F1 against the gold answer, 0 to 1.
        evidence: Share of the gold ids whose content was in the answer's context, 0 to 1; None without gold ids.
        context_tokens: Size of that context.
        input_tokens: Tokens sent for the answer, over all calls of the turn.
        output_tokens: Tokens received.
        model_calls: Calls of the turn, the judge's not included.
        seconds: Time from question to answer.
    """

    conversation: str
    number: int
    question: str
    category: str
    gold: str | None = None
    answer: str
    correct: bool | None = None
    reason: str | None = None
    f1: float | None = None
    evidence: float | None = None
    context_tokens: int
    input_tokens: int
    output_tokens: int
    model_calls: int
    seconds: float

    @property
    def key(self) -> Key:
        """What tells it from other questions."""
        return (self.conversation, self.number, self.question)


class Summary(BaseModel):
    """Means over questions; a mean is None where no question has the value. Seconds are median and 95th percentile."""

    questions: int
    accuracy: float | None
    f1: float | None
    evidence: float | None
    context_tokens: float | None
    input_tokens: float | None
    output_tokens: float | None
    model_calls: float | None
    seconds_p50: float | None
    seconds_p95: float | None


def summarise(results: Iterable[QuestionResult]) -> Summary:
    """Add results up."""
    found = list(results)

    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return statistics.fmean(known) if known else None

    seconds = sorted(result.seconds for result in found)
    return Summary(
        questions=len(found),
        accuracy=mean(result.correct for result in found),
        f1=mean(result.f1 for result in found),
        evidence=mean(result.evidence for result in found),
        context_tokens=mean(result.context_tokens for result in found),
        input_tokens=mean(result.input_tokens for result in found),
        output_tokens=mean(result.output_tokens for result in found),
        model_calls=mean(result.model_calls for result in found),
        seconds_p50=statistics.median(seconds) if seconds else None,
        seconds_p95=seconds[int(0.95 * (len(seconds) - 1))] if seconds else None,
    )


def by_category(results: Iterable[QuestionResult]) -> dict[str, Summary]:
    """Add results up for each category, in order of name."""
    found = list(results)
    names = sorted({result.category for result in found})
    return {name: summarise(result for result in found if result.category == name) for name in names}


def overall(results: Iterable[QuestionResult]) -> Summary:
    """Add all results up but those of questions that have no answer."""
    return summarise(result for result in results if result.category not in UNANSWERABLE)


class ResultsFile:
    """The results of earlier runs and of this one; without a path, of this one alone. Safe to share between threads.

    Args:
        path: The JSONL file, created where it is missing.
        settings: Of this run.

    Raises:
        InvalidInputError: The file is none of results, or of another setting; it was left as it was.
    """

    def __init__(self, path: Path | None, settings: Settings) -> None:
        self.found: dict[Key, QuestionResult] = {}
        self._path = path
        self._lock = threading.Lock()
        if path is None:
            return
        if path.exists() and path.stat().st_size:
            self._read(path, settings)
        else:
            self._write({"langmem_ext_eval": FORMAT, "settings": settings.model_dump()})

    def add(self, result: QuestionResult) -> None:
        """Note a result and write it down."""
        with self._lock:
            self.found[result.key] = result
            self._write(result.model_dump(mode="json"))

    def _write(self, value: dict[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(value, ensure_ascii=False) + "\n")

    def _read(self, path: Path, settings: Settings) -> None:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.splitlines()
        _check_header(path, lines[0] if lines else b"", settings)
        for number, line in enumerate(lines[1:], 2):
            try:
                result = QuestionResult.model_validate_json(line)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                raise InvalidInputError(f"{path} line {number} is no result: {first['msg']}") from None
            self.found[result.key] = result
        if len(whole) < len(data):  # an interrupted run left half a line
            with path.open("r+b") as file:
                file.truncate(len(whole))


def _check_header(path: Path, line: bytes, settings: Settings) -> None:
    try:
        header = json.loads(line)
        version = header["langmem_ext_eval"]
        earlier = Settings.model_validate(header["settings"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInputError(
            f"{path} holds no results of `langmem-ext eval`; name another file with --out"
        ) from None
    if version != FORMAT:
        raise InvalidInputError(f"{path} has format {version!r}, this version reads {FORMAT}; name another --out")
    was, now = earlier.model_dump(), settings.model_dump()
    changed = ", ".join(f"{name} was {was[name]!r}, is {now[name]!r}" for name in was if was[name] != now[name])
    if changed:
        raise InvalidInputError(f"{path} holds results of another run: {changed}; name another --out")
