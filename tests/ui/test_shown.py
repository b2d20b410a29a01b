"""Text as it is shown, dates, languages, charts: the small pure parts of the page."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from langmem_ext.records import KINDS
from langmem_ext.ui import shown
from langmem_ext.ui.charts import HEIGHT, MOST_BARS, bars
from langmem_ext.ui.chinese import ZH
from langmem_ext.ui.english import EN
from tests.ui.conftest import Elements

UNSEEN = "\x00\x1b\x7f\x85\u200b\u2028\u202a\u202e\u2066\u2069\ufeff"


@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>&\"'" + UNSEEN)), max_size=400), st.integers(1, 300)
)
def test_shown_text_is_isolated_and_no_markup(text: str, limit: int) -> None:
    page = Elements(shown.shown(text, limit))
    assert {tag for tag, _ in page.found} <= {"bdi", "span"}
    assert not set(page.text) & set(UNSEEN)
    assert str(shown.shown(text, limit)).startswith("<bdi>")
    assert len(page.text) <= 8 * limit + 20


def test_what_is_seen_is_shown_as_it_is() -> None:
    assert shown.shown("喜欢 <b>湖</b> & tea\n") == "<bdi>喜欢 &lt;b&gt;湖&lt;/b&gt; &amp; tea\n</bdi>"
    assert "U+202E" in shown.shown("a\u202eb")
    assert shown.shown("x" * 1_000, 10) == f'<bdi>{"x" * 10}</bdi><span class="cut">… 1,000</span>'


def test_a_quote_is_marked_where_it_stands() -> None:
    assert shown.quoted("I <like> tea", "<like>") == "<bdi>I <mark>&lt;like&gt;</mark> tea</bdi>"
    assert "<mark>" not in shown.quoted("I like tea", "coffee")
    assert "<mark>" not in shown.quoted("I like tea", None)
    far = shown.quoted("a" * 10_000 + "needle" + "b" * 10_000, "needle", 100)
    assert re.fullmatch(r"<bdi>…a{50}<mark>needle</mark>b{50}…</bdi>", far)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh-TW;q=0.7,en;q=0.3", "zh"),
        ("de", "en"),
        ("", "en"),
        ("en;q=0.2,zh;q=0.9", "zh"),
        (";;;,zh;q=nonsense", "zh"),
    ],
)
def test_the_language_is_the_one_the_browser_wants_most(header: str, language: str) -> None:
    assert shown.choose_language(header) == language


def test_dates_are_written_as_each_language_does() -> None:
    day = date(2025, 9, 30)
    assert shown.long_date(day, "en") == "Tuesday 30 Sep 2025"
    assert shown.long_date(day, "zh") == "2025年9月30日 星期二"
    assert shown.moment(datetime(2025, 9, 30, 7, 5, tzinfo=UTC), UTC, "zh") == "2025年9月30日 07:05"
    assert shown.in_zone(datetime.max.replace(tzinfo=UTC), timezone(timedelta(hours=14))).year == 9999


def test_both_languages_have_every_text_with_the_same_places() -> None:
    assert EN.keys() == ZH.keys()
    for name, english in EN.items():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", ZH[name])), name
    assert {f"kind.{kind}" for kind in KINDS} <= EN.keys()


def test_every_text_is_used() -> None:
    from importlib.resources import files

    root = files("langmem_ext.ui")
    sources = [file.read_text(encoding="utf-8") for file in (root / "templates").iterdir()]
    sources += [file.read_text(encoding="utf-8") for file in root.iterdir() if file.name.endswith(".py")]
    whole = "\n".join(source for source in sources if ": Final[dict[str, str]]" not in source)
    built = ("kind.", "role.", "step.", "about.", "section.", "list.", "done.", "receipt.", "stage.")
    actions = {
        f"{action}{end}" for action in ("retire", "undo", "pin", "unpin", "forget") for end in ("", "_ask", "_do")
    }
    unused = [name for name in EN if not name.startswith(built) and name not in actions and f'"{name}"' not in whole]
    assert [name for name in unused if f"'{name}'" not in whole] == []


@given(st.dictionaries(st.dates(), st.integers(1, 10**6), max_size=40))
def test_a_chart_is_small_and_in_order(days: dict[date, int]) -> None:
    chart = bars(days)
    assert len(chart) <= MOST_BARS
    assert [bar.place for bar in chart] == list(range(len(chart)))
    assert sorted(bar.name for bar in chart) == [bar.name for bar in chart]
    assert all(0 <= bar.height <= HEIGHT for bar in chart)
    assert bool(chart) == bool(days)


def test_a_charts_periods_are_days_months_or_years() -> None:
    start = date(2024, 1, 31)

    def names(span: int) -> tuple[str, int]:
        chart = bars({start: 2, start + timedelta(days=span): 1})
        assert sum(bar.count for bar in chart) == 3
        return chart[0].name, len(chart)

    assert names(10) == ("2024-01-31", 11)
    assert names(400) == ("2024-01", 15)
    assert names(4000) == ("2024", 12)
