"""Memory in LCEL: runnables that load and save, and one wrapper around a whole chain. Any `BaseMemory` will do."""

from collections.abc import Mapping
from typing import Any, Final

from langchain_classic.base_memory import BaseMemory
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableLambda,
    RunnablePassthrough,
    RunnablePick,
)
from langchain_core.runnables.config import ensure_config, set_config_context
from langchain_core.runnables.utils import coro_with_context

from langmem_ext.errors import InvalidInputError

_INPUTS: Final = "langmem_ext_inputs"
_SHOWN: Final = "langmem_ext_shown"
_ANSWER: Final = "langmem_ext_answer"


def loader(memory: BaseMemory, key: str) -> Runnable[Any, Any]:
    """Return a runnable from a chain's inputs to one variable of a memory."""

    def load(inputs: Any) -> Any:
        return memory.load_memory_variables(_as_inputs(inputs))[key]

    async def aload(inputs: Any) -> Any:
        return (await memory.aload_memory_variables(_as_inputs(inputs)))[key]

    return RunnableLambda(load, aload, name="load_memory")


def saver(memory: BaseMemory) -> Runnable[dict[str, Any], dict[str, Any]]:
    """Return a runnable that saves the exchange in a dict and passes it on as it comes.

    The answer is under the memory's `output_key`, "output" without one; everything else but its variables is input.
    """
    key = getattr(memory, "output_key", None) or "output"

    def split(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if not isinstance(value, Mapping) or key not in value:
            raise InvalidInputError(
                f"there is no answer to save: a dict with the key {key!r} is needed, as "
                f"RunnablePassthrough.assign({key}=…) makes it"
            )
        variables = {key, *memory.memory_variables}
        return {name: entry for name, entry in value.items() if name not in variables}, {key: value[key]}

    def save(value: Any, config: RunnableConfig) -> None:
        _save(memory, *split(value), config)

    async def asave(value: Any, config: RunnableConfig) -> None:
        await _asave(memory, *split(value), config)

    return RunnablePassthrough(save, asave)


def with_memory(chain: Runnable[Any, Any], memory: BaseMemory) -> Runnable[Any, Any]:
    """Return a chain that remembers: the memory's variables join its inputs, and what it answers is saved.

    Invoked, awaited, streamed and batched like the chain itself; an answer is saved when it is whole. The session is
    ``config["configurable"]["session_id"]``.

    Example:
        >>> from langchain_core.prompts import ChatPromptTemplate
        >>> from langmem_ext.memory import ConversationBufferWindowMemory, with_memory
        >>> from langmem_ext.offline import ExtractiveChatModel
        >>> prompt = ChatPromptTemplate.from_messages([("placeholder", "{history}"), ("human", "{input}")])
        >>> memory = ConversationBufferWindowMemory(k=3, return_messages=True)
        >>> chain = with_memory(prompt | ExtractiveChatModel(), memory)
        >>> alice = {"configurable": {"session_id": "alice"}}
        >>> answer = chain.invoke({"input": "I have a cat called Momo."}, alice)
        >>> len(chain.invoke({"input": "What is my cat called?"}, alice).text) > 0
        True

    Args:
        chain: Takes a dict with the inputs and the memory's variables; answers with a text, a message, or a dict of
            which the memory's `output_key` is the answer.
        memory: Any memory; its `input_key` names the input that the user said where there are several.

    Returns:
        A runnable. A text as its input is put under the memory's `input_key`, "input" without one.
    """
    key = getattr(memory, "input_key", None) or "input"

    def prepared(value: Any) -> dict[str, Any]:
        return {key: value} if isinstance(value, str) else _as_inputs(value)

    def load(value: Any) -> dict[str, Any]:
        inputs = prepared(value)
        return {_INPUTS: inputs, _SHOWN: inputs | memory.load_memory_variables(inputs)}

    async def aload(value: Any) -> dict[str, Any]:
        inputs = prepared(value)
        return {_INPUTS: inputs, _SHOWN: inputs | await memory.aload_memory_variables(inputs)}

    def save(value: Any, config: RunnableConfig) -> None:
        _save(memory, value[_INPUTS], _as_outputs(value[_ANSWER], value[_INPUTS], memory), config)

    async def asave(value: Any, config: RunnableConfig) -> None:
        await _asave(memory, value[_INPUTS], _as_outputs(value[_ANSWER], value[_INPUTS], memory), config)

    whole: Runnable[Any, Any] = (
        RunnableLambda(load, aload, name="load_memory")
        | RunnablePassthrough.assign(**{_ANSWER: RunnablePick(_SHOWN) | chain})
        | RunnablePassthrough(save, asave)
        | RunnablePick(_ANSWER)
    )
    return whole.with_config(run_name="with_memory")


def _as_inputs(value: Any) -> dict[str, Any]:
    """Return a chain's inputs; a text alone is what the user said."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        return {"input": value}
    raise InvalidInputError(f"a memory needs a dict of inputs or a text, got {type(value).__name__}")


def _as_outputs(answer: Any, inputs: Mapping[str, Any], memory: BaseMemory) -> dict[str, Any]:
    """Return a chain's outputs: a classic chain's answer holds its inputs as well."""
    if isinstance(answer, Mapping):
        known = {*inputs, *memory.memory_variables}
        return {name: entry for name, entry in answer.items() if name not in known}
    return {getattr(memory, "output_key", None) or "output": answer}


def _save(memory: BaseMemory, inputs: dict[str, Any], outputs: dict[str, Any], config: RunnableConfig) -> None:
    """Save in the context of a run: while a stream is passed on, no other code has set it."""
    with set_config_context(ensure_config(config)) as context:
        context.run(memory.save_context, inputs, outputs)


async def _asave(memory: BaseMemory, inputs: dict[str, Any], outputs: dict[str, Any], config: RunnableConfig) -> None:
    with set_config_context(ensure_config(config)) as context:
        await coro_with_context(memory.asave_context(inputs, outputs), context)
