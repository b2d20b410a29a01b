"""The engine over any `BaseStore`: log, indexes, recall, versions, distillation, forgetting.

Imports nouns and operations only, never a store of ours, never the loop or the doors.
"""

from langmem_ext.longterm.background import AsyncBackgroundUpdates, BackgroundUpdates
from langmem_ext.longterm.engine import LongTermMemory
from langmem_ext.longterm.policy import DistillationSettings
from langmem_ext.longterm.settings import RecallSettings

__all__ = [
    "AsyncBackgroundUpdates",
    "BackgroundUpdates",
    "DistillationSettings",
    "LongTermMemory",
    "RecallSettings",
]
