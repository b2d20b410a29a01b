"""Spans for OpenTelemetry: their names, nesting and counts; never a word of what was said, and nothing without it."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.memory import InMemoryStore
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langmem_ext import LongTermMemory, create_memory_agent
from langmem_ext.errors import RecordNotFoundError
from langmem_ext.longterm.consolidate import ConsolidationReport
from langmem_ext.longterm.reflect import ReflectionReport
from langmem_ext.longterm.update import UpdateReport
from langmem_ext.offline import ExtractiveChatModel

SAID = "My budget for Zanzibar is 4711 francs."


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Collect the spans of one test; the application's provider is set once per process, so it is put in its place."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


def names(spans: InMemorySpanExporter) -> list[str]:
    return [span.name for span in spans.get_finished_spans()]


def attributes(spans: InMemorySpanExporter, name: str) -> dict[str, Any]:
    (span,) = (one for one in spans.get_finished_spans() if one.name == name)
    return dict(span.attributes or {})


def use(memory: LongTermMemory) -> None:
    memory.observe([HumanMessage(SAID)], thread_id="t")
    memory.update()
    memory.consolidate()
    memory.recall("What is my budget?")


def test_each_operation_has_a_span_with_what_can_be_counted(spans: InMemorySpanExporter) -> None:
    use(LongTermMemory(InMemoryStore()))
    assert {"observe", "update", "consolidate", "recall", "store_batch"} == {
        name.removeprefix("langmem_ext.") for name in names(spans)
    }
    assert attributes(spans, "langmem_ext.observe") == {"langmem_ext.count": 1}
    assert attributes(spans, "langmem_ext.update")["langmem_ext.ranges"] == 1
    recalled = attributes(spans, "langmem_ext.recall")
    assert recalled["langmem_ext.records"] >= 1
    assert recalled["langmem_ext.tokens"] > 0


def test_store_batches_lie_inside_the_operation_they_serve(spans: InMemorySpanExporter) -> None:
    LongTermMemory(InMemoryStore()).remember("x")
    batches = [span for span in spans.get_finished_spans() if span.name == "langmem_ext.store_batch"]
    (outer,) = (span for span in spans.get_finished_spans() if span.name == "langmem_ext.remember_many")
    assert outer.context is not None
    assert {span.parent.span_id for span in batches if span.parent} == {outer.context.span_id}
    assert sum(int(str((span.attributes or {}).get("langmem_ext.put", 0))) for span in batches) == 1


def test_awaited_operations_of_several_tasks_keep_their_spans_apart(spans: InMemorySpanExporter) -> None:
    async def main() -> None:
        memories = [LongTermMemory(InMemoryStore(), ("memories", f"user{n}")) for n in range(5)]
        await asyncio.gather(*(memory.aremember("x") for memory in memories))

    asyncio.run(main())
    by_trace: dict[int, set[str]] = {}
    for span in spans.get_finished_spans():
        assert span.context is not None
        by_trace.setdefault(span.context.trace_id, set()).add(span.name)
    assert len(by_trace) == 5
    assert {frozenset(found) for found in by_trace.values()} == {
        frozenset({"langmem_ext.remember_many", "langmem_ext.store_batch"})
    }


def test_an_agents_turn_is_traced_below_the_callers_span(spans: InMemorySpanExporter) -> None:
    agent: Any = create_memory_agent(ExtractiveChatModel(), store=InMemoryStore())
    with trace.get_tracer("application").start_as_current_span("turn") as turn:
        agent.invoke({"messages": [("user", SAID)]})
        expected = turn.get_span_context().trace_id
    assert {"langmem_ext.observe", "langmem_ext.recall", "langmem_ext.update"} <= set(names(spans))
    assert {span.context.trace_id for span in spans.get_finished_spans() if span.context} == {expected}


def test_a_failure_is_named_by_its_kind(spans: InMemorySpanExporter) -> None:
    with pytest.raises(RecordNotFoundError):
        LongTermMemory(InMemoryStore()).revise("Zanzibar", "4711")
    (span,) = (one for one in spans.get_finished_spans() if one.name == "langmem_ext.revise")
    assert span.status.status_code is trace.StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "RecordNotFoundError"


def test_no_span_holds_what_was_said(spans: InMemorySpanExporter) -> None:
    use(LongTermMemory(InMemoryStore(), ("memories", "zanzibar-user")))
    everything = " ".join(span.to_json() for span in spans.get_finished_spans())
    assert "anzibar" not in everything
    assert "francs" not in everything  # a number could be part of an id or a time


def test_without_opentelemetry_everything_works_and_nothing_is_imported() -> None:
    program = """
import sys, json
sys.modules["opentelemetry"] = None
from langgraph.store.memory import InMemoryStore
from langmem_ext import LongTermMemory
memory = LongTermMemory(InMemoryStore())
memory.remember("tea")
print(json.dumps([len(memory.recall("tea")), "opentelemetry.trace" in sys.modules]))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout.splitlines()[-1]) == [1, False]


def test_the_page_names_the_spans_and_attributes_there_are() -> None:
    """Each report's fields, as the page lists them, are fields that it has; the page's program runs."""
    page = (Path(__file__).parent.parent / "docs" / "observability.md").read_text(encoding="utf-8")
    for span, report in (("update", UpdateReport), ("consolidate", ConsolidationReport), ("reflect", ReflectionReport)):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `langmem_ext.{span}` |"))
        assert set(re.findall(r"`(\w+)`", row)) <= set(report.model_fields)
    program = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)[0]
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "langmem_ext.recall {'langmem_ext.records': 1" in result.stdout
