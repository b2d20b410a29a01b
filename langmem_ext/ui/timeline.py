"""The timeline: records by day, filtered and paged."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from langmem_ext.records import Kind
from langmem_ext.ui.charts import HEIGHT, bars
from langmem_ext.ui.desk import desk_of, link, pages_around, query_of, whole_number
from langmem_ext.ui.shown import in_zone

SIZE = 50
FILTERS = ("kind", "topic", "keyword", "after", "before", "text", "archived")


def page(request: Request) -> Response:
    """Show the records that pass the filters in the query, the latest first."""
    desk = desk_of(request)
    query = query_of(request)
    offset = whole_number(query, "offset", 0)
    kinds = [kind for kind in request.query_params.getlist("kind") if kind]
    found = desk.memory.browse(**filters(query, kinds), limit=SIZE, offset=offset)
    kept = {name: query[name] for name in FILTERS if name in query} | ({"kind": kinds} if kinds else {})
    newer, older = pages_around("/", offset, SIZE, found.total, **kept)
    days = groupby(found.records, key=lambda record: in_zone(record.occurred_at, desk.memory.zone).date())
    shown = desk.render(
        request,
        "timeline.html",
        found=found,
        days=[(day, list(records)) for day, records in days],
        bars=[(bar, _here(kept, bar.name)) for bar in bars(found.days)],
        height=HEIGHT,
        query=query,
        kinds=kinds,
        filtered=bool(kept),
        newer=newer,
        older=older,
        first=offset + 1,
        last=offset + len(found.records),
    )
    shown.background = BackgroundTask(desk.warm)
    return shown


def filters(query: Mapping[str, str], kinds: list[Any]) -> dict[str, Any]:
    """Return the arguments of `browse` that a query stands for."""
    chosen: list[Kind] | None = kinds or None
    return {
        "kinds": chosen,
        "topic": query.get("topic"),
        "keyword": query.get("keyword"),
        "after": query.get("after"),
        "before": query.get("before"),
        "text": query.get("text"),
        "live": "archived" not in query,
    }


def _here(kept: Mapping[str, Any], period: str) -> str:
    """Return the address of the same filters within a day, month or year."""
    return link("/", **{**kept, "after": period, "before": period})
