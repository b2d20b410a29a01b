"""Bring in what other systems remember: conversations, memories, documents.

Each importer takes a memory, a source and an optional progress callback, and returns an `ImportReport`: what was new,
what was there already, and what was not understood. Ids derive from the source, so that an import can be interrupted
and repeated, and repeated when the source has grown. Nothing is unpickled; a file is read whole and checked before
anything is written. Each is there twice, `import_…` and `aimport_…`, from one implementation.
"""

from langmem_ext.importers.chatgpt import aimport_chatgpt, import_chatgpt
from langmem_ext.importers.documents import aimport_documents, import_documents
from langmem_ext.importers.histories import (
    aimport_chat_history,
    aimport_sql_history,
    import_chat_history,
    import_sql_history,
)
from langmem_ext.importers.mem0 import aimport_mem0, import_mem0
from langmem_ext.importers.report import ImportReport, Progress
from langmem_ext.importers.stores import aimport_langmem, aimport_store, import_langmem, import_store

__all__ = [
    "ImportReport",
    "Progress",
    "aimport_chat_history",
    "aimport_chatgpt",
    "aimport_documents",
    "aimport_langmem",
    "aimport_mem0",
    "aimport_sql_history",
    "aimport_store",
    "import_chat_history",
    "import_chatgpt",
    "import_documents",
    "import_langmem",
    "import_mem0",
    "import_sql_history",
    "import_store",
]
