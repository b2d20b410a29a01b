"""Who gets in, what a foreign page can do, what hostile text can do: nothing."""

import re
from importlib.resources import files
from typing import Any

import pytest
from langgraph.store.base import BaseStore
from starlette.testclient import TestClient

from langmem_ext import LongTermMemory
from langmem_ext.ui.security import HEADERS, MAX_BODY, MAX_SESSIONS, Gate, Guard
from tests.ui.conftest import ENGLISH, SECRET, VIEWS, XSS, Elements, Visitor, enter

CHANGES = {
    "/record/revise": {"id": "home", "content": "Alice lives in Rome"},
    "/record/retire": {"id": "home"},
    "/record/undo": {"id": "home"},
    "/record/pin": {"id": "home", "pinned": "yes"},
    "/record/forget": {"id": "home"},
    "/talk/say": {"thread": "trip", "text": "I moved to Rome"},
    "/health/consolidate": {},
}


def contents(memory: LongTermMemory) -> list[tuple[str, str, bool]]:
    return [(record.id, record.content, record.pinned) for record in memory.browse(limit=1000).records]


@pytest.mark.parametrize("path", [*VIEWS, "/record?id=home", "/record/text?id=home", "/health/check", "/nowhere"])
def test_without_a_session_everything_is_closed(page: Guard, path: str) -> None:
    client = TestClient(page, base_url="http://127.0.0.1:8642")
    for cookies in ({}, {"langmem_ext_8642": "guessed"}, {"langmem_ext_8642": ""}):
        client.cookies = cookies
        response = client.get(path)
        assert response.status_code == 403
        assert "Berlin" not in response.text


def test_a_token_opens_the_page_once_and_a_new_one_is_announced() -> None:
    announced: list[str] = []
    gate = Gate(announce=announced.append)
    (first,) = announced
    session = gate.enter(first)
    assert gate.knows(session)
    assert gate.enter(first) is None
    assert len(announced) == 2
    assert announced[1] == gate.token != first
    assert gate.enter("") is gate.enter("ü") is None


def test_the_oldest_sessions_end_when_there_are_too_many() -> None:
    gate = Gate()
    sessions = [gate.enter(gate.token) for _ in range(MAX_SESSIONS + 1)]
    assert [gate.knows(session) for session in sessions] == [False, *[True] * MAX_SESSIONS]


def test_the_cookie_stays_with_this_site_and_out_of_scripts(page: Guard) -> None:
    client = TestClient(page, base_url="http://127.0.0.1:8642")
    cookie = client.get(f"/enter?token={page.gate.token}").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "langmem_ext_8642=" in cookie
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_a_name_that_was_bound_to_this_machine_is_refused(visitor: Visitor, host: str) -> None:
    response = visitor.client.get("/", headers={"host": host})
    assert response.status_code == 421
    assert "Berlin" not in response.text


@pytest.mark.parametrize("host", ["localhost:8642", "127.0.0.1:8642", "[::1]:8642", "192.168.1.5:8642"])
def test_the_names_of_this_machine_are_known(host: str) -> None:
    assert Gate().admits_host(host)
    assert not Gate().admits_host("memory.example")
    assert Gate(["Memory.example"]).admits_host("memory.example:80")


@pytest.mark.parametrize(("path", "fields"), CHANGES.items())
@pytest.mark.parametrize("attack", ["no proof", "wrong proof", "other session", "origin", "fetch", "same-site fetch"])
def test_a_foreign_form_changes_nothing(
    visitor: Visitor, memory: LongTermMemory, path: str, fields: dict[str, str], attack: str
) -> None:
    before = contents(memory)
    headers, proof = dict(ENGLISH), visitor.proof
    match attack:
        case "no proof":
            proof = ""
        case "wrong proof":
            proof = proof[::-1]
        case "other session":
            proof = enter(visitor.page).proof
        case "origin":
            headers["origin"] = "http://127.0.0.1:9999"
        case "fetch":
            headers["sec-fetch-site"] = "cross-site"
        case _:
            headers["sec-fetch-site"] = "same-site"
    response = visitor.client.post(path, data={**fields, "proof": proof}, headers=headers)
    assert response.status_code in {400, 403}
    assert contents(memory) == before
    assert memory.log("trip", start=4) == []


@pytest.mark.parametrize("path", CHANGES)
def test_looking_at_an_address_changes_nothing(visitor: Visitor, memory: LongTermMemory, path: str) -> None:
    before = contents(memory)
    assert visitor.get(f"{path}?id=home&proof={visitor.proof}").status_code in {404, 405}
    assert contents(memory) == before


def test_a_request_without_end_is_refused_before_it_is_read(visitor: Visitor) -> None:
    too_long = {"content-length": str(MAX_BODY + 1)}
    assert visitor.client.post("/record/pin", content=b"", headers=too_long).status_code == 413
    assert visitor.client.post("/record/pin", content=iter([b"id=home"])).status_code == 411


@pytest.mark.parametrize(
    "path",
    [*VIEWS, "/record?id=home", "/record?id=none", "/enter?token=x", "/static/page.css", "/static/none", "/none"],
)
def test_every_answer_carries_the_policy(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in headers["content-security-policy"]


def test_a_failure_says_no_more_than_its_kind(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a private matter")

    monkeypatch.setattr(LongTermMemory, "browse", broken)
    response = visitor.get("/")
    assert response.status_code == 500
    assert "RuntimeError" in response.text
    assert "private matter" not in response.text
    assert response.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_nothing_is_loaded_from_elsewhere(visitor: Visitor) -> None:
    for path in (*VIEWS, "/record?id=home", "/topics?topic=home", "/topics?keyword=berlin"):
        assert Elements(visitor.get(path).text).dangers == []
    for file in (files("langmem_ext.ui") / "static").iterdir():
        outside = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", file.read_text(encoding="utf-8"))
        assert [address for address in outside if address != "http://www.w3.org"] == []


def test_one_users_page_never_shows_anothers(visitor: Visitor, store: BaseStore) -> None:
    paths = [*VIEWS, "/record?id=bobs", "/record/text?id=bobs", "/topics?topic=keys", "/topics?keyword=flowerpot"]
    paths += ["/recall?q=flowerpot", "/recall?turn=bobs", "/?text=flowerpot", "/?topic=keys", "/?archived=1"]
    for path in paths:
        text = visitor.get(path).text
        assert "spare key" not in text, path
    for path in ("/record/forget", "/record/retire", "/record/pin"):
        assert visitor.post(path, {"id": "bobs", "pinned": "yes"}).status_code == 404
    bob = LongTermMemory(store, ("memories", "bob")).get("bobs")
    assert bob is not None
    assert (bob.content, bob.pinned, bob.live) == (SECRET, False, True)


@pytest.mark.parametrize("text", XSS)
def test_hostile_text_is_shown_as_text_wherever_it_was_stored(
    visitor: Visitor, memory: LongTermMemory, text: str
) -> None:
    label = text[:100].replace("\x00", "")
    record = memory.remember(
        f"odd {text}", id=f"odd{text}", data={"x": text}, topic=label, keywords=[label], speaker=text, sources=[text]
    )
    memory.observe([("user", f"said {text}")], thread_id=f"odd thread {label}"[:60].replace("\x1b", ""))
    paths = [("/", {}), ("/topics", {}), ("/record", {"id": record.id}), ("/topics", {"topic": label})]
    paths += [("/", {"text": text}), ("/", {"topic": label, "keyword": label}), ("/recall", {"q": f"odd {text}"})]
    paths += [("/talk", {}), ("/topics", {"q": label}), ("/talk", {"thread": text}), ("/topics", {"keyword": label})]
    for path, query in paths:
        response = visitor.client.get(path, params=query, headers=ENGLISH)
        assert response.status_code in {200, 400, 404}, (path, response.status_code)
        page = Elements(response.text)
        assert page.dangers == [], path
        assert not set(page.text) & set("\u202e\u202c\u2067\x00\x1b\x9b\ufeff"), path


def test_a_megabyte_is_shortened(visitor: Visitor, memory: LongTermMemory) -> None:
    record = memory.remember("x" * 2**20, id="long", data={"x": "y" * 2**20})
    for path in ("/", f"/record?id={record.id}", "/recall?q=xxxx"):
        response = visitor.get(path)
        assert response.status_code == 200
        assert len(response.content) < 100_000
    assert "1,048,576" in visitor.get("/").text
    whole = visitor.get("/record/text?id=long")
    assert whole.text == record.content
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.headers["content-disposition"].startswith("attachment")
