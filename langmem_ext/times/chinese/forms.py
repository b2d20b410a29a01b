"""Patterns and readings that the Chinese rules share."""

from langmem_ext.times.chinese.words import PARTS_OF_DAY

FEW = {"天": (6, 2), "日": (6, 2), "晚": (6, 2)}
DAY_PART = "|".join(sorted(PARTS_OF_DAY, key=len, reverse=True))
NOT_FRONT = "(?!后|台|端|面|途|景|任|提|往|辈|线|列|身|夫|妻|女友|男友|同事)"
"""前 before these is no "before"."""
MONTH_NUMBER = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九])"
DAY_NUMBER = r"(?:[12]\d|3[01]|0?[1-9]|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九])"
TO = r"(?:到|至|-|—|–|~|～)"


def offset_of(words: str) -> int:
    """-2 for 上上, -1 for 上, 0 for 这 and 本, 1 for 下, 2 for 下下."""
    return words.count("下") - words.count("上")
