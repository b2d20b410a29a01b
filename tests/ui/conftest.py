"""A page of alice's memory, bob's beside it in the same store, and a client that has entered it."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.base import BaseStore
from starlette.testclient import TestClient

from langmem_ext import FaissStore, LongTermMemory
from langmem_ext.offline import ExtractiveChatModel, HashingEmbeddings
from langmem_ext.ui import create_page
from langmem_ext.ui.security import Guard

ENGLISH = {"accept-language": "en-GB,en;q=0.9"}
CHINESE = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}
VIEWS = ("/", "/topics", "/recall", "/recall?q=lakes", "/talk", "/health")
SECRET = "Bob keeps a spare key under the third flowerpot"

XSS = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "'-window.hacked=1-'",
    "<svg/onload=window.hacked=1>",
    "</textarea><script>window.hacked=1</script>",
    "</title><script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    '<a href="javascript:window.hacked=1">click</a>',
    "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "{{ 7*7 }} {% raw %} ${7*7} <%= 7*7 %>",
    "<!--<img src=--><img src=x onerror=window.hacked=1>//",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    '<form action="//evil.example"><button>',
    "<base href=//evil.example/><meta http-equiv=refresh content=0;url=//evil.example>",
    "\u202egnp.exe\u202c \u2067abc\u2069 \u200f",
    "null\x00byte \x1b[31m \x9b \ufeff",
    "]]> &lt;script&gt; &#x3c;script&#x3e; %3Cscript%3E",
)


@dataclass
class Visitor:
    """A browser without a screen: keeps its cookies and sends the proof of the page it has seen."""

    client: TestClient
    page: Guard

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers or ENGLISH)

    @property
    def proof(self) -> str:
        match = re.search(r'<meta name="proof" content="(\w+)">', self.get("/").text)
        assert match
        return match[1]

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Any:
        data = {"proof": self.proof, **fields}
        return self.client.post(path, data=data, headers=ENGLISH | headers, follow_redirects=False)


INDEX: Any = {"dims": 128, "embed": HashingEmbeddings(dims=128)}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with what both remember, made once; every test gets a copy of its own."""
    folder = tmp_path_factory.mktemp("page")
    with FaissStore(folder / "first.db", index=INDEX) as store:
        fill(store)
        store.backup(folder / "memory.db")
    return folder / "memory.db"


def fill(store: BaseStore) -> None:
    LongTermMemory(store, ("memories", "bob")).remember(SECRET, id="bobs", topic="keys", keywords=["flowerpot"])
    alice = LongTermMemory(store, ("memories", "alice"))
    said = [
        ("u1", "I like mountain lakes near Interlaken.", "2025-09-28T10:00:00+00:00"),
        ("u2", "我的预算是每人 2 万元。", "2025-09-30T08:00:00+00:00"),
    ]
    for message_id, text, when in said:
        question = HumanMessage(text, id=message_id, additional_kwargs={"timestamp": when})
        answer = AIMessage("Noted.", id=f"a{message_id}", additional_kwargs={"timestamp": when})
        alice.observe([question, answer], thread_id="trip")
    alice.update()
    alice.consolidate()
    alice.remember("Alice lives in Berlin", id="home", topic="home", keywords=["Berlin", "住处"], importance=0.9)


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[BaseStore]:
    shutil.copy(filled, tmp_path / "memory.db")
    with FaissStore(tmp_path / "memory.db", index=INDEX, synchronous="normal") as opened:
        yield opened


@pytest.fixture
def memory(store: BaseStore) -> LongTermMemory:
    return LongTermMemory(store, ("memories", "alice"))


@pytest.fixture
def page(memory: LongTermMemory) -> Guard:
    return create_page(memory, user="alice", model=ExtractiveChatModel())


@pytest.fixture
def visitor(page: Guard) -> Visitor:
    return enter(page)


def enter(page: Guard) -> Visitor:
    client = TestClient(page, base_url="http://127.0.0.1:8642", raise_server_exceptions=False)
    entered = client.get(f"/enter?token={page.gate.token}")
    assert entered.status_code == 200
    return Visitor(client, page)


class Elements(HTMLParser):
    """The elements of a page, with their attributes; and all its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._editing = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.text += " "
        self._editing |= tag == "textarea"

    def handle_endtag(self, tag: str) -> None:
        self._editing &= tag != "textarea"

    def handle_data(self, data: str) -> None:
        if not self._editing:  # what is edited must be what is stored
            self.text += data

    @property
    def dangers(self) -> list[str]:
        """What could run or load anything but the page's own files."""
        found: list[str] = []
        for tag, attributes in self.found:
            if tag in {"script", "link", "img"} and not (
                attributes.get("src") or attributes.get("href") or ""
            ).startswith("/static/"):
                found.append(f"<{tag}> {attributes}")
            if tag in {"style", "iframe", "object", "embed", "base"} or "http-equiv" in attributes:
                found.append(f"<{tag}>")
            found += [f"{tag} {name}" for name in attributes if name.startswith("on") or name in {"style", "srcdoc"}]
            for name in ("href", "src", "action", "formaction"):
                value = attributes.get(name)
                if (value and not value.startswith(("/", "#"))) or (value or "").startswith("//"):
                    found.append(f"{tag} {name}={value}")
        return found
