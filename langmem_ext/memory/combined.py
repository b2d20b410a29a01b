"""Several memories as one, and a memory that a chain may read but not change; of any `BaseMemory`, ours or not.

LangChain's own run the memories they hold on a thread where a chain is awaited; these await them.
"""

from typing import Any, Self

from langchain_classic.base_memory import BaseMemory
from pydantic import model_validator

from langmem_ext.errors import InvalidInputError
from langmem_ext.memory.history import TURN
from langmem_ext.records import new_id


class CombinedMemory(BaseMemory):
    """Several memories, whose variables join a chain's inputs together.

    Memories that share a session of one store log an exchange once. Each is given the inputs without the variables of
    the others, so that `input_key` need not be set.

    Attributes:
        memories: The memories; no two may have a variable in common.
    """

    memories: list[BaseMemory]

    @model_validator(mode="after")
    def _check_variables(self) -> Self:
        variables = self.memory_variables
        repeated = sorted({name for name in variables if variables.count(name) > 1})
        if repeated:
            raise InvalidInputError(f"The variables {repeated} are of several memories; give each its own memory_key")
        return self

    @property
    def memory_variables(self) -> list[str]:
        """The variables of all memories."""
        return [name for memory in self.memories for name in memory.memory_variables]

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the variables of all memories."""
        given = self._given(inputs)
        loaded = [memory.load_memory_variables(given) for memory in self.memories]
        return {name: value for part in loaded for name, value in part.items()}

    async def aload_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Async twin of `load_memory_variables`."""
        given = self._given(inputs)
        loaded = [await memory.aload_memory_variables(given) for memory in self.memories]
        return {name: value for part in loaded for name, value in part.items()}

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Save an exchange in every memory."""
        token = TURN.set(new_id())
        try:
            for memory in self.memories:
                memory.save_context(self._given(inputs), outputs)
        finally:
            TURN.reset(token)

    async def asave_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Async twin of `save_context`."""
        token = TURN.set(new_id())
        try:
            for memory in self.memories:
                await memory.asave_context(self._given(inputs), outputs)
        finally:
            TURN.reset(token)

    def clear(self) -> None:
        """Clear every memory."""
        for memory in self.memories:
            memory.clear()

    async def aclear(self) -> None:
        """Async twin of `clear`."""
        for memory in self.memories:
            await memory.aclear()

    def _given(self, inputs: dict[str, Any]) -> dict[str, Any]:
        variables = set(self.memory_variables)
        return {name: value for name, value in inputs.items() if name not in variables}


class ReadOnlySharedMemory(BaseMemory):
    """A memory that can be read and not changed.

    Attributes:
        memory: The memory that is read.
    """

    memory: BaseMemory

    @property
    def memory_variables(self) -> list[str]:
        """The variables of the memory."""
        return self.memory.memory_variables

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return what the memory says."""
        return self.memory.load_memory_variables(inputs)

    async def aload_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Async twin of `load_memory_variables`."""
        return await self.memory.aload_memory_variables(inputs)

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Save nothing."""

    async def asave_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Save nothing."""

    def clear(self) -> None:
        """Clear nothing."""

    async def aclear(self) -> None:
        """Clear nothing."""
