"""Share of time expressions read right, per library and language, and how fast.

    python -m benchmarks.bench_times

The tables are those of tests/times: expressions with the span they mean, and sentences without a time. Ours is right
when it finds exactly one span with exactly those ends. Libraries that give one instant are judged leniently: right when
it lies inside the span, where the span is open when it lies at the end of it. Libraries that are not installed are left
out (`pip install dateparser parsedatetime ctparse jionlp` adds them). The tables were written beside the rules, so they
show that nothing was lost and how far the libraries reach, not how ours does on expressions it has never seen.
"""

import contextlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module

from benchmarks.common import Row, environment, publish
from tests.times import chinese, english
from tests.times.tables import NOW, Expression, expressions, sentences

NAIVE = NOW.replace(tzinfo=None)
QUESTION = (
    "What did my sister say about the hiking trip that we took with our friends from work to the lake in May 2023?"
)
QUESTION_ZH = "去年十月我和朋友一起去湖边徒步旅行的时候住在哪个酒店，一共花了多少钱？"
OURS = "langmem_ext"
MILLISECONDS = 0.2
"""Bound on the median time for one question of some 20 words."""
RIGHT = 98.0
"""Bound on the share of the table, in percent."""
Found = list[tuple[datetime | None, datetime | None]]
Reader = Callable[[str], Found]


def ours() -> Reader:
    from langmem_ext.times import spans

    return lambda text: [(span.start, span.end) for span in spans(text, NOW, UTC)]


def dateparser_reader(language: str) -> Reader:
    search_dates = import_module("dateparser.search").search_dates

    def read(text: str) -> Found:
        options = {"RELATIVE_BASE": NAIVE, "PREFER_DATES_FROM": "past"}
        found = search_dates(text, languages=[language], settings=options) or []
        return [(moment.replace(tzinfo=UTC), None) for _, moment in found]

    return read


def parsedatetime_reader() -> Reader:
    calendar = import_module("parsedatetime").Calendar()

    def read(text: str) -> Found:
        return [(found[0].replace(tzinfo=UTC), None) for found in calendar.nlp(text, sourceTime=NAIVE) or ()]

    return read


def ctparse_reader() -> Reader:
    ctparse = import_module("ctparse").ctparse

    def read(text: str) -> Found:
        found = ctparse(text, ts=NAIVE, timeout=1.0, latent_time=False)
        moment = getattr(getattr(found, "resolution", None), "dt", None) or getattr(
            getattr(getattr(found, "resolution", None), "t_from", None), "dt", None
        )
        return [] if moment is None else [(moment.replace(tzinfo=UTC), None)]

    return read


def jionlp_reader() -> Reader:
    extract_time = import_module("jionlp").ner.extract_time

    def moment(text: str) -> datetime | None:
        return None if text in {"inf", "-inf"} else datetime.fromisoformat(text).replace(tzinfo=UTC)

    def read(text: str) -> Found:
        found = extract_time(text, time_base=NAIVE.timestamp()) or []
        spans = [one["detail"]["time"] for one in found if one["type"] in {"time_span", "time_point"}]
        return [(moment(start), moment(end)) for start, end in spans if isinstance(start, str)]

    return read


def right(line: Expression, found: Found, *, exact: bool) -> bool:
    """Whether a reader's answer is the span of the table (exactly), or an instant inside it."""
    if exact:
        return found == [(line.start, line.end)]
    if len(found) != 1 or found[0][0] is None:
        return False
    moment = found[0][0]
    if line.start is None or line.end is None:  # of an open span an instant can only give the end
        edge = line.start or line.end
        return edge is not None and abs(moment - edge) <= timedelta(days=1)
    return line.start <= moment < line.end


def readers(language: str) -> Iterator[tuple[str, Reader, bool]]:
    """The libraries that are installed, ours first."""
    yield OURS, ours(), True
    makers: dict[str, Callable[[], Reader]] = {"dateparser": lambda: dateparser_reader(language)}
    if language == "en":
        makers |= {"parsedatetime": parsedatetime_reader, "ctparse": ctparse_reader}
    else:
        makers["jionlp"] = jionlp_reader
    for name, make in makers.items():
        with contextlib.suppress(ImportError), contextlib.redirect_stdout(sys.stderr):
            yield name, make(), False


def answer(read: Reader, text: str) -> Found:
    """A reader's answer; a library that fails on a text has found nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read(text)
        except Exception:  # noqa: BLE001 - libraries raise what they like
            return []


def p50(read: Reader, question: str, rounds: int) -> float:
    """Milliseconds for one question, median; the first call, which compiles and loads, is left out."""
    answer(read, question)
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer(read, question)
        took.append(1000 * (time.perf_counter() - start))
    return statistics.median(took)


def measure(name: str, language: str, read: Reader, *, exact: bool) -> list[Row]:
    """Rows of one library and language; ours carries the bounds."""
    module, question = (english, QUESTION) if language == "en" else (chinese, QUESTION_ZH)
    lines, timeless = expressions(module.EXPRESSIONS), sentences(module.TIMELESS)
    hits = sum(right(line, answer(read, line.text), exact=exact) for line in lines)
    false = sum(bool(answer(read, sentence)) for sentence in timeless)
    share, bound = 100 * hits / len(lines), exact or None
    return [
        Row(f"read right, {language}", name, len(lines), share, "%", bound and RIGHT, at_least=True),
        Row(f"false positives, {language}", name, len(timeless), false, "", bound and 0.0),
        Row(f"one question, {language}, p50", name, len(question), p50(read, question, 500 if exact else 10), "ms",
            bound and MILLISECONDS),
    ]  # fmt: skip


def main() -> int:
    """Measure every library that is installed; the exit code is 1 where ours misses a bound."""
    rows = [
        row
        for language in ("en", "zh")
        for name, read, exact in readers(language)
        for row in measure(name, language, read, exact=exact)
    ]
    libraries = {row.contender for row in rows} - {OURS}
    return 0 if publish("times", rows, environment(*sorted(libraries))) else 1


if __name__ == "__main__":
    sys.exit(main())
