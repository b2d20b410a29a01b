"""Every view in both languages, every action read back from the store, every stream event by event."""

import json
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore

from langmem_ext import LongTermMemory
from langmem_ext.testing import ScriptedChatModel
from langmem_ext.ui import create_page
from langmem_ext.ui.security import Guard
from langmem_ext.ui.timeline import SIZE
from tests.ui.conftest import CHINESE, VIEWS, Elements, Visitor, enter

STREAM = {"accept": "application/x-ndjson"}


def words(visitor: Visitor, path: str) -> str:
    response = visitor.get(path)
    assert response.status_code == 200, response.text
    return " ".join(Elements(response.text).text.split())


@pytest.mark.parametrize("path", VIEWS)
def test_every_view_speaks_the_browsers_language(visitor: Visitor, path: str) -> None:
    english = visitor.get(path)
    chinese = visitor.get(path, **CHINESE)
    assert english.status_code == chinese.status_code == 200
    assert '<html lang="en">' in english.text
    assert '<html lang="zh-Hans">' in chinese.text
    assert "时间线" in chinese.text
    assert "时间线" not in english.text


@pytest.mark.parametrize("path", VIEWS)
def test_every_field_has_a_label_and_every_page_a_heading_and_landmarks(visitor: Visitor, path: str) -> None:
    html = visitor.get(path).text
    page = Elements(html)
    tags = [tag for tag, _ in page.found]
    assert tags.count("h1") == tags.count("main") == 1
    fields = [a for tag, a in page.found if tag in {"input", "textarea", "select"} and a.get("type") != "hidden"]
    labels = tags.count("label")
    assert labels >= len(fields) > 0 or not fields
    assert '<a class="skip" href="#content">' in html


def test_an_empty_memory_invites(store: BaseStore) -> None:
    from langmem_ext.offline import ExtractiveChatModel

    empty = LongTermMemory(store, ("memories", "carol"))
    visitor = enter(create_page(empty, user="carol", model=ExtractiveChatModel()))
    for path in VIEWS:
        assert visitor.get(path).status_code == 200
    assert "Nothing here yet" in words(visitor, "/")


# Timeline


def test_the_timeline_is_by_day_the_latest_first(visitor: Visitor) -> None:
    text = words(visitor, "/?before=2025-09-30")
    assert text.index("30 Sep 2025") < text.index("我的预算") < text.index("28 Sep 2025") < text.index("mountain lakes")


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("kind=message", "mountain lakes", "Alice lives in Berlin"),
        ("kind=fact&kind=event&topic=home", "Alice lives in Berlin", "mountain lakes"),
        ("keyword=%E4%BD%8F%E5%A4%84", "Alice lives in Berlin", "mountain lakes"),
        ("text=LAKES", "mountain lakes", "Alice lives in Berlin"),
        ("after=2025-09-28&before=2025-09-28", "mountain lakes", "我的预算"),
        ("archived=1", "Nothing passes these filters", "Alice lives in Berlin"),
    ],
)
def test_each_filter_shows_what_it_says(visitor: Visitor, query: str, there: str, gone: str) -> None:
    text = words(visitor, f"/?{query}")
    assert there in text
    assert gone not in text


def test_pages_hold_everything_once(visitor: Visitor, memory: LongTermMemory) -> None:
    memory.remember_many([{"content": f"Entry number {n:03}", "topic": "many"} for n in range(SIZE + 20)])
    first, second = visitor.get("/?topic=many").text, visitor.get(f"/?topic=many&offset={SIZE}").text
    shown = [f"Entry number {n:03}" for n in range(SIZE + 20)]
    assert sum(entry in first for entry in shown) == SIZE
    assert all((entry in first) != (entry in second) for entry in shown)
    assert f'href="/?topic=many&amp;offset={SIZE}"' in first
    assert 'href="/?topic=many&amp;offset=0"' in second


@pytest.mark.parametrize(
    "path",
    ["/?after=soon", "/?kind=secret", "/?offset=-1", "/?offset=x", "/recall?q=a&limit=0", "/recall?q=a&before=x"],
)
def test_what_cannot_be_meant_is_said(visitor: Visitor, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 400
    assert 'role="alert"' in response.text


# Topics and keywords


def test_the_index_links_both_ways(visitor: Visitor, memory: LongTermMemory) -> None:
    (summary, *_) = memory.records(kinds="summary")
    index = visitor.get("/topics").text
    assert f'href="/topics?topic={summary.topic}"' in index
    assert 'href="/topics?keyword=berlin"' in index
    topic = visitor.get(f"/topics?topic={summary.topic}").text
    for record_id in (summary.id, *summary.sources):
        assert f'href="/record?id={record_id}"' in topic
    entry = visitor.get("/record?id=home").text
    assert 'href="/topics?keyword=Berlin"' in entry
    assert 'href="/topics?topic=home"' in entry
    assert "Alice lives in Berlin" in visitor.get("/topics?keyword=Berlin").text
    source = visitor.get(f"/record?id={summary.sources[0]}").text
    assert f'href="/record?id={summary.id}"' in source


def test_the_index_is_searched(visitor: Visitor) -> None:
    assert "berlin" in words(visitor, "/topics?q=BERL")
    assert "Nothing passes" in words(visitor, "/topics?q=nothing-like-it")


# Records


def test_a_record_shows_its_evidence_in_its_conversation(visitor: Visitor, memory: LongTermMemory) -> None:
    record = next(r for r in memory.browse(text="lakes").records if r.kind == "preference")
    page = visitor.get(f"/record?id={record.id}").text
    assert "<mark>I like mountain lakes near Interlaken" in page
    assert 'href="/record?id=u1"' in page
    assert 'href="/talk?thread=trip&amp;start=0"' in page


def test_each_change_is_asked_once_and_done(visitor: Visitor, memory: LongTermMemory) -> None:
    page = visitor.get("/record?id=home").text
    assert page.count('<details class="ask') == 4
    done = visitor.post("/record/revise", {"id": "home", "content": "Alice lives in Rome", "keywords": "Rome、住处"})
    new = memory.history("home")[-1]
    assert done.headers["location"] == f"/record?id={new.id}&done=revised"
    assert (new.content, new.keywords, new.topic) == ("Alice lives in Rome", ["Rome", "住处"], "home")
    shown = words(visitor, f"/record?id={new.id}")
    assert "Alice lives in Berlin" in shown
    assert "believed now" in shown

    visitor.post("/record/undo", {"id": new.id})
    (home,) = memory.browse(topic="home").records
    assert (home.id, home.live) == ("home", True)

    visitor.post("/record/pin", {"id": "home", "pinned": "yes"})
    assert memory.get("home").pinned  # type: ignore[union-attr]
    assert "Take the pin off" in words(visitor, "/record?id=home")
    visitor.post("/record/pin", {"id": "home", "pinned": "no"})
    assert not memory.get("home").pinned  # type: ignore[union-attr]

    visitor.post("/record/retire", {"id": "home"})
    assert not memory.get("home").live  # type: ignore[union-attr]
    assert "Alice lives in Berlin" in words(visitor, "/?archived=1")


def test_forgetting_shows_the_receipt(visitor: Visitor, memory: LongTermMemory) -> None:
    visitor.post("/record/revise", {"id": "home", "content": "Alice lives in Rome"})
    response = visitor.post("/record/forget", {"id": "home"})
    text = " ".join(Elements(response.text).text.split())
    assert "1 records 1 earlier versions 3 index entries 0 logged messages" in text
    assert "The bytes are gone" in text
    assert memory.get("home") is None
    assert visitor.get("/record?id=home").status_code == 404


def test_a_revision_that_cannot_be_meant_keeps_what_was_typed(visitor: Visitor, memory: LongTermMemory) -> None:
    fields = {"id": "home", "content": "Alice lives in Paris", "importance": "7"}
    response = visitor.post("/record/revise", fields)
    assert "importance must be a number from 0 to 1" in response.text
    assert "Alice lives in Paris" in response.text
    assert memory.get("home").live  # type: ignore[union-attr]
    assert "importance must be" in visitor.post("/record/revise", fields | {"importance": "much"}).text


def test_line_breaks_survive_a_revision(visitor: Visitor, memory: LongTermMemory) -> None:
    visitor.post("/record/revise", {"id": "home", "content": "\r\none\r\ntwo"})
    assert memory.history("home")[-1].content == "\none\ntwo"
    page = visitor.get(f"/record?id={memory.history('home')[-1].id}").text
    assert ">\n\none\ntwo</textarea>" in page  # the first line break after the tag is the tag's


def test_a_message_is_not_rewritten(visitor: Visitor) -> None:
    assert 'action="/record/revise"' not in visitor.get("/record?id=u1").text
    response = visitor.post("/record/retire", {"id": "u1"})
    assert response.status_code == 400
    assert "not rewritten" in response.text


# Recall


def test_a_question_shows_its_steps_and_the_context_it_makes(visitor: Visitor) -> None:
    text = words(visitor, "/recall?q=Which+lakes+does+Alice+like%3F")
    for step in ("Plan", "Topic index", "Keyword index", "Candidates", "Ranking", "Cover", "Fit"):
        assert step in text
    assert "words" in text
    assert "beyond the limit of 1" in words(visitor, "/recall?q=lakes&limit=1")
    assert "<memories>" in text
    assert "Tokens by section" in text
    chinese = visitor.get("/recall?q=%E9%A2%84%E7%AE%97", **CHINESE).text
    assert "关键词索引" in chinese
    assert "与“我的预算" in chinese


def test_time_and_budget_bound_a_recall(visitor: Visitor) -> None:
    def recalled(query: str) -> str:
        return words(visitor, f"/recall?q=lakes+预算&{query}").partition("How it was found")[0]

    assert "mountain lakes" in recalled("before=2025-09-28")
    assert "预算是" not in recalled("before=2025-09-28")
    assert "Nothing was found" in recalled("after=2031-01-01")
    assert "Nothing was found" in recalled("as_of=2020-01-01")
    assert "1 records" in recalled("limit=1")


def test_the_whole_history_is_counted_on_request(visitor: Visitor, memory: LongTermMemory) -> None:
    whole = f"{memory.stats().log_tokens:,} tokens"
    page = visitor.get("/recall/whole?used=7")
    piece = visitor.get("/recall/whole?used=7", **{"x-piece": "1"})
    assert whole in " ".join(Elements(page.text).text.split())
    assert "<html" in page.text
    assert "<html" not in piece.text
    assert "7 tokens" in piece.text


def test_looking_counts_as_no_use(visitor: Visitor, memory: LongTermMemory, page: Guard) -> None:
    for path in ("/recall?q=lakes", "/recall?turn=u2", "/talk?thread=trip&turn=u1"):
        visitor.get(path)
    visitor.post("/record/pin", {"id": "home", "pinned": "yes"})  # a write, with which uses are saved
    assert all(record.access_count == 0 for record in memory.browse(limit=100).records)
    assert [each for each in map(memory.get, ["u1", "u2"]) if each and each.access_count] == []
    memory.recall("lakes")
    memory.pin("home", pinned=False)
    assert any(each.access_count for each in map(memory.get, ["u1", "u2"]) if each)


# Conversation


def events(visitor: Visitor, text: str, thread: str = "trip") -> list[dict[str, Any]]:
    response = visitor.post("/talk/say", {"text": text, "thread": thread}, **STREAM)
    assert response.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in response.text.splitlines()]


def test_a_turn_streams_what_it_recalls_answers_and_learns(visitor: Visitor, memory: LongTermMemory) -> None:
    got = events(visitor, "My cat is called Momo. Which lakes do I like?")
    order = list(dict.fromkeys(event["event"] for event in got))
    assert order == ["said", "text", "recalled", "learning", "learnt"]
    assert sum(event["event"] == "text" for event in got) > 3
    answer = "".join(event["text"] for event in got if event["event"] == "text")
    assert "lakes" in answer
    *_, question, reply = memory.log("trip")
    assert (question.content, reply.content) == ("My cat is called Momo. Which lakes do I like?", answer)
    assert question.id == got[0]["turn"]
    assert "Momo" in got[-1]["html"]
    assert "lakes" in next(event["html"] for event in got if event["event"] == "recalled")
    assert any("Momo" in record.content for record in memory.browse(source=question.id).records)
    assert memory.stats().pending == 0


def test_a_past_turn_can_be_opened_as_it_happened(visitor: Visitor, memory: LongTermMemory) -> None:
    turn = events(visitor, "Which lakes do I like?")[0]["turn"]
    assert memory.recalls_of(turn)
    assert f"/recall?turn={turn}" in visitor.get(f"/talk?thread=trip&turn={turn}").text
    text = words(visitor, f"/recall?turn={turn}")
    assert "As it happened in this turn" in text
    assert "mountain lakes" in text
    assert "Replayed" in words(visitor, "/recall?turn=u2")


def test_without_a_script_the_answer_is_on_the_next_page(visitor: Visitor) -> None:
    response = visitor.post("/talk/say", {"text": "Which lakes do I like?", "thread": "新的"})
    assert response.status_code == 303
    page = words(visitor, response.headers["location"])
    assert "Which lakes do I like?" in page
    assert "Interlaken" in page


def test_conversations_are_chosen_and_paged(visitor: Visitor, memory: LongTermMemory) -> None:
    messages = [HumanMessage(f"line {number}", id=f"n{number}") for number in range(150)]
    memory.observe(messages, thread_id="long")
    last = words(visitor, "/talk?thread=long")
    assert "line 149" in last
    assert "line 89 " not in last
    assert "start=30" in visitor.get("/talk?thread=long").text
    middle = visitor.get("/talk?thread=long&start=30").text
    assert "line 30<" in middle
    assert "start=90" in middle
    assert 'start=0"' in middle
    assert '<option value="trip"' in middle


def test_a_failing_model_costs_no_message(memory: LongTermMemory) -> None:
    visitor = enter(create_page(memory, user="alice", model=ScriptedChatModel(responses=[RuntimeError("a secret")])))
    got = events(visitor, "Do you hear me?")
    assert got[-1]["event"] == "problem"
    assert "RuntimeError" in got[-1]["text"]
    assert "secret" not in json.dumps(got)
    assert memory.log("trip")[-1].content == "Do you hear me?"


def test_a_failing_update_is_said_and_stays_pending(memory: LongTermMemory) -> None:
    broken = ScriptedChatModel(responses=[RuntimeError("no structure today")] * 4)
    memory = LongTermMemory(memory.store, memory.namespace, model=broken)
    visitor = enter(create_page(memory, user="alice", model=ScriptedChatModel(responses=["I hear you."])))
    got = events(visitor, "I bought a boat.")
    assert got[-1]["event"] == "learnt"
    assert "stays pending" in got[-1]["html"]
    assert memory.stats(tokens=False).pending == 2
    assert memory.log("trip")[-1].content == "I hear you."


def test_a_conversation_that_cannot_be_named_so_is_a_problem_not_a_crash(visitor: Visitor) -> None:
    got = events(visitor, "Hello", thread="x" * 300)
    assert [event["event"] for event in got] == ["problem"]
    assert visitor.post("/talk/say", {"text": "Hello", "thread": "x" * 300}).status_code == 502
    assert visitor.get(f"/talk?thread={'x' * 300}").status_code == 400


def test_an_empty_message_is_refused(visitor: Visitor, memory: LongTermMemory) -> None:
    assert visitor.post("/talk/say", {"text": "  \n", "thread": "trip"}).status_code == 400
    assert len(memory.log("trip")) == 4


def test_what_is_redacted_is_nowhere(store: BaseStore) -> None:
    from langmem_ext.offline import ExtractiveChatModel
    from langmem_ext.redaction import Redactor

    memory = LongTermMemory(store, ("memories", "alice"), redact=Redactor())
    visitor = enter(create_page(memory, user="alice", model=ExtractiveChatModel()))
    events(visitor, "Write to alice@example.com about my cat Momo.")
    assert "alice@example.com" not in "".join(record.content for record in memory.browse(limit=100).records)


# Health


def test_health_counts_what_there_is(visitor: Visitor, memory: LongTermMemory) -> None:
    stats = memory.stats()
    text = words(visitor, "/health")
    assert f"{sum(stats.records.values())} believed records" in text
    assert f"{stats.keywords} keywords" in text
    assert "Everything is distilled" in text
    assert f"{stats.log_tokens} tokens of the log" in words(visitor, "/health/tokens")
    assert "Everything agrees" in words(visitor, "/health/check")


def test_what_is_pending_is_listed_and_consolidated_with_progress(visitor: Visitor, memory: LongTermMemory) -> None:
    for thread in ("one", "two"):
        memory.observe([HumanMessage(f"I bought a {thread}-seater", id=thread)], thread_id=thread)
    assert "1–1" in words(visitor, "/health")
    response = visitor.post("/health/consolidate", {}, **STREAM)
    got = [json.loads(line) for line in response.text.splitlines()]
    stages = {event["stage"] for event in got if event["event"] == "progress"}
    assert stages == {"update", "consolidate"}
    assert got[-1]["event"] == "done"
    assert "2 messages digested" in got[-1]["html"]
    assert memory.stats().pending == 0
    again = visitor.post("/health/consolidate", {})
    assert "0 messages digested" in again.text
    assert "<html" in again.text


def test_what_distillation_cost_is_told_by_day(store: BaseStore) -> None:
    from langmem_ext.offline import ExtractiveChatModel

    model = ExtractiveChatModel()
    memory = LongTermMemory(store, ("memories", "alice"), model=model)
    memory.observe([HumanMessage("I have two cats", id="cats")], thread_id="trip")
    memory.update()
    spent = memory.stats().today
    text = words(enter(create_page(memory, user="alice", model=model)), "/health")
    assert f"{spent.calls} {spent.input_tokens:,} {spent.output_tokens:,}" in text
