"""Words and what they stand for, found in a text that is cut already: the longest phrase at each place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Surface words and what they stand for.

    Attributes:
        words: Words of spaced scripts, phrases joined by single spaces.
        runs: Words of unspaced scripts.
        heads: First words of `words` and first characters of `runs`; most of a text begins none.
        longest: Words in the longest phrase.
        widest: Characters in the longest unspaced word.
    """

    words: Mapping[str, str]
    runs: Mapping[str, str]
    heads: frozenset[str]
    longest: int
    widest: int

    @classmethod
    def of(cls, words: Mapping[str, str], runs: Mapping[str, str]) -> "Lexicon":
        """Build a lexicon from its two tables."""
        longest = max(word.count(" ") for word in words) + 1
        heads = frozenset({word.split(" ")[0] for word in words} | {run[0] for run in runs})
        return cls(words, runs, heads, longest, max(map(len, runs)))

    def match_words(self, words: Sequence[str]) -> list[str]:
        """Return what a sequence of words stands for, in order, the longest phrase at each place."""
        found: list[str] = []
        place = 0
        while place < len(words):
            if words[place] not in self.heads:
                place += 1
                continue
            for size in range(min(self.longest, len(words) - place), 0, -1):
                meaning = self.words.get(words[place] if size == 1 else " ".join(words[place : place + size]))
                if meaning is not None:
                    found.append(meaning)
                    break
            place += size if meaning is not None else 1
        return found

    def match_run(self, run: str) -> list[str]:
        """Return what the words in a run of unspaced script stand for, in order, the longest word at each place."""
        found: list[str] = []
        place = 0
        while place < len(run):
            if run[place] not in self.heads:
                place += 1
                continue
            for size in range(min(self.widest, len(run) - place), 0, -1):
                meaning = self.runs.get(run[place : place + size])
                if meaning is not None:
                    found.append(meaning)
                    break
            place += size if meaning is not None else 1
        return found
