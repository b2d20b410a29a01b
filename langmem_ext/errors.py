"""Every exception that langmem_ext raises on purpose.

::

    LangMemExtError
    ├── InvalidInputError (ValueError)      an argument that can't be meant
    │   └── RedactionBlockedError           a text holds what the memory's redaction refuses to store
    ├── RecordNotFoundError (LookupError)   no record under that id in this namespace
    ├── ContextBudgetError (ValueError)     what must be in the context does not fit its budget
    ├── ModelOutputError (ValueError)       a model's output stayed malformed after one repair
    ├── CapReachedError                     the cap on model calls or tokens is used up
    ├── MissingExtraError (ImportError)     an optional dependency is not installed; the message names the extra
    └── StoreError
        ├── NotAStoreError (ValueError)     the path is no database of ours, a folder, or unreadable
        ├── StoreVersionError               the file was written by newer code
        ├── StoreCorruptError               the file is damaged
        ├── StoreClosedError                used after `close()`
        ├── StoreUnavailableError           the server can't be reached, refuses, or has no connection to give
        └── EmbeddingError                  the embedding function failed or gave unusable vectors

A message says what was wrong, what was got and what to do. It never contains stored user text: ids,
lengths, types and positions only.
"""


class LangMemExtError(Exception):
    """Base of everything raised on purpose by this package."""


class InvalidInputError(LangMemExtError, ValueError):
    """An argument that can't be meant; nothing was written."""


class RedactionBlockedError(InvalidInputError):
    """A text holds what is not to be stored, and redaction refuses it; nothing was written."""


class RecordNotFoundError(LangMemExtError, LookupError):
    """No record has that id in this namespace."""


class ContextBudgetError(LangMemExtError, ValueError):
    """What may never be evicted (system, profile, tool schemas) is larger than the budget."""


class ModelOutputError(LangMemExtError, ValueError):
    """A model's output stayed malformed after one repair attempt; nothing of it was applied."""


class CapReachedError(LangMemExtError):
    """The cap on model calls or tokens is used up."""


class MissingExtraError(LangMemExtError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class StoreError(LangMemExtError):
    """Base of what a store raises."""


class NotAStoreError(StoreError, ValueError):
    """The path names a folder, an unreadable file, or a file that is no database of ours."""


class StoreVersionError(StoreError):
    """The file was written by a newer version of the code than this one."""


class StoreCorruptError(StoreError):
    """The database file is damaged; it was left as it was found."""


class StoreClosedError(StoreError):
    """The store was used after it had been closed."""


class StoreUnavailableError(StoreError):
    """The server of a store can't be reached, refuses the user, or has no free connection; trying later can help."""


class EmbeddingError(StoreError):
    """The embedding function raised, or gave the wrong count, the wrong size or non-finite numbers."""
