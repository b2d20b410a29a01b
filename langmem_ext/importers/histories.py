"""LangChain chat histories: any object, and the SQLite files of `SQLChatMessageHistory`."""

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, messages_from_dict

from langmem_ext.errors import InvalidInputError
from langmem_ext.importers.reading import mapping, opened_sqlite, table_names
from langmem_ext.importers.report import Found, ImportReport, Progress, thread_label, write
from langmem_ext.longterm.core import Core
from langmem_ext.longterm.log import message_text
from langmem_ext.memory.history import ask_history
from langmem_ext.operations import Operation, ask, asynchronous, synchronous
from langmem_ext.records import derived_id

TABLE: Final = "message_store"
"""The table that `SQLChatMessageHistory` keeps messages in unless it is told otherwise."""


def _import_chat_history(
    memory: Core,
    history: BaseChatMessageHistory,
    *,
    thread_id: str | None = None,
    progress: Progress | None = None,
) -> Operation[ImportReport]:
    """Import a conversation from any LangChain chat history.

    Args:
        memory: Where to; a `LongTermMemory`.
        history: The history; it is only read.
        thread_id: The conversation it becomes; None is the history's own `session_id`.
        progress: See `Progress`.

    Returns:
        What was imported. Messages keep their ids; one without has an id of its place and words, so that an import
        can be repeated when the history has grown at its end.

    Raises:
        InvalidInputError: The history says no session and no `thread_id` was given.
    """
    thread = thread_id or getattr(history, "session_id", None)
    if not thread:
        raise InvalidInputError(f"pass thread_id=: {type(history).__name__} does not say which conversation it is")
    messages = yield from ask_history(history, lambda: history.messages, history.aget_messages)
    found = Found()
    _add(found, thread_label(str(thread)), list(messages))
    return (yield from write(memory, found, progress))


def _import_sql_history(
    memory: Core,
    path: str | Path,
    *,
    session_id: str | None = None,
    table: str = TABLE,
    progress: Progress | None = None,
) -> Operation[ImportReport]:
    """Import conversations from a SQLite file that LangChain's `SQLChatMessageHistory` wrote.

    Args:
        memory: Where to; a `LongTermMemory`.
        path: The file; it is only read.
        session_id: The session; None is all of them.
        table: Table of the messages.
        progress: See `Progress`.

    Raises:
        InvalidInputError: No such file, no such table, or no SQLite database.
    """
    found = yield from ask(lambda: _read_sql(path, session_id, table))
    return (yield from write(memory, found, progress))


def _add(found: Found, thread: str, messages: list[BaseMessage]) -> None:
    for place, message in enumerate(messages):
        own = message.id or derived_id("history", thread, str(place), message.type, message_text(message))
        found.say(thread, message.model_copy(update={"id": own}), f"{thread}, message {place}")


def _read_sql(path: str | Path, session_id: str | None, table: str) -> Found:
    found = Found()
    with opened_sqlite(path) as connection:
        rows = _rows(connection, table)
        for session, messages in _by_session(rows, found, session_id).items():
            _add(found, thread_label(session), messages)
    return found


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, Any]]:
    quoted = table.replace('"', '""')
    try:
        return connection.execute(f'SELECT session_id, message FROM "{quoted}" ORDER BY id').fetchall()  # noqa: S608
    except sqlite3.OperationalError:
        names = table_names(connection)
        raise InvalidInputError(
            f"the file has no table {table!r} of chat messages; its tables are {names}, pass table= for another one"
        ) from None


def _by_session(rows: list[tuple[Any, Any]], found: Found, wanted: str | None) -> dict[str, list[BaseMessage]]:
    sessions: dict[str, list[BaseMessage]] = {}
    for number, (session, message) in enumerate(rows, 1):
        if wanted is not None and session != wanted:
            continue
        try:
            parsed = messages_from_dict([dict(mapping(json.loads(message)))])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            found.report.skip(f"row {number}", f"no LangChain message ({type(error).__name__})")
            continue
        sessions.setdefault(str(session or "default"), []).extend(parsed)
    return sessions


import_chat_history = synchronous(_import_chat_history)
aimport_chat_history = asynchronous(_import_chat_history)
import_sql_history = synchronous(_import_sql_history)
aimport_sql_history = asynchronous(_import_sql_history)
