"""Evaluation on conversations with known answers: feed them to a memory, ask an agent, grade what it says.

Imports the loop and what lies below it; the command line is its only door.
"""

from langmem_ext.evaluation.data import Conversation, Document, Query, load
from langmem_ext.evaluation.results import QuestionResult, Settings, Summary
from langmem_ext.evaluation.runner import Evaluation

__all__ = ["Conversation", "Document", "Evaluation", "Query", "QuestionResult", "Settings", "Summary", "load"]
