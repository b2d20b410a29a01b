"""What `guided` fuzzes: bytes become what someone may pass, and what must hold of every answer is asserted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

Check = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed.

    Attributes:
        make: Imports it, and returns what checks one input; run where imports are instrumented.
        seeds: Returns inputs to begin with.
        words: Pieces worth putting into an input, between blanks.
        longest: Bytes of an input at most.
        patterns: Whether what a regular expression wants is to be put into inputs; Atheris fails on patterns of bytes.
    """

    make: Callable[[], Check]
    seeds: Callable[[], Sequence[bytes]]
    words: str = ""
    longest: int = 256
    patterns: bool = False


def _text(data: bytes) -> str:
    """Read bytes as a text; those that are none become lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def _tokeniser() -> Check:
    from langmem_ext import keywords, text, tokens

    def check(data: bytes) -> None:
        said = _text(data)
        row = text.analyse(said)
        assert row == text.analyse(said)
        assert row.count("\t") <= 2
        words, runs = text.words_and_runs(said)
        assert all(word and not word.isspace() for word in [*words, *runs])
        assert text.language(said) in {"en", "zh"}
        found = keywords.keywords(said, 5)
        assert len(set(found)) == len(found) <= 5
        for word in found:
            once = keywords.canonical_keyword(word)
            assert keywords.canonical_keyword(once) == once
        assert 0 <= tokens.count_text(said) <= 3 * len(said)
        assert (tokens.count_text(said) == 0) == (said == "")
        if said.isascii():  # what is quicker for these must say the same
            assert text.words_and_runs(f"{said} 茶")[0] == words
            assert tokens.count_text(f"{said}茶") == tokens.count_text(said) + 1

    return check


_ZONES: Final = (
    UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia"),
    ZoneInfo("Europe/Dublin"), timezone(timedelta(hours=14)), timezone(-timedelta(hours=12)),
)  # fmt: skip
_NOWS: Final = (
    datetime(2026, 2, 28, 12, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC), datetime(2025, 3, 9, 7, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, tzinfo=UTC), datetime(2023, 10, 29, 1, 30, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(1582, 10, 15, tzinfo=UTC),
)  # fmt: skip


def _times() -> Check:
    from langmem_ext.errors import InvalidInputError
    from langmem_ext.times import chinese, english, parse_bound, resolve, spans  # noqa: F401 - instrumented as well
    from langmem_ext.times.spans import _fold

    def check(data: bytes) -> None:
        choice, said = (data[0], _text(data[1:])) if data else (0, "")
        zone, now = _ZONES[choice % 8], _NOWS[choice // 8 % 8]
        folded = _fold(said)
        for span in spans(said, now, zone):
            assert all(word in folded for word in span.text.split()), "a span says words of the text"
            assert (span.start is None, span.end is None) in {
                "in": {(False, False)},
                "before": {(True, False)},
                "after": {(False, True)},
            }[span.kind]
            start, end = span.to_ts()
            assert start < end or now.year in {1, 9999} or "0001" in said or "9999" in said
        resolve(said, now, zone)
        try:
            first = parse_bound(said, edge="start", zone=zone)
            last = parse_bound(said, edge="end", zone=zone)
        except InvalidInputError:
            return
        assert first is not None
        assert last is not None
        assert first.tzinfo is not None
        assert last.tzinfo is not None
        assert first <= last

    return check


class _Maker:
    """Makes JSON of bytes: few keys and values, so that filters and items meet."""

    keys = ("a", "b", "a.b", "", "é", "$eq", "b.a")
    scalars = (None, True, False, 0, 1, -1, 1.0, -0.0, 0.5, 2**53, 2**53 + 1, 2**63, -(2**64), 10**400, 1e308,
               "", "a", "b", "ab", "茶", "1", "\x00", "a'b", "\U0001f375")  # fmt: skip
    operators = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in")

    def __init__(self, data: bytes) -> None:
        self._data: Iterator[int] = iter(data)

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[next(self._data, 0) % len(choices)]

    def value(self, depth: int = 2) -> Any:
        kind = self.pick(range(6)) if depth else 0
        if kind < 4:
            return self.pick(self.scalars)
        if kind == 4:
            return [self.value(depth - 1) for _ in range(self.pick(range(3)))]
        return self.entries(depth - 1)

    def entries(self, depth: int = 2) -> dict[str, Any]:
        return {self.pick(self.keys): self.value(depth) for _ in range(self.pick(range(4)))}

    def filter(self, depth: int = 2) -> dict[str, Any]:
        return {self.pick(self.keys): self.condition(depth) for _ in range(self.pick(range(1, 3)))}

    def condition(self, depth: int) -> Any:
        kind = self.pick(range(4))
        if kind == 0:
            return self.value()
        if kind == 1 and depth:
            return self.filter(depth - 1)
        return {name: self.operand(name) for name in [self.pick(self.operators) for _ in range(self.pick((1, 1, 2)))]}

    def operand(self, name: str) -> Any:
        return [self.value() for _ in range(self.pick(range(4)))] if name == "$in" else self.value()


def _filters() -> Check:
    from langgraph.store.base import Op, PutOp

    from langmem_ext import FaissStore
    from langmem_ext.errors import InvalidInputError
    from langmem_ext.store.filters import compile_filter, matches

    opened = FaissStore.from_conn_string(":memory:")
    store = opened.__enter__()

    def check(data: bytes) -> None:
        maker = _Maker(data)
        asked = maker.filter()
        values = {str(number): maker.entries() for number in range(maker.pick(range(1, 5)))}
        puts: list[Op] = [PutOp(("n",), key, value) for key, value in values.items()]
        store.batch([*(PutOp(("n",), item.key, None) for item in store.search(("n",))), *puts])
        try:
            conditions = compile_filter(asked)
        except InvalidInputError:
            conditions = None
        try:
            found = {item.key for item in store.search(("n",), filter=asked)}
        except InvalidInputError:
            assert conditions is None
            return
        assert conditions is not None
        assert found == {key for key, value in values.items() if matches(value, conditions)}

    return check


def _lines() -> Check:
    from langmem_ext import FaissStore, LongTermMemory
    from langmem_ext.cli.jsonlines import dump, load, read_memory, write_memory
    from langmem_ext.errors import InvalidInputError, LangMemExtError

    opened = FaissStore.from_conn_string(":memory:")
    store = opened.__enter__()
    users = count()

    def check(data: bytes) -> None:
        try:
            entries = load(_text(data).splitlines(), "file")
        except InvalidInputError:
            return
        assert load(dump(entries, datetime(2026, 1, 1, tzinfo=UTC)), "again") == entries
        memory = LongTermMemory(store, ("memories", f"user{next(users)}"))
        try:
            write_memory(store, memory.namespace, entries)
        except LangMemExtError:
            assert not read_memory(memory)
            return
        last = {(entry.leaf, entry.key): entry.value for entry in entries}
        assert {(entry.leaf, entry.key): entry.value for entry in read_memory(memory)} == last
        for reading in (memory.records, memory.stats, memory.topics, lambda: memory.recall("tea")):
            try:
                reading()
            except LangMemExtError:
                continue
        memory.forget_all()
        assert not read_memory(memory)

    return check


def _export() -> bytes:
    """Return the export of a small memory."""
    from langchain_core.messages import HumanMessage
    from langgraph.store.memory import InMemoryStore

    from langmem_ext import LongTermMemory
    from langmem_ext.cli.jsonlines import dump, read_memory

    moment = datetime(2026, 1, 1, tzinfo=UTC)
    memory = LongTermMemory(InMemoryStore(), clock=lambda: moment)
    memory.observe([HumanMessage("I like tea", id="m")], thread_id="t")
    memory.remember("Tea 茶", id="r", topic="tea")
    memory.revise("r", "Green tea")
    return "".join(dump(read_memory(memory), moment)).encode()


_SAID: Final = (
    "Where did I go hiking last summer? In Zürich's mountains, wasn't it?",
    "我去年夏天在哪里徒步?预算是三千欧元。",
    "ﾃｽﾄ ＡＢＣ ﷺ ½ 👨\u200d👩\u200d👧",
    "people's movies and children's buses",
    "def f(x): return {'a': [1, 2]}  ",
)
_TIMES: Final = (
    "three days before last Friday",
    "from May to July 2023, or the weekend after next",
    "since Easter, early in the 1990s, by the end of Q3",
    "the second week of January 1999",
    "2025-09-30T10:00:00+02:00",
    "noon on 29 February 2024, two fortnights ago, 2025-W40",
    "上个月底到前天下午三点",
    "2025年国庆节之前,农历八月十五,去年第三季度",
)
_TIME_WORDS: Final = """
before after since until between from to the last next ago in of monday may february december morning night week month
year quarter decade century easter first second twenty mornings few couple half early mid late 2024 29 31 0001 9999
12:30 am Q4 BC 年 月 日 号 上 下 前 后 去年 今天 除夕 星期 初 十五 小时 之前 以来 到 半
"""
_LINE_WORDS: Final = """
"id" "kind" "value" "leaf" "key" "records" "log" "state" null true NaN 1e999 -1 [] {} "\\ud800" "items":1
"2026-01-01T00:00:00Z"
"""

TARGETS: Final = {
    "tokeniser": Target(_tokeniser, lambda: [said.encode() for said in _SAID], "'s ies 茶 ﬁ İ \u0301 \u200d ` １"),
    "times": Target(_times, lambda: [b"\x00" + said.encode() for said in _TIMES], _TIME_WORDS, patterns=True),
    "filters": Target(_filters, lambda: [bytes(range(start, start + 40)) for start in range(0, 200, 20)]),
    "lines": Target(_lines, lambda: [_export()], _LINE_WORDS, longest=4096),
}
