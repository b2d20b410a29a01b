"""What works with no key and no network: a chat model and embeddings, deterministic, in Chinese and English."""

from typing import TYPE_CHECKING

from langmem_ext._lazy import on_demand

if TYPE_CHECKING:
    from langmem_ext.offline.embeddings import HashingEmbeddings
    from langmem_ext.offline.model import ExtractiveChatModel

_HOMES = {"ExtractiveChatModel": "langmem_ext.offline.model", "HashingEmbeddings": "langmem_ext.offline.embeddings"}

__all__ = ["ExtractiveChatModel", "HashingEmbeddings"]

__getattr__, __dir__ = on_demand(__name__, _HOMES)
