"""Text as the lexical index sees it: normalised, cut into words and runs of unspaced script, stemmed.

Scripts that put spaces between words (Latin, Cyrillic, Greek, Arabic, Indic scripts, …) are cut into words; English
ones are stemmed and freed of stop words. Scripts that do not (Chinese, Japanese, Thai, …; Korean too, whose words are
agglutinated) stay runs, of which the index takes character n-grams: on Chinese these find more than dictionary words.

Every function here is pure, safe to call from any thread, linear in the length of its text, and takes any `str`: lone
surrogates and control characters separate words. This module owns no state but lazily built tables and imports nothing
of ours but the word lists.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import Stemmer  # type: ignore[import-not-found]  # an extension module without stubs

from langmem_ext.stopwords import FIRST_PERSON, FUNCTION_WORDS

ANALYSIS_VERSION = 1
"""Changes whenever `analyse` would give another row for the same text; stores then analyse their texts again."""

ROW_SEPARATOR = "\t"
"""Between the words of a token row, its runs of unspaced script, and its marks."""

ASKS = "?"
"""Mark of a text that ends in a question."""

PERSONAL = "i"
"""Mark of a text that says "I", "my", "we" or 我."""

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Myanmar
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
)
_MARKS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
TOKEN = re.compile(
    rf"(?P<run>[{_UNSPACED}]+)|(?:[^\W_{_UNSPACED}]|[{_MARKS}])+(?:'(?:[^\W\d_{_UNSPACED}]|[{_MARKS}])+)?"
)
"""A word, or a run of unspaced script, of a normalised text."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]")
_ACCENTED = ((0xC0, 0x250), (0x1E00, 0x1F00))
_NO_DECOMPOSITION = dict(zip("øđłħıŧðæœþ", ["o", "d", "l", "h", "i", "t", "d", "ae", "oe", "th"], strict=True))
_QUESTION = re.compile(r"(?:[?？]|[吗嗎呢][。.!！~～…]*)[\s\"'”’)\]）」』]*$")
_TAIL = 16
_LONGEST_WORD = 64
"""Characters of a word that count: longer ones are no words, and must not become keys of that size."""
_APOSTROPHES = "\u2019\u2018\u02bc\u02b9\u2032\u00b4`"


@lru_cache(maxsize=1)
def _folding() -> dict[int, str | None]:
    """Build the character table: Latin accents, apostrophes, combining marks, traditional to simplified Chinese."""
    table: dict[int, str | None] = dict.fromkeys(range(0x300, 0x370))
    for first, end in _ACCENTED:
        for code in range(first, end):
            base = unicodedata.normalize("NFD", chr(code))[0]
            if base.isascii() and base.isalpha():
                table[code] = base.lower()
    table |= {ord(char): plain for char, plain in _NO_DECOMPOSITION.items()}
    table |= {ord(char): "'" for char in _APOSTROPHES}
    return table | _simplified()


def _simplified() -> dict[int, str]:
    """Map each traditional Chinese character that has one to its simplified form, by OpenCC's character table."""
    from opencc import OpenCC  # noqa: PLC0415 - loads a dictionary, and English text never needs it

    codes = [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0x20000, 0x2A6E0)]
    converted = OpenCC("t2s").convert("\n".join(map(chr, codes))).split("\n")
    return {code: new for code, new in zip(codes, converted, strict=True) if chr(code) != new and len(new) == 1}


def normalise(text: str) -> str:
    """Return the text with case, width, Latin accents and traditional Chinese characters folded.

    Args:
        text: Any text.

    Returns:
        The folded text; folding it again changes nothing.
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", folded.translate(_folding()))


def words_and_runs(text: str) -> tuple[list[str], list[str]]:
    """Cut a text into words of spaced scripts and runs of unspaced ones, each in order, stop words included."""
    folded = normalise(text)
    if folded.isascii():
        return [word[:_LONGEST_WORD] for word in _ASCII_WORD.findall(folded)], []
    words: list[str] = []
    runs: list[str] = []
    for match in TOKEN.finditer(folded):
        if match.lastgroup:
            runs.append(match.group())
        else:
            words.append(match.group()[:_LONGEST_WORD])
    return words, runs


def analyse(text: str) -> str:
    """Return the token row of a text: what a store keeps beside it, so that its index can be rebuilt without it.

    Args:
        text: The text of an item.

    Returns:
        Three fields joined by tabs, empty ones at the end left out: its words without function words, its runs of
        unspaced script, and its marks (`ASKS`, `PERSONAL`). Deterministic for one `ANALYSIS_VERSION`.
    """
    words, runs = words_and_runs(text)
    content = " ".join(word for word in words if word not in FUNCTION_WORDS)
    fields = (content, " ".join(runs), _marks(text, words, runs))
    return ROW_SEPARATOR.join(fields).rstrip(ROW_SEPARATOR)


def _marks(text: str, words: list[str], runs: list[str]) -> str:
    asks = _QUESTION.search(text[-_TAIL:]) is not None
    personal = not FIRST_PERSON.isdisjoint(words) or any("我" in run or "咱" in run for run in runs)
    return (ASKS if asks else "") + (PERSONAL if personal else "")


_local = threading.local()


def stems(words: Iterable[str]) -> list[str]:
    """Return the Snowball (Porter 2, English) stem of each word; words of other scripts come back as they are."""
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:  # one per thread: a PyStemmer object is not re-entrant
        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    found: list[str] = stemmer.stemWords(list(words))
    return found


def features(text: str) -> frozenset[str]:
    """Return what a text says as a set: the stems of its content words and its character bigrams.

    Two texts that share most of these say the same.
    """
    words, runs = words_and_runs(text)
    return features_of(words, stems(words), runs)


def features_of(words: Iterable[str], stemmed: Iterable[str], runs: Iterable[str]) -> frozenset[str]:
    """Return what `features` does for a text that is cut already; `stemmed` holds the stem of each word."""
    pairs = {run[place : place + 2] for run in runs for place in range(max(1, len(run) - 1))}
    return frozenset(stem for word, stem in zip(words, stemmed, strict=True) if word not in FUNCTION_WORDS) | pairs


def language(text: str) -> Literal["en", "zh"]:
    """Tell which of the two languages of our prompts suits a text: Chinese where it has more Han than other letters."""
    words, _ = words_and_runs(text)
    return "zh" if len(_HAN.findall(text)) > len(words) else "en"
