"""One process of the soak: agent threads that talk for many users, and a thread that consolidates.

Reports on standard output, one JSON object a line; ends when its standard input is closed. What it says it has said, is
acknowledged: the parent counts it against the log at the end.
"""

import json
import logging
import random
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.tool import tool_call

from benchmarks.common import resident_bytes
from langmem_ext import FaissStore, LongTermMemory, create_memory_agent
from langmem_ext.loop import Context, drain
from langmem_ext.namespaces import user_namespace
from langmem_ext.offline import ExtractiveChatModel, HashingEmbeddings

FAILING = 0.05
"""Share of the model's calls that fail."""
THREADS_OF_A_USER = 2
_NEW = re.compile(r'<message n="(\d+)" speaker="user"[^>]*>(.*?)</message>', re.DOTALL)
_TEXTS: tuple[Callable[[str, int], str], ...] = (
    lambda mark, number: f"{mark} has written note {number} about the lake",
    lambda mark, number: f"{mark}写下了第{number}条关于湖泊的笔记",
)
_random = random.Random()


class ModelDownError(RuntimeError):
    """What a provider raises when it does not answer."""


class UnreliableModel(ExtractiveChatModel):
    """Fails now and then; distils each message of a user into exactly one memory, so that they can be counted."""

    failing: float = FAILING

    def _respond(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]
    ) -> AIMessage:
        if _random.random() < self.failing:
            raise ModelDownError("no answer")
        names = [tool["function"]["name"] for tool in options.get("tools", ())]
        if "MemoryUpdate" in names:
            return _distilled(str(messages[-1].content))
        return super()._respond(messages, stop, options)


def _distilled(prompt: str) -> AIMessage:
    operations = [
        {"action": "add", "message": int(number), "quote": said, "content": said, "importance": 0.5}
        for number, said in _NEW.findall(prompt)
    ]
    return AIMessage("", tool_calls=[tool_call(name="MemoryUpdate", args={"operations": operations}, id="u")])


def opened(path: str) -> FaissStore:
    """Open the store of the soak."""
    embeddings = HashingEmbeddings(dims=64)
    return FaissStore(path, index={"dims": 64, "embed": embeddings, "fields": ["text"]})


def mark(user: int) -> str:
    """A word that stands in everything of a user and in nothing of anyone else."""
    return f"Qx{user:03d}z"


def say(**report: Any) -> None:
    """Report to the parent."""
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


class Worker:
    """The threads of one process."""

    def __init__(self, store: FaissStore, users: int) -> None:
        self.store = store
        self.users = users
        self.model = UnreliableModel()
        self.agent = create_memory_agent(self.model, store=store, update="background", debounce=0.2)
        self.stopping = threading.Event()
        self._numbers = iter(range(_random.randrange(10**9), 10**12))
        self._lock = threading.Lock()

    def talk(self) -> None:
        """Say one thing after another, each for a random user."""
        while not self.stopping.is_set():
            user, thread = _random.randrange(self.users), f"t{_random.randrange(THREADS_OF_A_USER)}"
            with self._lock:
                number = next(self._numbers)
            message = HumanMessage(_TEXTS[number % 2](mark(user), number), id=str(uuid.uuid4()))
            try:
                result = self.agent.invoke(
                    {"messages": [message]},
                    {"configurable": {"thread_id": thread}},
                    context=Context(user_id=str(user)),
                )
                self._look_for_leaks(user, result)
            except ModelDownError:  # what was said is in the log all the same
                say(failed=1)
            except Exception as error:  # noqa: BLE001 - anything else is a finding
                say(error=f"turn: {type(error).__name__}: {error}"[:500])
                continue
            say(said=[user, thread, message.id])

    def _look_for_leaks(self, user: int, result: Mapping[str, Any]) -> None:
        shown = str(result["messages"]) + str([recall.records for recall in result.get("recalls", ())])
        foreign = set(re.findall(r"Qx\d{3}z", shown)) - {mark(user)}
        if foreign:
            say(leak=[user, sorted(foreign)])

    def consolidate(self) -> None:
        """Consolidate one user after the other, and say how much memory this process takes."""
        while not self.stopping.is_set():
            user = _random.randrange(self.users)
            memory = LongTermMemory(self.store, user_namespace(str(user)), model=self.model)
            try:
                memory.consolidate()
                memory.reflect(due_only=True)
            except Exception as error:  # noqa: BLE001
                say(error=f"consolidate: {type(error).__name__}: {error}"[:500])
            say(rss=resident_bytes(), at=time.monotonic())
            self.stopping.wait(0.5)

    def run(self, threads: int) -> None:
        """Work until the parent closes our input; then finish what has begun."""
        workers = [threading.Thread(target=self.talk) for _ in range(threads)]
        workers.append(threading.Thread(target=self.consolidate))
        for worker in workers:
            worker.start()
        sys.stdin.read()
        self.stopping.set()
        for worker in workers:
            worker.join()
        say(drained=drain(self.agent, 60))


def main(path: str, users: str, threads: str) -> None:
    """Work on a store."""
    logging.getLogger("langmem_ext").setLevel(logging.ERROR)  # that the model failed is no news here
    with opened(path) as store:
        say(ready=True)
        Worker(store, int(users)).run(int(threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
