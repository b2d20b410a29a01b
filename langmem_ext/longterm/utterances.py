"""A text read once, sentence by sentence: what each one says, whether it asks, and what it names.

Summary, keywords and topic of a conversation all come from these. Pure functions.
"""

from dataclasses import dataclass

from langmem_ext.concepts import concept_mentions
from langmem_ext.keywords import mentions
from langmem_ext.longterm.places import Place, place_mentions
from langmem_ext.longterm.sentences import is_greeting, is_question, sentences
from langmem_ext.text import features_of, stems, words_and_runs


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence.

    Attributes:
        text: Its words, verbatim.
        asks: Whether it asks or requests something rather than stating it.
        greets: Whether it is nothing but a greeting, thanks or assent.
        features: What it says, see `langmem_ext.text.features`.
        mentions: Its own keywords, one for each mention, see `langmem_ext.text.mentions`.
        concepts: Labels of the concepts it speaks of, one for each mention.
        places: The places it names, one for each mention.
    """

    text: str
    asks: bool
    greets: bool
    features: frozenset[str]
    mentions: tuple[tuple[str, str], ...]
    concepts: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def states(self) -> bool:
        """Whether it tells something."""
        return not self.asks and not self.greets


def read(text: str) -> list[Utterance]:
    """Return the sentences of a text, in order."""
    return [_read(sentence) for sentence in sentences(text)]


def _read(sentence: str) -> Utterance:
    words, runs = words_and_runs(sentence)
    stemmed = stems(words)
    return Utterance(
        text=sentence,
        asks=is_question(sentence),
        greets=is_greeting(sentence),
        features=features_of(words, stemmed, runs),
        mentions=tuple(mentions(words, stemmed, runs)),
        concepts=tuple(concept_mentions(stemmed, runs)),
        places=tuple(place_mentions(sentence, runs)),
    )
