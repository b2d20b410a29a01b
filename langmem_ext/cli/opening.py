"""Open what a command works on: the store, one user's memory, the models that were named."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from langmem_ext.cli.options import OFFLINE
from langmem_ext.errors import InvalidInputError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.store.base import BaseStore, IndexConfig

    from langmem_ext import LongTermMemory

_PRIVATE = 0o700
_PAGE = 500


def store_url(given: str | None, *, create: bool) -> str:
    """Return the store to open.

    Args:
        given: What the user named; None is the user's own store.
        create: Whether the command may start a new one.

    Raises:
        InvalidInputError: There is none and the command has nothing to put into one.
    """
    url = given or str(Path.home() / ".langmem-ext" / "memory.db")
    if "://" in url or url == ":memory:":
        return url
    path = Path(url).expanduser()
    if create and given is None:
        path.parent.mkdir(mode=_PRIVATE, exist_ok=True)
    if not create and not path.exists():
        raise InvalidInputError(
            f"there is no store at {str(path)!r}; `langmem-ext chat` or `remember` starts one, --store names another"
        )
    return str(path)


def chat_model(name: str) -> "BaseChatModel":
    """Return the chat model of a ``--model`` value.

    Raises:
        InvalidInputError: No such provider, a package or a key is missing; the message says which.
    """
    if name == OFFLINE:
        from langmem_ext.offline import ExtractiveChatModel  # noqa: PLC0415

        return ExtractiveChatModel()
    from langchain.chat_models import init_chat_model  # noqa: PLC0415 - heavy

    try:
        return init_chat_model(_named("--model", name))
    except Exception as error:
        raise _unusable("--model", name, error) from error


def index_config(name: str) -> "IndexConfig":
    """Return the index configuration of an ``--embed`` value.

    Raises:
        InvalidInputError: As `chat_model`.
    """
    if name == OFFLINE:
        from langmem_ext.offline import HashingEmbeddings  # noqa: PLC0415

        offline = HashingEmbeddings()
        return {"dims": offline.dims, "embed": offline}
    from langchain.embeddings import init_embeddings  # noqa: PLC0415 - heavy

    try:
        embeddings: Any = init_embeddings(_named("--embed", name), **_embedding_settings(name))
        dims = len(embeddings.embed_query("dimensions"))
    except Exception as error:
        raise _unusable("--embed", name, error) from error
    return {"dims": dims, "embed": embeddings}


def _embedding_settings(name: str) -> dict[str, Any]:
    """Send texts, not token ids, to an endpoint that is compatible with OpenAI's but not it: most take no ids."""
    elsewhere = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return {"check_embedding_ctx_length": False} if name.startswith("openai:") and elsewhere else {}


def _named(option: str, name: str) -> str:
    """Refuse an empty name, with which `init_chat_model` would wait for another one at run time."""
    if not name.strip():
        raise ValueError(f'{option} needs a name such as "openai:gpt-5-mini"')
    return name


def _unusable(option: str, name: str, error: Exception) -> InvalidInputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InvalidInputError(
        f"{option} {name!r} can't be used: {reason} ({OFFLINE!r} needs neither a key nor a network)"
    )


@contextmanager
def opened_store(given: str | None, *, create: bool = False, embed: str = OFFLINE) -> Iterator["BaseStore"]:
    """Open the store for the length of a command; see `store_url` for the errors."""
    from langmem_ext.store import open_store  # noqa: PLC0415 - faiss and numpy

    url = store_url(given, create=create)
    with open_store(url, index=index_config(embed)) as store:
        yield store


@contextmanager
def opened_memory(
    user: str,
    given: str | None,
    *,
    create: bool = False,
    embed: str = OFFLINE,
    redact: bool = False,
) -> Iterator["LongTermMemory"]:
    """Open one user's memory for the length of a command; it distils by extraction."""
    from langmem_ext.namespaces import user_namespace  # noqa: PLC0415

    namespace = user_namespace(user)
    with opened_store(given, create=create, embed=embed) as store:
        yield memory_over(store, namespace, redact=redactor(wanted=redact))


def users(store: "BaseStore") -> list[str]:
    """Return the users whose memories a store holds, each once."""
    from langmem_ext.namespaces import user_namespace, user_of  # noqa: PLC0415

    (root, _) = user_namespace("any")
    found: dict[str, None] = {}
    for offset in count(step=_PAGE):
        page = store.list_namespaces(prefix=(root,), max_depth=2, limit=_PAGE, offset=offset)
        found |= {user_of(namespace): None for namespace in page if len(namespace) > 1}
        if len(page) < _PAGE:
            break
    return list(found)


def memory_over(store: "BaseStore", namespace: tuple[str, ...], **settings: Any) -> "LongTermMemory":
    """Return the memory in a namespace of an open store, in the machine's own time zone."""
    from langmem_ext.longterm import LongTermMemory  # noqa: PLC0415

    return LongTermMemory(store, namespace, **({"timezone": local_zone()} | settings))


def redactor(*, wanted: bool) -> "Callable[[str], str] | None":
    """Return what ``--redact`` takes out of everything stored, or None."""
    if not wanted:
        return None
    from langmem_ext.redaction import Redactor  # noqa: PLC0415

    return Redactor()


def local_zone() -> tzinfo:
    """Return the machine's time zone, so that a bare date is the user's own day.

    By name where the machine tells it, because a named zone knows its summer time; else its present offset.
    """
    names = (os.environ.get("TZ", "").lstrip(":"), str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2])
    for name in filter(None, names):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return datetime.now().astimezone().tzinfo or UTC
