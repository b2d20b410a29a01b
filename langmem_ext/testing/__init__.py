"""Fakes and test suites for applications with memory: a scripted model, an OpenAI-protocol server, a store suite.

The names are imported when first used: the suite needs pytest, the rest does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langmem_ext.testing.conformance import StoreConformance
    from langmem_ext.testing.models import ScriptedCall, ScriptedChatModel, ScriptExhaustedError
    from langmem_ext.testing.openai_server import Fault, OpenAIProtocolServer

_HOMES = {
    "Fault": "langmem_ext.testing.openai_server",
    "OpenAIProtocolServer": "langmem_ext.testing.openai_server",
    "ScriptExhaustedError": "langmem_ext.testing.models",
    "ScriptedCall": "langmem_ext.testing.models",
    "ScriptedChatModel": "langmem_ext.testing.models",
    "StoreConformance": "langmem_ext.testing.conformance",
}

__all__ = [
    "Fault",
    "OpenAIProtocolServer",
    "ScriptExhaustedError",
    "ScriptedCall",
    "ScriptedChatModel",
    "StoreConformance",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home, once."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
