"""What a forgotten record takes with it: which records go, which are written anew, and in what words. Pure functions.

A record goes with the evidence it rests on; a digest of several records is written anew from those that are left, and
so is every digest of a digest that is written anew. What was learnt from something else and only confirmed by what is
forgotten stays. Nothing here asks a model: no model sees what is to be forgotten.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from langmem_ext.keywords import canonical_keyword
from langmem_ext.longterm.extraction import join_sentences
from langmem_ext.longterm.log import stated
from langmem_ext.longterm.salience import summarise
from langmem_ext.longterm.topics import topic
from langmem_ext.records import DIGESTS, MemoryRecord

_LEAST = 32
"""Tokens that a digest may take that is written anew, however short it was."""


@dataclass(slots=True)
class Cascade:
    """What goes and what changes.

    Attributes:
        gone: Records that are removed, by id.
        changed: Records that stay with other sources; digests among them are to be written anew.
    """

    gone: dict[str, MemoryRecord]
    changed: dict[str, MemoryRecord] = field(default_factory=dict)

    def spread(self, derived: Sequence[MemoryRecord]) -> None:
        """Follow derivations from what is gone, through all records that were derived from anything."""
        grown = True
        while grown:
            before = len(self.gone), len(self.changed)
            for record in derived:
                if record.id not in self.gone:
                    self._touch(record)
            grown = before != (len(self.gone), len(self.changed))

    def _touch(self, record: MemoryRecord) -> None:
        left = [source for source in record.sources if source not in self.gone]
        rewritten = any(source in self.changed for source in left) and record.kind in DIGESTS
        if len(left) == len(record.sources) and not rewritten:
            return
        rests = bool(left) if record.kind in DIGESTS else bool(left) and left[0] == record.sources[0]
        if rests and (record.live or record.kind not in DIGESTS):
            self.changed[record.id] = record.model_copy(update={"sources": left})
        else:
            self.changed.pop(record.id, None)
            self.gone[record.id] = record


@dataclass(slots=True)
class Rewriter:
    """Writes digests anew from what is left of their sources.

    Attributes:
        cascade: What goes and changes.
        sources: Every record that is left and that a changed one names as a source, by id.
        counter: Counts the tokens of a text.
    """

    cascade: Cascade
    sources: Mapping[str, MemoryRecord]
    counter: Callable[[str], int]
    _written: dict[str, MemoryRecord | None] = field(default_factory=dict)

    def written(self, record_id: str) -> MemoryRecord | None:
        """Return a changed record as it is to be stored; None where nothing is left to say."""
        if record_id not in self._written:
            self._written[record_id] = None  # a digest that names itself, however that came, rests on nothing
            self._written[record_id] = self._write(self.cascade.changed[record_id])
        return self._written[record_id]

    def _write(self, record: MemoryRecord) -> MemoryRecord | None:
        left = [source for source in map(self._source, record.sources) if source is not None]
        keywords = [word for word in record.keywords if not self._is_gone(word, left)]
        if record.kind not in DIGESTS:
            return record.model_copy(update={"keywords": keywords})
        said = [source.content for source in left if source.kind != "message" or stated(source)]
        sentences = summarise(said, max_tokens=max(_LEAST, self.counter(record.content)))
        if not sentences:
            return None
        data = (
            record.data | {"keywords": keywords}
            if isinstance(record.data, dict) and "keywords" in record.data
            else None
        )
        return record.model_copy(
            update={
                "content": join_sentences(sentences),
                "data": data,
                "quote": None,
                "keywords": keywords,
                "sources": [source.id for source in left],
            }
        )

    def _source(self, record_id: str) -> MemoryRecord | None:
        if record_id in self.cascade.changed:
            return self.written(record_id)
        return self.sources.get(record_id)

    def _is_gone(self, word: str, left: Iterable[MemoryRecord]) -> bool:
        """Whether a keyword names what is forgotten and nothing that is left."""
        kept = any(word in source.keywords or names(word, [source.content]) for source in left)
        gone = self.cascade.gone.values()
        return not kept and any(word in record.keywords or names(word, [record.content]) for record in gone)


def names(label: str, texts: Iterable[str]) -> bool:
    """Whether a text says a label, or a word of it."""
    words = [canonical_keyword(part) for part in label.split("_")]
    return any(word and word in canonical_keyword(text) for text in texts for word in words)


def relabelled(label: str, gone: Sequence[MemoryRecord], left: Sequence[MemoryRecord]) -> str:
    """Return the topic label of what is left under one; another one where only what is forgotten said its words."""
    texts = [record.content for record in left]
    parts = [part for part in label.split("_") if part]
    tainted = any(names(part, [record.content for record in gone]) and not names(part, texts) for part in parts)
    return topic(texts) if tainted and texts else label
