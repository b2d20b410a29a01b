"""Pictures: what stands in them is what was passed, in every theme, and Chinese never turns into boxes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from langmem_ext import (
    LongTermMemory,
    MainContext,
    MemoryMiddleware,
    MemoryRecord,
    Recall,
    create_memory_agent,
    open_store,
)
from langmem_ext.errors import InvalidInputError
from langmem_ext.offline import ExtractiveChatModel, HashingEmbeddings
from langmem_ext.plots import PALETTE, dress, plot_graph, plot_keywords, plot_recall, plot_timeline, plot_tokens, style

plt.switch_backend("Agg")


EVENING = datetime(2026, 9, 30, 19, tzinfo=UTC)
SAID = {
    "en": ["I want to go hiking in Switzerland.", "The budget is 20,000 yuan.", "I would like a guesthouse."],
    "zh": ["我想去瑞士徒步。", "预算是 2 万人民币。", "住宿希望住民宿。"],
}
THEMES = ("auto", "light", "dark")
needs_chinese_letters = pytest.mark.skipif(
    style.cjk_family() is None, reason="no font with Chinese letters is installed (fonts-noto-cjk); they are numbered"
)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(params=["en", "zh"])
def memory(request: pytest.FixtureRequest) -> Iterator[LongTermMemory]:
    with open_store(":memory:", index={"dims": 384, "embed": HashingEmbeddings()}) as store:
        memory = LongTermMemory(store, ("memories", "lin"), clock=lambda: EVENING)
        said = [HumanMessage(text, id=f"m{place}") for place, text in enumerate(SAID[request.param], 1)]
        memory.observe(said, thread_id="trip")
        memory.update()
        memory.consolidate()
        yield memory


def texts(ax: Axes) -> list[str]:
    """Draw, and return every text that can be seen; a letter that no font has is a warning, so an error."""
    ax.figure.canvas.draw()
    return [str(text.get_text()) for text in ax.findobj(Text) if text.get_text()]


def recalled(memory: LongTermMemory) -> Recall:
    return memory.recall("What is the budget? 预算是多少?")


def pictures(memory: LongTermMemory, **options: Any) -> Iterator[Axes]:
    entries = [*memory.log("trip"), *memory.records(kinds="summary")]
    context = MainContext(2000, system="Be kind.")
    context.add_messages(memory.messages("trip"))
    yield plot_tokens([context.usage()], labels=["第一轮 1"], **options)
    yield plot_timeline(memory.records(), **options)
    yield plot_keywords(memory.keywords(), entries, highlight=["budget", "预算"], **options)
    yield plot_recall(recalled(memory), records=memory.records(), **options)


@pytest.mark.parametrize("theme", THEMES)
def test_every_picture_is_drawn_in_every_theme(memory: LongTermMemory, theme: str) -> None:
    for ax in pictures(memory, theme=theme):
        assert texts(ax)


def test_chinese_without_a_font_is_numbered_and_a_note_says_so(
    memory: LongTermMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "cjk_family", lambda: None)
    for ax in pictures(memory, title="标题"):
        shown = "\n".join(texts(ax))
        assert "[zh 1]" in shown
        assert "fonts-noto-cjk" in shown
        assert not style._CJK.search(shown)


def test_a_picture_without_chinese_has_no_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "cjk_family", lambda: None)
    assert not any("fonts-noto-cjk" in text for text in texts(plot_tokens([{"messages": 3}])))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
def test_letters_and_marks_of_the_default_theme_read_on_light_and_on_dark(ground: str) -> None:
    assert contrast(style.INK["auto"], ground) >= 4
    assert {name: contrast(colour, ground) for name, colour in PALETTE.items() if contrast(colour, ground) < 2.6} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_of_the_filled_themes_have_full_contrast(theme: str) -> None:
    assert contrast(style.INK[theme], style._GROUND[theme]) >= 7


def test_bars_are_as_high_as_the_tokens_of_their_sections() -> None:
    usages = [
        {"system": 10, "messages": 20, "total": 30, "budget": 100},
        {"system": 10, "messages": 60, "pages": 15, "total": 85, "budget": 100},
    ]
    ax = plot_tokens(usages)
    tops = [0.0, 0.0]
    for container in ax.containers:
        for place, bar in enumerate(container):
            tops[place] = max(tops[place], bar.get_y() + bar.get_height())
    assert tops == [30, 85]
    assert [line.get_ydata()[0] for line in ax.lines] == [100]  # type: ignore[index]
    assert {"system", "messages", "pages", "budget"} <= set(texts(ax))
    assert "total" not in texts(ax)


def test_a_timeline_has_a_row_per_version_and_a_stroke_where_one_was_superseded() -> None:
    now = [EVENING]
    with open_store(":memory:") as store:
        memory = LongTermMemory(store, clock=lambda: now[0])
        memory.remember("The budget is 20,000 yuan", id="b", occurred_at="2026-09-01")
        now[0] += timedelta(days=2)
        memory.revise("b", "The budget is 25,000 yuan")
        ax = plot_timeline(memory.history("b"))
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "The budget is 20,000 yuan",
        "The budget is 25,000 yuan",
    ]
    strokes = [line for line in ax.lines if line.get_marker() == "|"]
    assert len(strokes) == 1
    assert strokes[0].get_xdata()[0] == pytest.approx(now[0].timestamp() / 86_400)  # type: ignore[index]


def record(number: int) -> MemoryRecord:
    moment = EVENING + timedelta(hours=number)
    return MemoryRecord(id=f"r{number}", content=f"Fact {number}", occurred_at=moment, recorded_at=moment)


def test_of_many_records_the_newest_are_drawn_and_the_title_says_so() -> None:
    ax = plot_timeline([record(number) for number in range(50)], limit=5, title="Facts")
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"Fact {number}" for number in range(45, 50)]
    assert "Facts (5 of 50)" in texts(ax)


def test_a_keyword_graph_has_a_line_per_keyword_and_entry() -> None:
    entries = [record(1), record(2)]
    ax = plot_keywords({"lake": ["r1"], "trip": ["r1", "r2"], "gone": ["r9"]}, entries)
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]  # type: ignore[arg-type]
    assert len(lines) == 3
    assert {"lake", "trip", "Fact 1", "Fact 2"} <= set(texts(ax))
    assert "gone" not in texts(ax)


def test_the_most_selective_keywords_are_drawn_first() -> None:
    entries = [record(1), record(2)]
    keywords = {"everything": ["r1", "r2"], "one": ["r1"], "two": ["r2"]}
    shown = texts(plot_keywords(keywords, entries, limit=2, title="Keywords"))
    assert {"one", "two", "Keywords (2 of 3)"} <= set(shown)
    assert "everything" not in shown


@needs_chinese_letters
@pytest.mark.parametrize(
    ("language", "covered", "column"), [("en", "covered by #1", "rank"), ("zh", "#1 已包含", "排序")]
)
def test_a_recalls_picture_marks_what_came_back_and_what_was_dropped(
    memory: LongTermMemory, language: Any, covered: str, column: str
) -> None:
    found = recalled(memory)
    ax = plot_recall(found, records=memory.records(), limit=100, language=language)
    dropped = sum(len(step.dropped) for step in found.trace)
    assert len([line for line in ax.lines if line.get_marker() == "x"]) == dropped > 0
    shown = texts(ax)
    assert [f"#{place}" for place in range(1, len(found) + 1)] == [
        text for text in shown if re.fullmatch(r"#\d+", text)
    ]
    assert covered in shown
    assert any(text.startswith(f"{column}\n") for text in shown)
    assert found.query in shown


def test_a_recalls_picture_speaks_the_language_of_the_question(memory: LongTermMemory) -> None:
    shown = texts(plot_recall(memory.recall("How much is the budget for it?"), records=memory.records()))
    assert any(text.startswith("rank\n") for text in shown)


def test_records_that_are_unknown_are_shown_by_id(memory: LongTermMemory) -> None:
    assert "m1" in texts(plot_recall(recalled(memory)))


@needs_chinese_letters
def test_an_agents_graph_has_a_box_per_node_and_an_arrow_per_edge() -> None:
    graph = create_memory_agent(ExtractiveChatModel()).get_graph()
    ax = plot_graph(graph, visited=["analyse"], names={"answer": "回答"})
    assert {"start", "analyse", "search_memory", "回答", "update_memory", "end"} <= set(texts(ax))
    assert len(ax.patches) == len(graph.edges)


def test_a_graph_is_drawn_in_the_order_of_its_ways() -> None:
    agent = create_agent(ExtractiveChatModel(), middleware=[MemoryMiddleware()])
    ax = plot_graph(agent.get_graph())
    shown = [text.get_text() for text in ax.texts]
    assert (shown[0], shown[-1]) == ("start", "end")
    assert shown.index("model") < shown.index("tools")
    assert shown.index("MemoryMiddleware.\nbefore_model") < shown.index("MemoryMiddleware.\nafter_agent")


def test_a_picture_goes_into_the_axes_that_are_passed() -> None:
    _, ax = plt.subplots()
    assert plot_tokens([{"messages": 3}], ax=ax) is ax


def test_dollars_are_no_formulas() -> None:
    assert texts(plot_timeline([record(1).model_copy(update={"content": "from $20 to $30"})]))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: plot_tokens([]), "usages is empty"),
        (lambda: plot_tokens([{"messages": -1}]), "messages"),
        (lambda: plot_tokens([{"messages": 1}], labels=["a", "b"]), "got 2 for 1"),
        (lambda: plot_timeline([]), "at least one record"),
        (lambda: plot_keywords({"lake": ["r9"]}, [record(1)]), "no keyword names any"),
        (lambda: plot_recall(Recall(query="anything")), "names no record"),
        (lambda: dress(plt.subplots()[1], "neon"), "neon"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_drawn_is_a_clear_error(call: Any, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        call()


def test_without_matplotlib_the_extra_is_named() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; import langmem_ext.plots"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert 'pip install "langmem-ext[notebooks]"' in done.stderr
