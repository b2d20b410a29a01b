"""What works with no key and no network: a chat model and embeddings, deterministic, in Chinese and English."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langmem_ext.offline.embeddings import HashingEmbeddings
    from langmem_ext.offline.model import ExtractiveChatModel

_HOMES = {"ExtractiveChatModel": "langmem_ext.offline.model", "HashingEmbeddings": "langmem_ext.offline.embeddings"}

__all__ = ["ExtractiveChatModel", "HashingEmbeddings"]


def __getattr__(name: str) -> Any:
    """Import a public name from its home, once."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
