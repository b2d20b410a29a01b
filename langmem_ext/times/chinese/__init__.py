"""Chinese time expressions, as rules of the scanner; the conventions are those of the English ones.

A month, season or feast without a year is its latest occurrence that has begun; 上周 is the calendar week before this
one, 三周前 the calendar week that holds that moment, 最近三周 reaches back from today.
"""

from langmem_ext.times.chinese.counts import AGO_RULES, MASKS, YEAR_RULES
from langmem_ext.times.chinese.joins import JOINS
from langmem_ext.times.chinese.names import MONTH_RULES, NAME_RULES, WEEK_RULES
from langmem_ext.times.scanner import Rule

RULES: tuple[Rule, ...] = (*MASKS, *YEAR_RULES, *AGO_RULES, *WEEK_RULES, *MONTH_RULES, *NAME_RULES, *JOINS)
"""In the order in which they are tried."""
