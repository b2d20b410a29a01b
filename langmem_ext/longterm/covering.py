"""Which of the records that a recall has found need not be loaded, because others of them say it already. Pure."""

from collections.abc import Mapping, Sequence

from langmem_ext.longterm.fitting import overlap
from langmem_ext.longterm.settings import RecallSettings
from langmem_ext.longterm.topics import is_topical
from langmem_ext.records import DIGESTS, MemoryRecord


def covered(
    records: Sequence[MemoryRecord], by_keyword: Mapping[str, Sequence[str]], settings: RecallSettings
) -> dict[str, str]:
    """Return the ids of entries that a chosen summary covers, except those that a selective keyword names, and why.

    A keyword that speaks of the summary's topic as a whole (its label, or a broader concept), or that names most of
    what the summary covers, exempts nothing. What was derived from covered entries alone is covered with them, and a
    derived record that says what its source says gives way to it: the evidence is worth more.

    Args:
        records: Best first.
        by_keyword: Which records each of the question's keywords names.
        settings: Weights of recall.
    """
    dropped = _echoes(records, settings.duplicate_overlap)
    for summary in records[: settings.cover_depth]:
        if summary.kind in DIGESTS and summary.id not in dropped:
            dropped |= _covered_by(summary, records, by_keyword, settings.cover_selectivity)
    return dropped


def _covered_by(
    summary: MemoryRecord,
    records: Sequence[MemoryRecord],
    by_keyword: Mapping[str, Sequence[str]],
    selectivity: float,
) -> dict[str, str]:
    sources = set(summary.sources)
    below = [record for record in records if record.id in sources or _derived_from(record, sources)]
    entries = {record.id for record in below if record.keywords}
    exempt: set[str] = set()
    for word, ids in by_keyword.items():
        hit = entries.intersection(ids)
        if len(hit) <= selectivity * len(entries) and not is_topical(word, summary.topic):
            exempt |= hit
    return {record.id: f"covered by {summary.id}" for record in below if record.id not in exempt}


def _derived_from(record: MemoryRecord, sources: set[str]) -> bool:
    return bool(record.sources) and record.kind not in DIGESTS and sources.issuperset(record.sources)


def _echoes(records: Sequence[MemoryRecord], enough: float) -> dict[str, str]:
    """Return derived records that say no more than a source that is here too."""
    by_id = {record.id: record for record in records}
    found: dict[str, str] = {}
    for record in records:
        for source in (by_id[name] for name in record.sources if name in by_id):
            if overlap(record.content, source.content) >= enough:
                found[record.id] = f"says what {source.id} says"
    return found
