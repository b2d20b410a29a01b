"""What `langmem_ext.protocols` adds to a store: hybrid candidates and named locks."""

from typing import Any

import numpy as np
import pytest
from langgraph.store.base import BaseStore, PutOp

from langmem_ext.protocols import FEEDBACK, Candidates, SupportsCandidates, SupportsExclusive
from langmem_ext.testing.conformance.base import ConformanceBase
from langmem_ext.testing.conformance.driving import OpenStore, unwrapped
from langmem_ext.testing.conformance.embedding import SuiteEmbeddings, cosine
from langmem_ext.testing.conformance.items import ALICE

MESSAGES = {
    "m1": {"text": "tea with Melanie at the harbour", "speaker": "Ann", "thread_id": "t", "occurred_ts": 100.0},
    "m2": {"text": "coffee on 8 May 2023", "speaker": "Melanie", "thread_id": "t", "occurred_ts": 200.0},
    "m3": {"text": "徒步和喝茶", "speaker": "小红", "thread_id": "u", "occurred_ts": 300.0},
}


def candidates(store: BaseStore, query: str, **options: Any) -> Candidates:
    """Ask for Alice's candidates and check that every array has one entry per key."""
    found: Candidates = store.search_candidates(ALICE, query, **options)  # type: ignore[attr-defined]
    count = len(found.keys)
    arrays = (found.words, found.dates, found.characters, found.dense, found.speakers, found.times)
    assert [len(array) for array in arrays] == [count] * len(arrays)
    assert len(set(found.keys)) == count
    return found


class ExtraBehaviour(ConformanceBase):
    """Candidates and locks."""

    @pytest.fixture
    def needs_candidates(self) -> None:
        """Skip before anything is opened, unless the store has hybrid candidates."""
        self.need("supports_candidates", "supports_vectors")

    @pytest.fixture
    def log(self, needs_candidates: None, store: BaseStore) -> BaseStore:  # noqa: ARG002 - skips first
        """The `store` fixture with a short conversation in Alice's namespace, and a note that isn't indexed."""
        assert isinstance(unwrapped(store), SupportsCandidates)
        store.batch([PutOp(ALICE, key, value) for key, value in MESSAGES.items()])
        store.put(ALICE, "off", {"text": "opera"}, index=False)
        store.put((*ALICE, "deeper"), "below", MESSAGES["m1"])
        return store

    def test_candidates_carry_every_lists_score(self, log: BaseStore) -> None:
        """Cosines to three digits, words score what matches, speakers and times are those of the value."""
        found = candidates(log, "tea in the harbour")
        at = {key: n for n, key in enumerate(found.keys)}
        assert {"m1", "m3"} <= set(at) <= set(MESSAGES)
        for key, n in at.items():
            assert found.dense[n] == pytest.approx(cosine("tea", MESSAGES[key]["text"]), abs=2e-3)  # type: ignore[arg-type]
            assert found.speakers[n] == MESSAGES[key]["speaker"]
            assert found.times[n] == MESSAGES[key]["occurred_ts"]
        assert found.words[at["m1"]] > 0
        assert found.words[at["m1"]] == max(found.words)

    def test_candidates_say_how_near_they_are_to_the_nearest(self, log: BaseStore) -> None:
        """Where the store says it: the mean cosine with the items nearest to the query, these among themselves too."""
        texts = {key: str(value["text"]) for key, value in MESSAGES.items()}
        texts |= {"x1": "tea, tea, opera", "x2": "tea, tea, tea, train", "x3": "tea, coffee, opera", "x4": "violin"}
        log.batch([PutOp(ALICE, key, {"text": text}) for key, text in texts.items()])
        found = candidates(log, "tea in the harbour")
        if found.feedback is None:
            pytest.skip("the store gives no feedback")
        near = sorted(texts, key=lambda key: -cosine("tea in the harbour", texts[key]))[:FEEDBACK]
        for key, value in zip(found.keys, found.feedback, strict=True):
            wanted = np.mean([cosine(texts[key], texts[other]) for other in near])
            assert value == pytest.approx(wanted, abs=2e-3)

    def test_candidates_are_of_exactly_one_namespace(self, log: BaseStore) -> None:
        """Neither namespaces below nor others, and an unknown one has none."""
        assert "below" not in candidates(log, "tea").keys
        nothing = log.search_candidates(("nobody",), "tea")  # type: ignore[attr-defined]
        assert (len(nothing.keys), nothing.total) == (0, 0)

    def test_candidates_are_filtered_before_any_list_is_cut(self, log: BaseStore) -> None:
        """With the smallest limit the best of those that pass are found; `total` counts them all."""
        log.batch([PutOp(ALICE, f"near{n}", {"text": f"tea {n}", "occurred_ts": 1000.0 + n}) for n in range(30)])
        found = candidates(log, "tea", filter={"occurred_ts": {"$lt": 150}}, limit=1)
        assert list(found.keys) == ["m1"]
        assert found.total == 1

    def test_candidates_without_dense_search_ask_for_no_embedding(
        self, log: BaseStore, embeddings: SuiteEmbeddings
    ) -> None:
        """`dense=False` leaves NaN."""
        found = candidates(log, "tea", dense=False)
        assert embeddings.queries == []
        assert len(found.keys) > 0
        assert np.isnan(found.dense).all()

    def test_candidates_know_the_speakers_a_query_names(self, log: BaseStore) -> None:
        """Names are recognised among the speakers of the namespace."""
        assert {name.casefold() for name in candidates(log, "What did Melanie drink?").named} == {"melanie"}
        assert candidates(log, "What about Bob?").named == frozenset()

    def test_named_locks_exclude_each_other(self, open_sync: OpenStore) -> None:
        """A taken name is refused without blocking, other names are free, and leaving the context releases it."""
        self.need("supports_exclusive")
        with open_sync() as store:
            assert isinstance(store, SupportsExclusive)
            with store.exclusive("one") as held:
                assert held
                with store.exclusive("one", blocking=False) as again, store.exclusive("two", blocking=False) as other:
                    assert (again, other) == (False, True)
            with store.exclusive("one", blocking=False) as later:
                assert later

    def test_named_locks_hold_between_handles(self, open_sync: OpenStore) -> None:
        """Two handles on one place share their locks."""
        self.need("supports_exclusive", "supports_sharing")
        with open_sync() as one, open_sync() as two:
            assert isinstance(one, SupportsExclusive)
            assert isinstance(two, SupportsExclusive)
            with one.exclusive("name"), two.exclusive("name", blocking=False) as held:
                assert not held
            with two.exclusive("name", blocking=False) as held:
                assert held
