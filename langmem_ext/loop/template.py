"""The agent as a LangGraph server serves it: `langgraph dev` reads `langgraph.json`, which names two factories here.

This is an application, the one place beside the command line that chooses a store, a model and embeddings; copy it and
change what you like. Settings come from the environment (`.env.example` lists them); without any it needs no key and no
network.
"""

import os
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import TYPE_CHECKING

from langgraph.store.base import IndexConfig

from langmem_ext.loop.graph import create_memory_agent
from langmem_ext.loop.updating import Agent

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langgraph.store.base import BaseStore

OFFLINE = "offline"


@cache
def make_agent() -> Agent:
    """Return the agent, the same one for every run: its store and its checkpointer are the server's."""
    return create_memory_agent(_model(os.environ.get("LANGMEM_EXT_MODEL", OFFLINE)), update="background")


def make_store() -> "AbstractAsyncContextManager[BaseStore]":
    """Open the server's store; leave ``store`` out of langgraph.json to use the server's own."""
    from langmem_ext.store import open_store  # noqa: PLC0415 - FAISS, only where this store is chosen

    dims = int(os.environ.get("LANGMEM_EXT_EMBED_DIMS", "384"))
    index = IndexConfig(
        dims=dims, embed=_embeddings(os.environ.get("LANGMEM_EXT_EMBED", OFFLINE), dims), fields=["text"]
    )
    return open_store(os.environ.get("LANGMEM_EXT_STORE", "memory.db"), index=index)


def _model(name: str) -> "BaseChatModel | str":
    if name != OFFLINE:
        return name
    from langmem_ext.offline import ExtractiveChatModel  # noqa: PLC0415 - only where it is chosen

    return ExtractiveChatModel()


def _embeddings(name: str, dims: int) -> "Embeddings":
    if name != OFFLINE:
        from langchain.embeddings import init_embeddings  # noqa: PLC0415 - only where it is chosen

        return init_embeddings(name)
    from langmem_ext.offline import HashingEmbeddings  # noqa: PLC0415

    return HashingEmbeddings(dims=dims)
