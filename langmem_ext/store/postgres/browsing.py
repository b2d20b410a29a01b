"""Looking through a namespace without a question: in the order of a number, filtered, counted."""

from typing import Any

import numpy as np
import orjson

from langmem_ext.protocols import Ordered
from langmem_ext.store.browsing import Listing
from langmem_ext.store.postgres.conditions import Fragment, resolve, storable, where
from langmem_ext.store.postgres.connecting import Connection
from langmem_ext.store.postgres.reading import LIVE, get, namespaces
from langmem_ext.store.rows import decode_namespace


def ordered(connection: Connection, listing: Listing) -> Ordered:
    """Return the page of a listing, and the numbers of all that match."""
    search = listing.search
    number, number_params = resolve(listing.by)
    condition, given = where(search.conditions)
    chosen, chosen_params = _chosen(listing)
    direction = "ASC" if listing.ascending else "DESC"
    rows = connection.execute(
        f"SELECT s.key, CASE WHEN jsonb_typeof({number}) = 'number'"  # noqa: S608
        f" THEN CASE WHEN abs(({number})::numeric) < 1e308 THEN ({number})::float8 END END AS number"
        f" FROM store s WHERE s.prefix = %s AND {LIVE} AND {condition} AND {chosen}"
        f" ORDER BY number {direction} NULLS LAST, s.updated_at {direction}".encode(),
        [*number_params * 3, search.path, *given, *chosen_params],
    ).fetchall()
    numbers = np.array([row[1] for row in rows], np.float64)
    page = [(search.path, key) for key, _ in rows[search.offset : search.reach]]
    found = get(connection, page)
    return Ordered([found[item].search_item(None) for item in page if item in found], numbers)


def _chosen(listing: Listing) -> Fragment:
    """Return the two restrictions that a listing may have: to keys, and to what a field contains."""
    parts, params = ["TRUE"], list[Any]()
    if listing.keys is not None:
        parts.append("s.key = ANY (%s)")
        params.append([key for key in listing.keys if storable(key)])
    if listing.contains is not None:
        field, text = listing.contains
        if not storable(field + text):
            return "FALSE", []
        found, field_params = resolve((field,))
        parts.append(
            f"CASE jsonb_typeof({found}) WHEN 'string' THEN strpos(lower({found} #>> '{{}}'), lower(%s)) > 0"
            f" WHEN 'array' THEN {found} @> %s::jsonb ELSE FALSE END"
        )
        array = orjson.dumps([text]).decode()
        params += [*field_params, *field_params, text, *field_params, array]
    return " AND ".join(parts), params


def counts(connection: Connection, path: str) -> dict[tuple[str, ...], int]:
    """Count the live items of the namespaces at and below a path."""
    rows = connection.execute(
        f"SELECT s.prefix, count(*) FROM store s WHERE s.prefix = ANY (%s) AND {LIVE} GROUP BY s.prefix".encode(),  # noqa: S608
        (namespaces(connection, [path])[path],),
    )
    return {decode_namespace(name): number for name, number in sorted(rows)}
