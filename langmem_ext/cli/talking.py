"""`langmem-ext chat`: an endless conversation whose next run remembers this one."""

import os
import signal
import sys
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from langmem_ext.cli.opening import chat_model, local_zone, memory_over, opened_store, redactor
from langmem_ext.cli.options import OFFLINE, Embed, Lang, Model, Redact, StoreUrl, User
from langmem_ext.cli.output import complain, console, plain, print_trace

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage, HumanMessage
    from langgraph.graph.state import CompiledStateGraph

    from langmem_ext import LongTermMemory

_LABELS: Final[dict[Lang, dict[str, str]]] = {
    "zh": {
        "hello": "你好,{user}。已记住 {records} 条。按 Ctrl-D 结束。",
        "you": "你 › ",
        "agent": "助手 › ",
        "bye": "说过的都已存好。",
    },
    "en": {
        "hello": "Hello {user}. {records} records are remembered. Ctrl-D ends the conversation.",
        "you": "you › ",
        "agent": "agent › ",
        "bye": "Everything that was said is stored.",
    },
}


def _machine_language() -> Lang:
    locale = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh" if locale.startswith("zh") else "en"


def chat(
    *,
    user: User = "default",
    store: StoreUrl = None,
    thread: Annotated[str, typer.Option("--thread", help="Name of the conversation.")] = "chat",
    model: Model = OFFLINE,
    embed: Embed = OFFLINE,
    redact: Redact = False,
    lang: Annotated[Lang | None, typer.Option("--lang", help="Language of the prompts; default the machine's.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Show the nodes of each turn and how it recalled.")] = False,
) -> None:
    """Talk, for as long as you like; the next run remembers.

    Ctrl-C or the end of input ends it; while it answers, Ctrl-C waits for the next word, pressed twice it does not.
    Nothing said is lost: each message is stored before it is answered.

    [bold]Examples[/bold]

    langmem-ext chat --user alice
    langmem-ext chat --user alice --model openai:gpt-5-mini --trace
    """
    from langgraph.checkpoint.memory import InMemorySaver  # noqa: PLC0415 - heavy

    from langmem_ext.loop import create_memory_agent, drain  # noqa: PLC0415 - langgraph
    from langmem_ext.namespaces import user_namespace  # noqa: PLC0415

    namespace = user_namespace(user)
    chosen = chat_model(model)
    with opened_store(store, create=True, embed=embed) as opened:
        agent = create_memory_agent(
            chosen,
            store=opened,
            checkpointer=InMemorySaver(),
            update="background",
            memory_options={"timezone": local_zone(), "redact": redactor(wanted=redact)},
        )
        memory = memory_over(opened, namespace)
        try:
            Conversation(agent, memory, user, thread, _LABELS[lang or _machine_language()], trace=trace).run()
        finally:
            with suppress(KeyboardInterrupt):  # who presses again won't wait; what is left is found again from the log
                drain(agent)


@dataclass
class Conversation:
    """One run of the chat; used by one thread."""

    agent: "CompiledStateGraph[Any, Any, Any, Any]"
    memory: "LongTermMemory"
    user: str
    thread: str
    labels: dict[str, str]
    trace: bool = False
    _earlier: "list[BaseMessage]" = field(default_factory=list)
    _open_line: bool = False
    _answering: bool = False
    _interrupted: bool = False

    def run(self) -> None:
        """Talk until the user ends it."""
        self._earlier = self._recent()
        talking = sys.stdin.isatty()
        if talking:
            _enable_line_editing()
            records = sum(self.memory.stats().records.values())
            self._note(self.labels["hello"].format(user=self.user, records=records))
        signal.signal(signal.SIGINT, self._interrupt)
        try:
            while not self._interrupted:
                text = input(self.labels["you"] if talking else "")
                if text.strip():
                    self._turn(text)
        except (EOFError, KeyboardInterrupt):
            self._open_line = talking  # the prompt, on which the user pressed a key that writes nothing
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if talking:
            self._note(self.labels["bye"])

    def _interrupt(self, _signal: int, _frame: object) -> None:
        """End the chat: at once at the prompt or when pressed again, else at the next event of the turn.

        An exception in the middle of a turn could leave a thread of the graph's behind that nothing would wake.
        """
        if self._interrupted or not self._answering:
            raise KeyboardInterrupt
        self._interrupted = True

    def _recent(self) -> "list[BaseMessage]":
        """Return the end of the thread's log."""
        from langmem_ext.loop.exchanges import RECENT, from_first_human  # noqa: PLC0415 - imported by the agent already

        return from_first_human(self.memory.messages(self.thread, start=-RECENT, limit=RECENT))

    def _turn(self, text: str) -> None:
        """Answer one message; a failing model is reported and the conversation goes on."""
        from langchain_core.messages import HumanMessage  # noqa: PLC0415 - imported by the agent already

        now = datetime.now(local_zone())
        message = HumanMessage(text, id=str(uuid.uuid4()), additional_kwargs={"timestamp": now.isoformat()})
        self._answering = True
        try:
            self._answer(message)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything
            self._end_line()
            complain(f"no answer: {type(error).__name__}: {error}")
        finally:
            self._answering = False
            self.memory.observe([message], thread_id=self.thread)  # also where its turn was cut short; stored once
        self._earlier = []

    def _answer(self, message: "HumanMessage") -> None:
        from langmem_ext.loop import Context  # noqa: PLC0415

        events = self.agent.stream(
            {"messages": [*self._earlier, message]},
            config={"configurable": {"thread_id": self.thread}},
            context=Context(user_id=self.user, thread_id=self.thread),
            stream_mode=["messages", "updates"],
        )
        self._write(self.labels["agent"], style="bold blue")
        for mode, payload in events:
            if self._interrupted:
                break
            if mode == "messages":
                self._speak(*payload)
            elif self.trace:
                self._show_update(payload)
        self._end_line()

    def _speak(self, chunk: "BaseMessage", metadata: dict[str, Any]) -> None:
        """Write a piece of the answer as it arrives."""
        from langmem_ext.loop.nodes import SPEAKING  # noqa: PLC0415

        if metadata.get("langgraph_node") in SPEAKING and chunk.type in {"ai", "AIMessageChunk"}:
            self._write(plain(str(chunk.text)))

    def _show_update(self, update: Any) -> None:
        for node, values in update.items():
            usage = (values or {}).get("usage")
            spent = f" ({usage['model_calls']} model calls, {_tokens(usage)} tokens so far)" if usage else ""
            self._note(f"[{node}]{spent}")
            for recall in (values or {}).get("recalls", ()):
                print_trace(recall.trace)

    def _write(self, text: str, style: str | None = None) -> None:
        if text:
            console().print(text, style=style, end="", markup=False, soft_wrap=True)
            self._open_line = True
            sys.stdout.flush()

    def _end_line(self) -> None:
        if self._open_line:
            sys.stdout.write("\n")
            sys.stdout.flush()
        self._open_line = False

    def _note(self, text: str) -> None:
        self._end_line()
        console().print(text, style="dim", markup=False, soft_wrap=True)


def _tokens(usage: dict[str, int]) -> int:
    return usage["input_tokens"] + usage["output_tokens"]


def _enable_line_editing() -> None:
    try:
        import readline  # noqa: F401, PLC0415 - importing it is what gives input() editing and history
    except ImportError:  # Windows: the console edits lines itself
        return
