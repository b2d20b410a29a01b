"""Drop-in memory for LangChain chains: change the import, and it is durable, asynchronous, bounded and multi-user.

The classes have the fields and the results of LangChain's own. Where nothing is said they keep to this process as
those do; ``store=`` makes them durable, and the session in ``config["configurable"]`` keeps users apart. Imports the
engine, the main context and the loop's updates; nothing imports it but applications.
"""

from typing import TYPE_CHECKING

from langmem_ext._lazy import on_demand

if TYPE_CHECKING:
    from langmem_ext.memory.buffer import (
        ConversationBufferMemory,
        ConversationBufferWindowMemory,
        ConversationTokenBufferMemory,
    )
    from langmem_ext.memory.cognitive import CognitiveMemory
    from langmem_ext.memory.combined import CombinedMemory, ReadOnlySharedMemory
    from langmem_ext.memory.history import ChatMessageHistory, StoreChatMessageHistory
    from langmem_ext.memory.runnables import with_memory
    from langmem_ext.memory.summary import ConversationSummaryBufferMemory, ConversationSummaryMemory
    from langmem_ext.memory.vector import VectorStoreRetrieverMemory

_HOMES = {
    "ChatMessageHistory": "langmem_ext.memory.history",
    "CognitiveMemory": "langmem_ext.memory.cognitive",
    "CombinedMemory": "langmem_ext.memory.combined",
    "ConversationBufferMemory": "langmem_ext.memory.buffer",
    "ConversationBufferWindowMemory": "langmem_ext.memory.buffer",
    "ConversationSummaryBufferMemory": "langmem_ext.memory.summary",
    "ConversationSummaryMemory": "langmem_ext.memory.summary",
    "ConversationTokenBufferMemory": "langmem_ext.memory.buffer",
    "ReadOnlySharedMemory": "langmem_ext.memory.combined",
    "StoreChatMessageHistory": "langmem_ext.memory.history",
    "VectorStoreRetrieverMemory": "langmem_ext.memory.vector",
    "with_memory": "langmem_ext.memory.runnables",
}

__all__ = [
    "ChatMessageHistory",
    "CognitiveMemory",
    "CombinedMemory",
    "ConversationBufferMemory",
    "ConversationBufferWindowMemory",
    "ConversationSummaryBufferMemory",
    "ConversationSummaryMemory",
    "ConversationTokenBufferMemory",
    "ReadOnlySharedMemory",
    "StoreChatMessageHistory",
    "VectorStoreRetrieverMemory",
    "with_memory",
]

__getattr__, __dir__ = on_demand(__name__, _HOMES)
