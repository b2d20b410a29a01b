"""The engine's ground: the store with its leaves, the clock, and the few store idioms that every operation uses.

An operation of the engine is a generator function whose first argument is a `Core` (see `langmem_ext.operations`);
`LongTermMemory` is a `Core` with all of them attached, each in a blocking and an awaitable form.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from langchain_core.documents import BaseDocumentCompressor
from langchain_core.language_models import BaseChatModel
from langgraph.store.base import BaseStore, GetOp, Item, Op, PutOp, Result, SearchItem, SearchOp
from pydantic import BaseModel

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError, RecordNotFoundError
from langmem_ext.longterm.policy import DistillationSettings
from langmem_ext.longterm.settings import RecallSettings
from langmem_ext.longterm.stored import record_in
from langmem_ext.longterm.structured import StructuredModel
from langmem_ext.operations import Operation, batch
from langmem_ext.records import MemoryRecord, clean
from langmem_ext.times import resolve_zone
from langmem_ext.tokens import count_text

TEXT_INDEX: list[str] = ["text"]
"""The one field of a record that is embedded and lexically indexed."""

_PAGE = 500


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


class Core:
    """A memory's store, namespace, clock and settings.

    Args:
        store: Any LangGraph `BaseStore`. What it offers beyond that (`langmem_ext.protocols`) is used.
        namespace: Root of this memory, ``("memories", user)``. Nothing outside it is read or written.
        model: Chat model for distillation, as an object or an `init_chat_model` string; None distils by extraction.
        timezone: Zone of naive times and of days, as an IANA name or `tzinfo`.
        clock: Gives the current aware time; for tests and replays.
        settings: Weights of recall.
        distillation: When and how much to distil.
        reranker: Reorders the best candidates; any LangChain document compressor.
        counter: Counts the tokens of a text.
        redact: Takes out of a text what is not to be stored, such as `langmem_ext.redaction.Redactor`. Everything
            that is stored passes through it first, what is derived as well, so applying it twice must change nothing.
            What it raises keeps the text from being stored. It may be called by several threads at once.
        schemas: Pydantic models of the application's own kinds of data; a model that distils may return records of
            them, and what does not validate is rejected.

    One instance may be used from any number of threads and tasks: it keeps no state but these settings and unsaved
    access statistics.

    Raises:
        InvalidInputError: An illegal namespace or unknown zone.
    """

    def __init__(
        self,
        store: BaseStore,
        namespace: tuple[str, ...] = ("memories", "default"),
        *,
        model: BaseChatModel | str | None = None,
        timezone: str | tzinfo = "UTC",
        clock: Callable[[], datetime] = utc_now,
        settings: RecallSettings | None = None,
        distillation: DistillationSettings | None = None,
        reranker: BaseDocumentCompressor | None = None,
        counter: Callable[[str], int] = count_text,
        redact: Callable[[str], str] | None = None,
        schemas: Sequence[type[BaseModel]] = (),
    ) -> None:
        if not isinstance(store, BaseStore):
            raise InvalidInputError(
                f"store must be a LangGraph BaseStore, got {type(store).__name__}; open one with "
                'langmem_ext.open_store("memory.db")'
            )
        self.store = store
        self.namespace = namespaces.root(namespace)
        self.zone = resolve_zone(timezone)
        self.clock = clock
        self.settings = settings or RecallSettings()
        self.distillation = distillation or DistillationSettings()
        self.reranker = reranker
        self.counter = counter
        self.redact = redact
        self.schemas = _by_name(schemas)
        self._model = model
        self._structured: dict[type[BaseModel], StructuredModel] = {}
        self._usage: dict[str, tuple[int, datetime]] = {}
        self._usage_lock = threading.Lock()

    @property
    def model(self) -> BaseChatModel | None:
        """The model that distils; a string is resolved when first needed."""
        if isinstance(self._model, str):
            from langchain.chat_models import init_chat_model  # noqa: PLC0415 - heavy, and only for strings

            self._model = init_chat_model(self._model)
        return self._model

    def structured(self, schema: type[BaseModel]) -> StructuredModel:
        """Return the model bound to return a schema; bound once, for binding takes milliseconds.

        Raises:
            InvalidInputError: This memory has no model.
            NotImplementedError: The model can't return structure; LangChain says it so.
        """
        if self.model is None:
            raise InvalidInputError('this memory has no model; pass model="provider:name" or a chat model')
        bound = self._structured.get(schema)
        if bound is None:
            bound = self._structured[schema] = StructuredModel(self.model, schema)
        return bound

    def leaf(self, *parts: str) -> tuple[str, ...]:
        """Return the namespace of one part of this memory."""
        return (*self.namespace, *parts)

    @property
    def records_leaf(self) -> tuple[str, ...]:
        """Namespace of the records."""
        return self.leaf(namespaces.RECORDS)

    def now(self) -> datetime:
        """Return the current time by this memory's clock.

        Raises:
            InvalidInputError: The clock gave a naive time.
        """
        moment = self.clock()
        if moment.tzinfo is None:
            raise InvalidInputError(f"the clock must give aware times, got the naive {moment!r}")
        return moment

    def today(self) -> date:
        """Return today's date by this memory's clock, in its zone."""
        return self.now().astimezone(self.zone).date()

    def note_use(self, ids: Sequence[str], moment: datetime) -> None:
        """Remember, in memory, that recall returned these records; the next write saves it."""
        with self._usage_lock:
            for record_id in ids:
                count, _ = self._usage.get(record_id, (0, moment))
                self._usage[record_id] = (count + 1, moment)

    def drop_usage(self, ids: Iterable[str]) -> None:
        """Forget the unsaved uses of records that are gone."""
        with self._usage_lock:
            for record_id in ids:
                self._usage.pop(record_id, None)

    def take_usage(self) -> dict[str, tuple[int, datetime]]:
        """Return the unsaved uses and forget them here."""
        with self._usage_lock:
            taken, self._usage = self._usage, {}
        return taken


def _by_name(schemas: Sequence[object]) -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for schema in schemas:
        if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
            raise InvalidInputError(f"schemas must be pydantic model classes, got {schema!r}")
        found[schema.__name__] = schema
    return found


def get_items(core: Core, leaf: tuple[str, ...], keys: Sequence[str]) -> Operation[list[Item | None]]:
    """Get items of one leaf by key, in order, None where there is none."""
    results = yield from batch(core.store, [GetOp(leaf, key, refresh_ttl=False) for key in keys])
    return [result if isinstance(result, Item) else None for result in results]


def check_id(record_id: object) -> str:
    """Return the record id.

    Raises:
        InvalidInputError: Not a non-empty string.
    """
    if not isinstance(record_id, str) or not record_id:
        raise InvalidInputError(f"a record id is a non-empty string, got {record_id!r}")
    return clean(record_id)


def not_found(core: Core, record_id: str) -> RecordNotFoundError:
    """Return the error that tells that there is no such record."""
    return RecordNotFoundError(
        f"no record {record_id!r} in namespace {core.namespace!r}; records() lists what is there"
    )


def get_record(core: Core, record_id: object) -> Operation[MemoryRecord]:
    """Get one record with its access statistics.

    Raises:
        InvalidInputError: `record_id` is not a non-empty string.
        RecordNotFoundError: There is none.
    """
    record_id = check_id(record_id)
    ops: list[Op] = [
        GetOp(core.records_leaf, record_id, refresh_ttl=False),
        GetOp(core.leaf(namespaces.USAGE), record_id, refresh_ttl=False),
    ]
    item, usage = yield from batch(core.store, ops)
    if not isinstance(item, Item) or is_shadow(item):
        raise not_found(core, record_id)
    return record_in(item, usage if isinstance(usage, Item) else None)


def is_shadow(item: Item) -> bool:
    """Tell the trace of an undone belief (see `versions`) from the record itself."""
    return bool(item.value.get("shadow")) and item.key != item.value.get("id")


def scan(core: Core, leaf: tuple[str, ...], equal: dict[str, Any] | None = None) -> Operation[list[SearchItem]]:
    """Return every item of one leaf (and of namespaces below it) whose fields equal `equal`.

    Only equality is asked of the store, because that is what every store gets right.
    """
    found: list[SearchItem] = []
    seen: set[tuple[tuple[str, ...], str]] = set()
    while True:
        op = SearchOp(leaf, filter=equal or None, limit=_PAGE, offset=len(found), refresh_ttl=False)
        (page,) = yield from batch(core.store, [op])
        items = search_items(page)
        fresh = [item for item in items if (item.namespace, item.key) not in seen]
        seen.update((item.namespace, item.key) for item in fresh)
        found.extend(fresh)
        if len(items) < _PAGE or not fresh:
            return found


def search_items(result: Result) -> list[SearchItem]:
    """Narrow a batch result to search items."""
    return [item for item in result if isinstance(item, SearchItem)] if isinstance(result, list) else []


def put(leaf: tuple[str, ...], key: str, value: dict[str, Any] | None) -> PutOp:
    """Return a put (or, with None, a delete) of a bookkeeping item, which is never embedded."""
    return PutOp(leaf, key, value, index=False)
