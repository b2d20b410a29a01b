"""Whatever is passed to the public API: only documented errors come out, and what is stored stays whole."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.store.base import GetOp, InvalidNamespaceError, PutOp

from langmem_ext import LongTermMemory, open_store
from langmem_ext.errors import InvalidInputError, LangMemExtError, RecordNotFoundError
from langmem_ext.keywords import keywords as text_keywords
from langmem_ext.namespaces import label, unlabel, user_namespace
from langmem_ext.offline import HashingEmbeddings
from langmem_ext.records import clean
from langmem_ext.store.hybrid import HybridStore
from langmem_ext.text import language
from langmem_ext.times import parse_bound, spans
from langmem_ext.tokens import count_text
from tests.fuzz import strategies as any_of

NOW = datetime(2026, 2, 28, 12, tzinfo=UTC)
_users = count()
EXAMPLES = settings(max_examples=80)


@pytest.fixture(scope="module")
def store() -> Iterator[HybridStore]:
    embeddings = HashingEmbeddings(dims=32)
    with open_store(":memory:", index={"dims": 32, "embed": embeddings, "fields": ["text"]}) as opened:
        yield opened
        assert opened.check().ok


def fresh(store: HybridStore) -> LongTermMemory:
    return LongTermMemory(store, user_namespace(f"user{next(_users)}"))


def only_documented(action: Callable[[], Any]) -> Any:
    """Run an action; an error of ours is an answer, any other is a failure of the test."""
    try:
        return action()
    except LangMemExtError:
        return None


def whole(memory: LongTermMemory) -> None:
    """Everything in a memory can be read, recalled and counted."""
    records = memory.records(limit=1_000)
    assert len({record.id for record in records}) == len(records)
    for record in records:
        assert memory.get(record.id) == record
    assert sum(memory.stats().records.values()) == len(records)
    assert len(memory.recall("tea 茶", limit=1_000)) <= len(records)


@given(
    content=any_of.texts,
    more=st.fixed_dictionaries(
        {},
        optional={
            "id": any_of.ids,
            "kind": any_of.kinds,
            "data": any_of.json,
            "topic": any_of.texts,
            "keywords": any_of.keywords,
            "importance": any_of.numbers,
            "occurred_at": any_of.times,
            "sources": any_of.keywords,
            "speaker": any_of.texts,
            "thread_id": any_of.texts,
        },
    ),
)
@EXAMPLES
@example(content="x", more={"data": 10**400})
@example(content="x", more={"occurred_at": "9999-12-31"})
@example(content="\ud83d", more={"id": "\ud83d", "speaker": "\ud83d", "topic": "\ud83d"})
def test_remember_stores_what_it_was_given_or_says_why_not(
    store: HybridStore, content: str, more: dict[str, Any]
) -> None:
    memory = fresh(store)
    record = only_documented(lambda: memory.remember(content, **more))
    if record is None:
        assert memory.records() == []
    else:
        assert record.content == clean(content)
        assert memory.get(record.id) == record
        again = only_documented(lambda: memory.revise(record.id, content + "!", **_revisable(more)))
        if again is not None:
            assert memory.undo(again.id).id == record.id
        assert memory.forget(record.id).ids == [record.id]
        assert memory.records() == []


def _revisable(more: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in more.items() if name in {"data", "topic", "keywords", "occurred_at"}}


@given(
    query=any_of.texts,
    more=st.fixed_dictionaries(
        {},
        optional={
            "before": any_of.times,
            "after": any_of.times,
            "as_of": any_of.times,
            "now": any_of.times,
            "kinds": st.one_of(any_of.kinds, st.lists(any_of.kinds, max_size=3)),
            "topic": any_of.texts,
            "thread_id": any_of.texts,
            "keywords": any_of.keywords,
            "limit": any_of.limits,
            "token_budget": any_of.limits,
        },
    ),
)
@EXAMPLES
def test_recall_answers_or_says_why_not(store: HybridStore, query: str, more: dict[str, Any]) -> None:
    memory = LongTermMemory(store, user_namespace("asked"))
    memory.remember_many(
        [{"id": "a", "content": "Alice likes tea", "topic": "tea"}, {"id": "b", "content": "小红喜欢茶"}]
    )
    found = only_documented(lambda: memory.recall(query, **more))
    if found is not None:
        assert set(found.ids()) <= {"a", "b"}
        assert found.text().count("<memory") == len(found)


contents = st.one_of(
    any_of.texts,
    st.lists(st.one_of(any_of.texts, any_of.texts.map(lambda text: {"type": "text", "text": text})), max_size=3),
    st.just([{"type": "image_url", "image_url": {"url": "data:x"}}]),
)
messages = st.one_of(
    st.builds(HumanMessage, contents, id=st.one_of(st.none(), any_of.texts), name=st.one_of(st.none(), any_of.texts)),
    st.builds(
        AIMessage,
        any_of.texts,
        tool_calls=st.lists(
            st.builds(lambda name, args: {"name": name, "args": {"a": args}, "id": "1"}, any_of.texts, any_of.texts),
            max_size=2,
        ),
    ),
    st.builds(ToolMessage, any_of.texts, tool_call_id=any_of.texts),
    st.builds(lambda text, time: HumanMessage(text, additional_kwargs={"timestamp": time}), any_of.texts, any_of.times),
)


@given(said=st.lists(messages, max_size=4), thread=any_of.texts, when=any_of.times)
@EXAMPLES
def test_observe_keeps_all_of_it_in_order_or_nothing(
    store: HybridStore, said: list[Any], thread: str, when: Any
) -> None:
    memory = fresh(store)
    logged = only_documented(lambda: memory.observe(said, thread_id=thread, occurred_at=when))
    if not logged:
        assert memory.records(limit=1_000) == []
        return
    kept = memory.log(logged[0].thread_id or "")
    assert [record.id for record in kept] == list(dict.fromkeys(record.id for record in logged))
    assert len(memory.messages(logged[0].thread_id or "")) == len(kept)
    memory.update()
    memory.consolidate()
    assert memory.stats().pending == 0
    whole(memory)


@given(user=any_of.texts, other=any_of.texts)
@EXAMPLES
def test_no_user_id_leads_into_another_users_memory(store: HybridStore, user: str, other: str) -> None:
    mine = only_documented(lambda: LongTermMemory(store, user_namespace(user)))
    theirs = only_documented(lambda: LongTermMemory(store, user_namespace(other)))
    if mine is None or theirs is None or user == other:
        return
    mine.forget_all()
    theirs.forget_all()
    mine.remember("only mine", id="mine")
    assert theirs.records() == []
    assert theirs.get("mine") is None
    assert not theirs.recall("only mine").records
    theirs.forget_all()
    assert mine.get("mine") is not None
    mine.forget_all()


@given(any_of.json)
@EXAMPLES
def test_a_namespace_that_can_not_be_meant_is_refused(store: HybridStore, namespace: Any) -> None:
    candidate = tuple(namespace) if isinstance(namespace, list) else namespace
    only_documented(lambda: LongTermMemory(store, candidate))


@given(any_of.texts)
@settings(max_examples=300)
def test_labels_are_reversible(text: str) -> None:
    made = only_documented(lambda: label(text))
    assert made is None or unlabel(made) == text


@given(any_of.texts, any_of.times)
@settings(max_examples=300)
def test_reading_a_text_never_fails(text: str, time: Any) -> None:
    assert count_text(text) >= 0
    assert language(text) in {"en", "zh"}
    assert len(text_keywords(text, 5)) <= 5
    only_documented(lambda: parse_bound(text, edge="start", zone=UTC))
    only_documented(lambda: parse_bound(time, edge="end", zone=UTC))
    for span in spans(text, NOW, UTC):
        assert span.start is None or span.end is None or span.start <= span.end


@pytest.mark.parametrize("name", ["get", "history", "retire", "undo", "forget"])
@given(id=st.one_of(any_of.ids, any_of.json))
@settings(max_examples=30)
def test_an_id_that_is_none_is_not_found(store: HybridStore, name: str, id: Any) -> None:  # noqa: A002
    memory = LongTermMemory(store, user_namespace("empty"))
    if name == "get" and isinstance(id, str) and id:
        assert only_documented(lambda: memory.get(id)) is None
    else:
        with pytest.raises((RecordNotFoundError, InvalidInputError)):
            getattr(memory, name)(id)


@pytest.mark.parametrize("depth", [50, 400, 100_000])
def test_json_of_any_depth_is_stored_or_refused(store: HybridStore, depth: int) -> None:
    memory = fresh(store)
    record = only_documented(lambda: memory.remember("deep", data=any_of.deep(depth)))
    assert (record is None) == (memory.records() == [])
    assert record is not None or depth > 100


_operators = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$or", "$where", "$", ""])
_conditions = st.one_of(any_of.json, st.dictionaries(_operators, any_of.json, max_size=3))


@given(
    condition=st.one_of(st.dictionaries(st.one_of(any_of.texts, st.just("kind")), _conditions, max_size=3), any_of.json)
)
@settings(max_examples=150)
def test_a_filter_is_answered_or_refused(store: HybridStore, condition: Any) -> None:
    namespace = ("filtered",)
    if store.get(namespace, "k0") is None:
        store.batch(
            [PutOp(namespace, f"k{n}", {"text": "tea 茶", "kind": kind, "n": n}) for n, kind in enumerate("ab")]
        )
    everything = {item.key for item in store.search(namespace, limit=10)}
    for search in (
        lambda: store.search(namespace, filter=condition, limit=10),
        lambda: store.search(namespace, query="tea", filter=condition, limit=10),
        lambda: store.search_lexical(namespace, "tea", filter=condition, limit=10),
    ):
        found = only_documented(search)
        assert found is None or {item.key for item in found} <= everything


@given(
    ops=st.lists(
        st.one_of(
            st.builds(
                PutOp, st.lists(any_of.texts, max_size=3).map(tuple), any_of.texts, st.one_of(st.none(), any_of.json)
            ),
            st.builds(GetOp, st.lists(any_of.texts, max_size=3).map(tuple), any_of.texts),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=100)
@example(ops=[PutOp(("a",), "k", {"a": 1}), PutOp(("a",), "l", {"a": 1}, ttl=1e300)])
@example(ops=[PutOp(("a",), "k", {"a": 1}), PutOp(("a",), "l", {"a": 1}, ttl=10**400)])
def test_a_batch_is_carried_out_or_refused_whole(store: HybridStore, ops: list[Any]) -> None:
    before = store.check().items
    done = only_documented_by_langgraph(lambda: store.batch(ops))
    if done is None:
        assert store.check().items == before
    else:
        assert len(done) == len(ops)


def only_documented_by_langgraph(action: Callable[[], Any]) -> Any:
    """As `only_documented`; a bad namespace is LangGraph's own error, as in its stores."""
    try:
        return only_documented(action)
    except InvalidNamespaceError:
        return None
