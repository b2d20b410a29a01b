"""Cut text into sentences and clauses, in Chinese and English, and tell statements from questions and greetings.

Pure functions, linear in the length of the text; every piece is a substring of it. Imports nothing of ours.
"""

import re
from typing import Final

LONGEST = 600
"""Characters of a sentence at most: what goes on longer (tables, logs, text without stops) is cut."""

_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_END: Final = re.compile(
    r"[。！？；…]+[”』」’）)\]】]*"
    r"|[!?]+[\"'”’)\]]*(?=\s|$|[\u3400-\u9fff])"
    r"|\.+[\"'”’)\]]*(?=\s|$)"
    r"|\n+"
)
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?i:mr|mrs|ms|dr|prof|st|vs|etc|jr|sr|inc|e\.g|i\.e|approx|a\.m|p\.m)|\b[A-Z]|\n\s*\d{1,3})$"
)
_BULLET: Final = re.compile(r"^(?:[-*•·>#|]+|\d{1,3}[.、)](?=\s|[\u3400-\u9fff]))\s*")
_CLAUSE: Final = re.compile(r"[,，;；。！!？?\n]+|——|\s+-\s+")

_QUESTION_MARK: Final = re.compile(r"[?？][\"'”’)\]】\s]*$")
_QUESTION_ZH: Final = re.compile(
    r"[吗呢么][。.~～!！\s]*$|什么|怎么|怎样|如何|多少|哪[里儿个些天年家位种]|几[点号月天个岁]|为何|是不是|有没有|"
    r"能不能|可不可以|要不要|会不会|谁(?!都|也)|还记得|告诉我|提醒我|推荐一|帮我|请问|能否|可否|是否"
)
_QUESTION_EN: Final = re.compile(
    r"(?:(?:so|and|but|ok|okay|hey|hi|hello|well|now|also|please|btw|oh)[,!.]*\s+)*"
    r"(?:(?:what|which|who|whom|whose|when|where|why|how)(?:'s|'re|'d)?\s+(?!(?:i|we)\s|my\s|ever\b)|"
    r"(?:do|does|did|is|are|was|were|can|could|will|would|should|have|has|may|any)\s+(?:you|your|i|we|it|there|the|"
    r"this|that|he|she|they|my|anyone|idea)\b|"
    r"(?:tell|show|give|remind|help|recommend|suggest|explain|describe|list|summari[sz]e)\b)",
    re.IGNORECASE,
)
_GREETING: Final = re.compile(
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening|night)|thanks?|thank you|thx|ok(?:ay)?|sure|great|cool|nice|"
    r"bye|goodbye|see you|yes|no|yeah|yep|got it|sounds good|wow|lol|haha+|welcome|you're welcome|congrat\w*|"
    r"你好|您好|大家好|嗨|哈喽|早上好|早安|下午好|晚上好|晚安|谢谢|多谢|感谢|好的|好呀|好啊|行|可以|嗯+|哦+|"
    r"再见|拜拜|没问题|不客气|哈哈+|是的|对的?|明白了?|知道了|收到|辛苦了)"
    r"(?:\s*(?:there|everyone|all|so much|very much|a lot|again|for (?:your|the) help|了|你|您|啦|呀|啊))*"
    r"[\s,.!，。！~～]*",
    re.IGNORECASE,
)


def _cuts(text: str) -> list[int]:
    """Return where sentences end; a stop after an abbreviation or an initial is none."""
    ends = []
    for match in _END.finditer(text):
        if match.group() == "." and _ABBREVIATION.search(text, max(0, match.start() - 8), match.start()):
            continue
        ends.append(match.end())
    return [*ends, len(text)]


def _pieces(text: str) -> list[str]:
    """Cut what is too long for a sentence, at a space where there is one."""
    pieces = []
    while len(text) > LONGEST:
        space = text.rfind(" ", LONGEST // 2, LONGEST)
        end = space if space > 0 else LONGEST
        pieces.append(text[:end].strip())
        text = text[end:]
    return [*pieces, text]


def sentences(text: str) -> list[str]:
    """Cut a text into sentences.

    Args:
        text: Any text in Chinese, English or another script that ends sentences with these marks. Blocks of code count
            as one break.

    Returns:
        Sentences in order, verbatim but for the space and list marks around them, at most `LONGEST` characters each;
        pieces without a letter or digit are left out.
    """
    if "```" in text:
        text = _CODE.sub("\n", text)
    found = []
    start = 0
    for end in _cuts(text):
        sentence = _BULLET.sub("", text[start:end].strip())
        start = end
        found += [piece for piece in _pieces(sentence) if any(map(str.isalnum, piece))]
    return found


def clauses(sentence: str) -> list[str]:
    """Cut a sentence at commas, semicolons and dashes; each clause is a substring of it."""
    return [clause for clause in map(str.strip, _CLAUSE.split(sentence)) if clause]


def is_question(sentence: str) -> bool:
    """Whether a sentence asks or requests something rather than stating it."""
    if _QUESTION_MARK.search(sentence):
        return True
    if sentence.isascii():
        return _QUESTION_EN.match(sentence) is not None
    return _QUESTION_ZH.search(sentence) is not None or _QUESTION_EN.match(sentence) is not None


def is_greeting(sentence: str) -> bool:
    """Whether a sentence is nothing but a greeting, thanks, or a word of assent."""
    return _GREETING.fullmatch(sentence.strip()) is not None
