"""Topics and keywords: the index as it is, keyword → entries and topic → summary → sources, with links both ways."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from langmem_ext.longterm import LongTermMemory
from langmem_ext.longterm.browsing import RecordPage
from langmem_ext.records import MemoryRecord
from langmem_ext.ui.desk import Desk, desk_of, pages_around, query_of, whole_number

SIZE = 40
TOPICS = 60
ENTRIES = 4
MEMBERS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the keyword index: keywords that name the same entries, how many, and the first of them."""

    keywords: list[str]
    count: int
    entries: list[MemoryRecord]


def page(request: Request) -> Response:
    """Show the whole index, one topic, or one keyword."""
    desk = desk_of(request)
    query = query_of(request)
    offset = whole_number(query, "offset", 0)
    if "topic" in query or "keyword" in query:
        return _one(request, desk, query.get("topic"), query.get("keyword"), offset)
    return _all(request, desk, query.get("q", ""), offset)


def _all(request: Request, desk: Desk, wanted: str, offset: int) -> Response:
    folded = wanted.casefold()
    topics = {name: count for name, count in desk.memory.topic_counts().items() if folded in name.casefold()}
    keywords = {name: count for name, count in desk.memory.keyword_counts().items() if folded in name.casefold()}
    names = list(keywords)[offset : offset + SIZE]
    earlier, later = pages_around("/topics", offset, SIZE, len(keywords), q=wanted)
    return desk.render(
        request,
        "index.html",
        wanted=wanted,
        topics=list(topics.items())[:TOPICS],
        topic_total=len(topics),
        rows=_rows(desk.memory, {name: keywords[name] for name in names}),
        keyword_total=len(keywords),
        earlier=earlier,
        later=later,
    )


def _rows(memory: LongTermMemory, keywords: dict[str, int]) -> list[Row]:
    """Put keywords that name the same entries on one line, as the demo draws them."""
    groups: dict[tuple[str, ...], Row] = {}
    for keyword, entries in memory.keyword_entries(list(keywords), limit=ENTRIES).items():
        count = keywords[keyword]
        key = (str(count), *sorted(entry.id for entry in entries))
        groups.setdefault(key, Row([], count, entries)).keywords.append(keyword)
    return list(groups.values())


def _one(request: Request, desk: Desk, topic: str | None, keyword: str | None, offset: int) -> Response:
    memory = desk.memory
    members = memory.browse(topic=topic, keyword=keyword, limit=MEMBERS, offset=offset)
    digests = memory.browse(topic=topic, keyword=keyword, kinds=["summary", "reflection"], limit=MEMBERS)
    shown = {digest.id for digest in digests.records}
    earlier, later = pages_around("/topics", offset, MEMBERS, members.total, topic=topic, keyword=keyword)
    return desk.render(
        request,
        "entries.html",
        topic=topic,
        keyword=keyword,
        members=members,
        digests=[(digest, _sources(memory, digest)) for digest in digests.records],
        others=[record for record in members.records if record.id not in shown],
        beside=_beside(members),
        earlier=earlier,
        later=later,
    )


def _sources(memory: LongTermMemory, digest: MemoryRecord) -> list[MemoryRecord]:
    found = [memory.get(source) for source in digest.sources[:MEMBERS]]
    return [source for source in found if source]


def _beside(members: RecordPage) -> tuple[list[str], list[str]]:
    """Return the topics and the keywords of the records shown, those of most records first."""
    topics: dict[str, int] = {}
    keywords: dict[str, int] = {}
    for record in members.records:
        if record.topic:
            topics[record.topic] = topics.get(record.topic, 0) + 1
        for keyword in record.keywords:
            keywords[keyword] = keywords.get(keyword, 0) + 1
    return _most(topics), _most(keywords)


def _most(counts: dict[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))[:MEMBERS]
