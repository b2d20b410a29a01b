"""Reading what a stranger wrote: JSON files, SQLite files, times. Whatever is wrong with them is one clear error."""

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from langmem_ext.errors import InvalidInputError
from langmem_ext.records import clean
from langmem_ext.times import parse_bound


def read_json(source: str | Path | list[Any] | dict[str, Any]) -> Any:
    """Return the JSON of a file, or what has been read already.

    Raises:
        InvalidInputError: The file is not there, no UTF-8 text or no JSON.
    """
    if not isinstance(source, str | Path):
        return source
    path = Path(source)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidInputError(f"{str(path)!r} can't be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{str(path)!r} is no UTF-8 text: byte {error.start}") from None
    except RecursionError:
        raise InvalidInputError(f"{str(path)!r} is nested too deeply to be read") from None
    except ValueError as error:
        position = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidInputError(
            f"{str(path)!r} is not JSON{position}: {getattr(error, 'msg', 'a bad number')}"
        ) from None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: Any) -> str:
    """Return a text that says something and can be stored, or an empty one in place of anything else."""
    return clean(value) if isinstance(value, str) and value.strip() else ""


def time_of(value: Any, zone: tzinfo) -> datetime | None:
    """Read a time as systems write it: epoch seconds, ISO 8601, a datetime; None where it can't be one."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC) if math.isfinite(value) else None
        return parse_bound(value, edge="start", zone=zone) if isinstance(value, str | datetime) else None
    except (ValueError, OverflowError, OSError):
        return None


@contextmanager
def opened_sqlite(path: str | Path) -> Iterator[sqlite3.Connection]:
    """Open a SQLite file that is somebody else's: it is read, never changed, never created.

    Raises:
        InvalidInputError: There is no such file, or it is no SQLite database.
    """
    file = Path(path)
    if not file.is_file():
        raise InvalidInputError(f"there is no file {str(file)!r}")
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.isolation_level = None
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise InvalidInputError(f"{str(file)!r} can't be read as what was asked for: {error}") from None
    finally:
        connection.close()


def table_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the tables of a database."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [str(name) for (name,) in rows]
