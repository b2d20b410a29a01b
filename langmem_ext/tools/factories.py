"""The factories of the memory tools, and what each tool does with a memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, Unpack, get_args

from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.store.base import BaseStore
from pydantic import BaseModel, ValidationError

from langmem_ext.errors import InvalidInputError, RecordNotFoundError
from langmem_ext.longterm import LongTermMemory, versions
from langmem_ext.longterm.forget import forget
from langmem_ext.longterm.recall import recall
from langmem_ext.longterm.writing import remember
from langmem_ext.operations import Operation, arun, run
from langmem_ext.records import MemoryRecord, Recall
from langmem_ext.scope import USER_NAMESPACE, MemoryOptions, MemoryScope, Run, current_run
from langmem_ext.text import language
from langmem_ext.tools.inputs import (
    ACTIONS,
    MANAGE_MEMORY,
    SEARCH_LOG,
    SEARCH_MEMORY,
    Action,
    ManageMemoryInput,
    SearchLogInput,
    SearchMemoryInput,
)
from langmem_ext.tools.paging import read_message, read_page, render_page

_NOTHING: Final = {"en": "No memory matches.", "zh": "没有找到相关的记忆。"}


def create_search_memory_tool(
    namespace: tuple[str, ...] | str = USER_NAMESPACE,
    *,
    store: BaseStore | None = None,
    name: str = "search_memory",
    instructions: str = SEARCH_MEMORY,
    **options: Unpack[MemoryOptions],
) -> BaseTool:
    """Create the tool with which a model searches long-term memory.

    Args:
        namespace: Root of the memory; ``"{user_id}"`` and the like are filled from the run's context or configuration.
        store: The store; None is the store of the graph the tool runs in.
        name: Name under which the model calls it.
        instructions: Description that the model reads.
        options: Settings of the memory, see `LongTermMemory`.

    Returns:
        A tool with the arguments `query, before, after, as_of, kinds, topic, limit`; its artifact is the `Recall`.

    Raises:
        InvalidInputError: An illegal namespace or store.
    """
    scope = MemoryScope(namespace, store, options)

    def search(memory: LongTermMemory, _run: Run, arguments: SearchMemoryInput) -> Operation[tuple[str, Recall]]:
        found = yield from recall(memory, **arguments.model_dump())
        return render_recall(found), found

    return _tool(name, instructions, SearchMemoryInput, scope, search)


def create_manage_memory_tool(
    namespace: tuple[str, ...] | str = USER_NAMESPACE,
    *,
    store: BaseStore | None = None,
    name: str = "manage_memory",
    instructions: str = MANAGE_MEMORY,
    actions_permitted: Sequence[Action] = ACTIONS,
    **options: Unpack[MemoryOptions],
) -> BaseTool:
    """Create the tool with which a model creates, revises, retires and forgets memories.

    Args:
        namespace: Root of the memory; ``"{user_id}"`` and the like are filled from the run's context or configuration.
        store: The store; None is the store of the graph the tool runs in.
        name: Name under which the model calls it.
        instructions: Description that the model reads.
        actions_permitted: What the model may do; leave "forget" out to keep everything reversible.
        options: Settings of the memory, see `LongTermMemory`.

    Returns:
        A tool with the arguments `action, content, id, kind, topic, keywords, importance, occurred_at`; its artifact is
        the `MemoryRecord`, or the `ForgetReceipt`.

    Raises:
        InvalidInputError: An illegal namespace or store, or no or unknown actions.
    """
    unknown = set(actions_permitted) - set(get_args(Action))
    if unknown or not actions_permitted:
        raise InvalidInputError(f"actions_permitted must be some of {get_args(Action)}, got {actions_permitted!r}")
    scope = MemoryScope(namespace, store, options)

    def manage(memory: LongTermMemory, current: Run, arguments: ManageMemoryInput) -> Operation[tuple[str, Any]]:
        if arguments.action not in actions_permitted:
            raise InvalidInputError(
                f"action {arguments.action!r} is not permitted; permitted are {list(actions_permitted)}"
            )
        return (yield from _manage(memory, current, arguments))

    return _tool(name, instructions, ManageMemoryInput, scope, manage)


def create_search_log_tool(
    namespace: tuple[str, ...] | str = USER_NAMESPACE,
    *,
    store: BaseStore | None = None,
    name: str = "search_log",
    instructions: str = SEARCH_LOG,
    **options: Unpack[MemoryOptions],
) -> BaseTool:
    """Create the tool with which a model pages through the raw conversation log.

    Args:
        namespace: Root of the memory; ``"{user_id}"`` and the like are filled from the run's context or configuration.
        store: The store; None is the store of the graph the tool runs in.
        name: Name under which the model calls it.
        instructions: Description that the model reads.
        options: Settings of the memory, see `LongTermMemory`.

    Returns:
        A tool with the arguments `query, thread_id, before, after, message_id, page, limit`; its artifact is the list
        of message records.

    Raises:
        InvalidInputError: An illegal namespace or store.
    """
    scope = MemoryScope(namespace, store, options)

    def search(
        memory: LongTermMemory, _run: Run, arguments: SearchLogInput
    ) -> Operation[tuple[str, list[MemoryRecord]]]:
        if arguments.message_id is not None:
            return (yield from read_message(memory, arguments.message_id, arguments.page))
        found = yield from read_page(memory, arguments)
        return render_page(found, arguments), found

    return _tool(name, instructions, SearchLogInput, scope, search)


def render_recall(found: Recall) -> str:
    """Render what a search brought back for a model: delimited, escaped, with dates and ids."""
    if not found:
        return _NOTHING[language(found.query)]
    return f"<memories>\n{found.text()}\n</memories>"


Body: TypeAlias = Callable[[LongTermMemory, Run, Any], Operation[tuple[str, Any]]]


def _tool(name: str, description: str, schema: type[BaseModel], scope: MemoryScope, body: Body) -> BaseTool:
    """Make a tool of an operation, in both forms; what it refuses becomes a message to the model.

    A run without a store or a user is no mistake of the model's, and raises.
    """

    def guarded(arguments: Mapping[str, Any]) -> Operation[tuple[str, Any]]:
        current = current_run()
        memory = scope.memory(current)
        try:
            return (yield from body(memory, current, schema.model_validate(arguments)))
        except (InvalidInputError, RecordNotFoundError) as error:
            raise ToolException(str(error)) from error

    def call(**arguments: Any) -> tuple[str, Any]:
        return run(guarded(arguments))

    async def acall(**arguments: Any) -> tuple[str, Any]:
        return await arun(guarded(arguments))

    return StructuredTool(
        name=name,
        description=description,
        args_schema=schema,
        func=call,
        coroutine=acall,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=explain,
    )


def explain(error: ValidationError | Any) -> str:
    """Say which arguments are wrong, so that the model can correct its call."""
    if not isinstance(error, ValidationError):
        return str(error)
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in details)


def _manage(memory: LongTermMemory, current: Run, given: ManageMemoryInput) -> Operation[tuple[str, Any]]:
    """Carry out one action on a memory."""
    details = given.model_dump(include={"topic", "keywords", "importance", "occurred_at"}, exclude_none=True)
    if given.action == "create":
        if given.id is not None:
            raise InvalidInputError("create makes a new id: leave id out, or use revise to change a memory")
        kind = given.kind or "fact"
        record = yield from remember(memory, _content(given), kind=kind, thread_id=current.get("thread_id"), **details)
        return f"created memory {record.id}", record
    if given.id is None:
        raise InvalidInputError(f"{given.action} needs the id of a memory; search_memory shows ids")
    if given.action in {"revise", "update"}:
        record = yield from versions.revise(memory, given.id, _content(given), kind=given.kind, **details)
        return f"revised memory {given.id}: it is now {record.id}", record
    if given.action in {"forget", "delete"}:
        receipt = yield from forget(memory, given.id)
        return (
            f"forgot memory {given.id}: {receipt.records} records and {receipt.log_messages} log messages removed",
            receipt,
        )
    change = versions.retire if given.action == "retire" else versions.undo
    record = yield from change(memory, given.id)
    return (
        f"retired memory {record.id}" if given.action == "retire" else f"memory {record.id} is believed again"
    ), record


def _content(given: ManageMemoryInput) -> str:
    if given.content is None or not given.content.strip():
        raise InvalidInputError(f"{given.action} needs content: the memory in one self-contained sentence")
    return given.content
