"""Keywords: what a text is about, in its own words, in the form under which the keyword index knows them.

English content words by their stems, Chinese ones by a dictionary. Every function is pure and safe to call from any
thread.
"""

import re
from collections.abc import Iterable, Iterator

from langmem_ext.stopwords import (
    CHINESE_WORDS,
    CONVERSATIONAL,
    FESTIVALS,
    FUNCTION_CHARACTERS,
    FUNCTION_WORDS,
    PLACE_ENDINGS,
    TIME_WORDS,
)
from langmem_ext.text import TOKEN, normalise, stems, words_and_runs

_NO_KEYWORD = frozenset("rmcpux")
"""Parts of speech that name nothing: pronouns, numerals, conjunctions, prepositions, particles, marks (and times and
directions, but for festivals). What the tagger makes up beyond its dictionary is kept only where it is a name."""
_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "wives": "wife", "lives": "life", "knives": "knife", "leaves": "leaf",
    "shelves": "shelf", "halves": "half", "wolves": "wolf",
}  # fmt: skip
_NOT_KEYWORDS = FUNCTION_WORDS | CONVERSATIONAL | TIME_WORDS
_IN_IE = frozenset({"brownies", "calories", "cookies", "hoodies", "movies", "selfies", "smoothies", "zombies"})
_UNCHANGED = re.compile(
    r".*(?:ss|us|is|ous)|news|series|species|gas|lens|always|christmas|texas|paris|athens|brussels|wales|angeles|"
    r"maldives|netherlands|philippines|james|charles|jonas|thomas|lucas|nicholas|nicolas|andreas|elias|matthias|tobias|"
    r"agnes|frances|niels|jules|.{1,3}"
)


def singular(word: str) -> str:
    """Return the singular of an English word by spelling rules, any other word as it is."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.endswith("s") or not word.isascii() or "'" in word or _UNCHANGED.fullmatch(word):
        return word
    if word.endswith("ies"):
        return word[:-3] + ("ie" if len(word) <= 4 or word in _IN_IE else "y")  # noqa: PLR2004 - ties, pies
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


def canonical_keyword(word: str) -> str:
    """Return the form under which the keyword index knows a word or phrase.

    Case, plural, width, Latin accents and traditional Chinese are folded; punctuation separates words.

    Returns:
        Words and runs joined by single spaces; empty where there are none.
    """
    parts = [match.group() for match in TOKEN.finditer(normalise(word))]
    return " ".join(singular(part.removesuffix("'s")) for part in parts)


def keywords(text: str, limit: int) -> list[str]:
    """Return the words that a text is about, those said most often first, then in order of appearance.

    Args:
        text: Any text.
        limit: How many at most.

    Returns:
        Canonical keywords (see `canonical_keyword`): English content words, one for each stem; Chinese dictionary words
        of two characters or more.
    """
    words, runs = words_and_runs(text)
    return most_mentioned(mentions(words, stems(words), runs), limit)


def mentions(words: Iterable[str], stemmed: Iterable[str], runs: Iterable[str]) -> list[tuple[str, str]]:
    """Return the keywords of a text that is cut already, one for each mention.

    Args:
        words: Its words.
        stemmed: The stem of each.
        runs: Its runs of unspaced script.

    Returns:
        Pairs of what counts as the same keyword (a stem, or a dictionary word) and the word as it was written.
    """
    found = [(stem, word) for word, stem in zip(words, stemmed, strict=True) if _is_content(word)]
    return found + [(word, word) for word in _dictionary_words(runs)]


def most_mentioned(mentioned: Iterable[tuple[str, str]], limit: int) -> list[str]:
    """Return the canonical keywords of some mentions, those named most often first, then in order of appearance."""
    counts: dict[str, int] = {}
    written: dict[str, str] = {}
    for key, word in mentioned:
        counts[key] = counts.get(key, 0) + 1
        written.setdefault(key, word)
    ordered = sorted(counts, key=counts.__getitem__, reverse=True)
    found: dict[str, None] = {}
    for key in ordered:
        if len(found) == limit:
            break
        keyword = singular(written[key].removesuffix("'s"))
        if keyword:
            found[keyword] = None
    return list(found)


def _is_content(word: str) -> bool:
    return len(word) > 1 and word not in _NOT_KEYWORDS and not word.isdecimal()


def _dictionary_words(runs: Iterable[str]) -> list[str]:
    runs = list(runs)
    if not runs:
        return []
    import rjieba  # noqa: PLC0415 - loads a dictionary of 5 MB

    return [
        word
        for run in runs
        for word, tag in _whole_places(rjieba.tag(run))
        if len(word) > 1
        and _names_something(word, tag)
        and (tag.startswith("nr") or rjieba.has_word(word))
        and word not in CHINESE_WORDS
        and not FUNCTION_CHARACTERS.issuperset(word)
    ]


def _whole_places(tagged: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join a noun and the ending of a place that a dictionary cut off it."""
    held: tuple[str, str] | None = None
    for word, tag in tagged:
        if held and held[1].startswith("n") and len(held[0]) > 1 and word in PLACE_ENDINGS:
            held = (held[0] + word, "nr")
            continue
        if held:
            yield held
        held = (word, tag)
    if held:
        yield held


def _names_something(word: str, tag: str) -> bool:
    return (
        tag[0] not in _NO_KEYWORD
        and (tag[0] not in "tf" or word in FESTIVALS)
        and word[0] not in "不没"
        and word[-1] != "叫"
    )
