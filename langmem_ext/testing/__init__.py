"""Fakes and test suites for applications with memory: a scripted model, an OpenAI-protocol server, a store suite.

The names are imported when first used: the suite needs pytest, the rest does not.
"""

from typing import TYPE_CHECKING

from langmem_ext._lazy import on_demand

if TYPE_CHECKING:
    from langmem_ext.testing.conformance import StoreConformance
    from langmem_ext.testing.faults import Fault
    from langmem_ext.testing.models import ScriptedCall, ScriptedChatModel, ScriptExhaustedError
    from langmem_ext.testing.openai_server import OpenAIProtocolServer

_HOMES = {
    "Fault": "langmem_ext.testing.faults",
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

__getattr__, __dir__ = on_demand(__name__, _HOMES)
