"""The main context: working memory of a fixed token budget, and the paging that keeps it there.

Imports nouns, and of the engine only its extraction; never a store, never the loop or the doors.
"""

from langmem_ext.context.main import MainContext
from langmem_ext.context.pages import Page

__all__ = ["MainContext", "Page"]
