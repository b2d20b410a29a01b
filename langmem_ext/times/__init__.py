"""Times: bounds that callers pass, and the times that a text names, in Chinese and English.

`parse_bound` reads the `before`, `after` and `as_of` of a search; `spans` finds "last summer", 上周 or 国庆前 inside a
question; `resolve` reads one expression. Every span is half open and aware. Nothing here imports anything of ours but
`errors`.
"""

from langmem_ext.times.bounds import Edge, check_order, parse_bound, resolve_zone, to_ts
from langmem_ext.times.civil import Kind, Precision
from langmem_ext.times.spans import MAX_SCANNED, TimeSpan, resolve, spans

__all__ = [
    "MAX_SCANNED",
    "Edge",
    "Kind",
    "Precision",
    "TimeSpan",
    "check_order",
    "parse_bound",
    "resolve",
    "resolve_zone",
    "spans",
    "to_ts",
]
