"""Run an evaluation: tell conversations to memories, ask agents the questions, and have the answers graded."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore, IndexConfig

from langmem_ext.errors import CapReachedError, InvalidInputError, RecordNotFoundError
from langmem_ext.evaluation.account import Account
from langmem_ext.evaluation.data import Conversation, Phase, Question, phases
from langmem_ext.evaluation.judging import can_be_judged, judge
from langmem_ext.evaluation.metrics import token_f1
from langmem_ext.evaluation.readonly import ReadOnlyStore
from langmem_ext.evaluation.results import QuestionResult, ResultsFile, Settings
from langmem_ext.evaluation.watching import Watch, evidence
from langmem_ext.longterm import LongTermMemory
from langmem_ext.loop import Context, create_memory_agent
from langmem_ext.namespaces import user_namespace
from langmem_ext.records import MemoryRecord
from langmem_ext.store import open_store
from langmem_ext.tokens import count_messages

USER = "evaluation"
MOST_RECALLED = 4_000
"""Tokens of recalled memories in the context at most, as the agent's own default."""
MOST_FAILURES = 10
"""Failures in a row after which a run ends: the model, or the key, won't get better by asking on."""

Progress = Callable[[int, int], None]
"""Called with the number of questions that are done, and of all."""


@dataclass(slots=True)
class Report:
    """How a run ended.

    Attributes:
        asked: Questions answered in this run.
        resumed: Questions whose results were there already.
        remaining: Questions that have no result yet.
        capped: Whether the cap ended the run.
        failures: What failed, conversation and question named.
        warnings: What went wrong in distillation.
    """

    asked: int = 0
    resumed: int = 0
    remaining: int = 0
    capped: bool = False
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Telling:
    """A conversation while it is told."""

    conversation: Conversation
    agent: Any
    told: dict[str, MemoryRecord] = field(default_factory=dict)


class Evaluation:
    """One run over conversations; call `run` once.

    Each conversation has a memory of its own. Questions are asked in new threads of an agent that can't write to it, so
    no question sees another. Questions of one conversation that may know equally much run in parallel, and so do
    conversations.

    Args:
        conversations: What is told and asked.
        model: The agent's and distiller's model.
        settings: What the results depend on; `judge` and the rest must agree with the arguments here.
        results: Where results go, and which are there already.
        judge: Grades the answers; None leaves it at F1.
        index: Index of the stores.
        account: Counts and caps the model calls; None counts without a cap.
        limit: Questions of each conversation at most, the first ones; None is all.
        parallel: Questions, or distillations, at once.
        folder: Keeps the memories for a later run; None keeps them in this process.
        progress: Told of every question that is done; called from several threads, never at once.

    Raises:
        InvalidInputError: A number out of range.
    """

    def __init__(
        self,
        conversations: Sequence[Conversation],
        model: BaseChatModel,
        *,
        settings: Settings,
        results: ResultsFile,
        judge: BaseChatModel | None = None,
        index: IndexConfig | None = None,
        account: Account | None = None,
        limit: int | None = None,
        parallel: int = 1,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        if parallel < 1 or (limit is not None and limit < 1):
            raise InvalidInputError(f"parallel and limit must be at least 1, got {parallel!r} and {limit!r}")
        self.account = account or Account()
        self.results = results
        self.report = Report()
        self._model = self.account.on_model(model)
        self._judge = None if judge is None else self.account.on_model(judge)
        self._settings = settings
        self._index = index
        self._folder = folder
        self._progress = progress
        self._wanted = [(each, self._open_questions(each, limit)) for each in conversations]
        self._total = sum(len(each.queries[:limit]) for each in conversations)
        self._failed_in_a_row = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._room = threading.Semaphore(parallel)
        self._parallel = parallel

    def _open_questions(self, conversation: Conversation, limit: int | None) -> list[int]:
        queries = conversation.queries[:limit]
        keys = [(conversation.name, number, query.q) for number, query in enumerate(queries)]
        return [number for number, key in enumerate(keys) if key not in self.results.found]

    def run(self) -> Report:
        """Ask every question that has no result yet.

        Returns:
            How it ended; a model that fails, or the cap, ends in the report and not in an exception.

        Raises:
            KeyboardInterrupt: The user stopped it; questions under way are finished first, and their results kept.
        """
        open_questions = sum(len(numbers) for _, numbers in self._wanted)
        self.report.resumed = self._total - open_questions
        self._show_progress()
        with ThreadPoolExecutor(self._parallel) as questions, ThreadPoolExecutor(self._parallel) as conversations:
            try:
                waiting = [
                    conversations.submit(self._converse, conversation, numbers, questions)
                    for conversation, numbers in self._wanted
                    if numbers
                ]
                for future in waiting:
                    future.result()
            except BaseException:
                self._stop.set()
                raise
        self.report.remaining = open_questions - self.report.asked
        return self.report

    def _converse(self, conversation: Conversation, numbers: list[int], pool: ThreadPoolExecutor) -> None:
        """Tell one conversation, phase by phase, and ask what may be asked after each."""
        if self._stop.is_set():
            return
        try:
            with self._room, self._opened(conversation) as store:
                memory = LongTermMemory(store, user_namespace(USER), model=self._model)
                telling = _Telling(conversation, self._agent(store))
                coming = list(phases(conversation, numbers))
                _forget_what_came_later(memory, conversation, coming[0].told)
                for phase in coming:
                    self._tell_phase(memory, telling, phase)
                    self._ask_all(telling, phase.questions, pool)
        except Exception as error:  # noqa: BLE001 - a store or an embedder may raise anything; others go on
            self._fail(conversation.name, error)

    def _opened(self, conversation: Conversation) -> AbstractContextManager[BaseStore]:
        url = ":memory:"
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            url = str(self._folder / f"{sha256(conversation.name.encode()).hexdigest()[:16]}.db")
        return open_store(url, index=self._index)

    def _agent(self, store: BaseStore) -> Any:
        budget = self._settings.context_budget
        return create_memory_agent(
            self._model,
            store=ReadOnlyStore(store),
            update="off",
            context_budget=budget,
            max_searches=self._settings.max_searches,
            recall_tokens=min(budget, MOST_RECALLED),
        )

    def _tell_phase(self, memory: LongTermMemory, telling: _Telling, phase: Phase) -> None:
        for session, documents in phase.sessions:
            records = memory.observe([document.message() for document in documents], thread_id=session)
            telling.told.update((record.id, record) for record in records)
        if self._settings.distil and not self._stop.is_set():
            warnings = [*memory.update().warnings, *memory.consolidate().warnings]
            if self.account.spent:
                self._reach_cap()
            elif warnings:
                with self._lock:
                    self.report.warnings.append(f"{telling.conversation.name}: {warnings[0]}")

    def _ask_all(self, telling: _Telling, questions: Sequence[Question], pool: ThreadPoolExecutor) -> None:
        """Ask questions in parallel; the room that telling took is theirs meanwhile."""
        self._room.release()
        try:
            asked: list[Future[None]] = [pool.submit(self._try, telling, question) for question in questions]
            for future in asked:
                future.result()
        finally:
            self._room.acquire()

    def _try(self, telling: _Telling, question: Question) -> None:
        with self._room:
            if self._stop.is_set():
                return
            try:
                result = self._ask(telling, question)
            except CapReachedError:
                self._reach_cap()
            except Exception as error:  # noqa: BLE001 - a provider may raise anything; the question stays open
                if self.account.spent:
                    self._reach_cap()
                else:
                    self._fail(f"{telling.conversation.name}, question {question.number}", error)
            else:
                self.results.add(result)
                with self._lock:
                    self.report.asked += 1
                    self._failed_in_a_row = 0
                    self._show_progress()

    def _ask(self, telling: _Telling, question: Question) -> QuestionResult:
        query, watch = question.query, Watch()
        began = time.perf_counter()
        state = telling.agent.invoke(
            {"messages": [HumanMessage(query.q)]},
            {"callbacks": [watch]},
            context=Context(user_id=USER, thread_id=f"question-{question.number}", now=question.now),
        )
        seconds = time.perf_counter() - began
        answer, usage = state["messages"][-1].text, state["usage"]
        verdict = judge(self._judge, query, answer) if self._judge and can_be_judged(query) else None
        return QuestionResult(
            conversation=telling.conversation.name,
            number=question.number,
            question=query.q,
            category=query.cat,
            gold=query.answer,
            answer=answer,
            correct=verdict.correct if verdict else None,
            reason=verdict.reason if verdict else None,
            f1=None if query.answer is None else token_f1(answer, query.answer),
            evidence=evidence(telling.conversation, query.gold, telling.told, watch.prompt),
            context_tokens=count_messages(watch.prompt),
            seconds=seconds,
            **usage,
        )

    def _reach_cap(self) -> None:
        with self._lock:
            self.report.capped = True
        self._stop.set()

    def _fail(self, where: str, error: Exception) -> None:
        with self._lock:
            self.report.failures.append(f"{where}: {type(error).__name__}: {error}")
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= MOST_FAILURES:
                self._stop.set()

    def _show_progress(self) -> None:
        if self._progress is not None:
            self._progress(self.report.resumed + self.report.asked, self._total)


def _forget_what_came_later(memory: LongTermMemory, conversation: Conversation, told: int) -> None:
    """Empty a memory that an earlier run has told more than the next question may know."""
    later = next((document for document in conversation.docs[told:] if document.text.strip()), None)
    if later is None:
        return
    try:
        memory.get(later.id)
    except RecordNotFoundError:
        return
    memory.forget_all()
