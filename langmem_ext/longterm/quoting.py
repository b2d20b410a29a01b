"""Does a message say what is quoted from it? The guard against learning what was never said, or what was recalled."""

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_RECALLED = re.compile(r"<memor(?:y|ies)\b.*?(?:</memor(?:y|ies)>|$)", re.DOTALL)


def fold(text: str) -> str:
    """Fold width, case and space, the differences a faithful quote may have."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def quoted(quote: str, content: str) -> bool:
    """Whether `quote` occurs in `content`, outside of anything that carries the marks of recalled memory."""
    folded = fold(quote)
    return bool(folded) and folded in fold(_RECALLED.sub(" ", content))
