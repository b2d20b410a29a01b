"""English time expressions, as rules of the scanner.

What a name without a year means: its latest occurrence that has begun, as memory looks back. "last" is the latest that
is over ("last summer", "last May") or the calendar unit before this one ("last week", "last year"); "N units ago" is
the calendar unit that holds that moment; "the past N units" reach back from today.
"""

from langmem_ext.times.english.joins import JOINS
from langmem_ext.times.english.names import NAME_RULES
from langmem_ext.times.english.units import MASKS, UNIT_RULES
from langmem_ext.times.scanner import Rule

RULES: tuple[Rule, ...] = (*MASKS, *UNIT_RULES, *NAME_RULES, *JOINS)
"""In the order in which they are tried."""
