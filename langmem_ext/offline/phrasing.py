"""The words around extracted sentences, in Chinese and English: frames, dates, "I" as "you", "nothing found"."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

_FOUND: Final = {"en": "From what you told me", "zh": "根据之前的记录"}
_FOUND_ON: Final = {"en": "From what you told me on {day}", "zh": "根据{day}的记录"}
_NOTED: Final = {"en": "Noted: {what}.", "zh": "记下了:{what}。"}
_NOTHING: Final = {
    "en": "I found nothing about {what} in what I remember. Tell me, and I will note it.",
    "zh": "我没有找到关于{what}的记录。你告诉我的话,我会记下来。",
}
_GREETING: Final = {
    "en": "Hello! Tell me something to remember, or ask me what you told me before.",
    "zh": "你好!有什么要我记住的,或者想问以前说过的事,请告诉我。",
}
_THANKS: Final = {"en": "You're welcome.", "zh": "不客气。"}
_EMPTY: Final = {"en": "There is no question to answer.", "zh": "没有需要回答的问题。"}
_SELF: Final = {
    "en": "I am an extractive model: I find and repeat sentences you told me. That is extraction, not understanding.",
    "zh": "我是一个摘取式模型:只会找出并复述你说过的句子。这是摘取,不是理解。",
}
_PROFILE: Final = {
    "name": ("I am called {}", "我叫{}"),
    "lives_in": ("I live in {}", "我住在{}"),
    "from": ("I come from {}", "我来自{}"),
    "job": ("My job is {}", "我的工作是{}"),
    "age": ("I am {} years old", "我{}岁"),
    "birthday": ("My birthday is {}", "我的生日是{}"),
    "diet": ("My diet is {}", "我的饮食是{}"),
    "allergic_to": ("I am allergic to {}", "我对{}过敏"),
    "health": ("My health: {}", "我的健康状况:{}"),
    "speaks": ("I speak {}", "我会说{}"),
    "is": ("I am {}", "我是{}"),
    "notes": ("{}", "{}"),
}
_RESULT: Final = {"en": "Result: {what}", "zh": "结果:{what}"}
_OWN: Final = re.compile(
    r"^\s*(?:From what you told me|I found nothing about|Noted:|Hello! Tell me|You're welcome|There is no question|"
    r"I am an extractive|Result:|根据.{0,16}记录|我没有找到|记下了|你好!有什么|不客气|没有需要回答|我是一个摘取|结果:)"
)

_GREETING_WORDS: Final = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day))(?:[\s,]+\w+)?\W*$|"
    r"^\W*(?:你好|您好|嗨|哈喽|早上好|下午好|晚上好|早)[啊呀吗]?\W*$",
    re.IGNORECASE,
)
_THANKS_WORDS: Final = re.compile(
    r"^\W*(?:thanks?(?: you)?|many thanks|cheers|谢谢|多谢|感谢|辛苦了)[\w\s,]{0,20}\W*$", re.IGNORECASE
)
_SELF_WORDS: Final = re.compile(
    r"\b(?:who|what) are you(?=\W*$)|\bare you (?:an? )?(?:ai|llm|gpt|human|real|language model|robot|bot)\b|"
    r"你是谁|你是什么|你是(?:AI|真?人|机器人|模型)",
    re.IGNORECASE,
)

_SECOND: Final = {
    "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll", "i am": "you are", "am i": "are you",
    "i was": "you were", "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself",
}  # fmt: skip
_FIRST_PERSON: Final = re.compile(
    r"\b(?:i['’](?:m|ve|d|ll)|i am|am i|i was|i|me|my|mine|myself)\b(?!['’\w])", re.IGNORECASE
)
_REQUEST: Final = re.compile(r"请|以后|麻烦|please\b|keep\b|answer\b|reply\b|respond\b", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_ATTRIBUTIVE: Final = re.compile(r"有([\u4e00-\u9fff]{1,3})的([\u4e00-\u9fff]{2,4})")
_ABOUT: Final = re.compile(r"(?:大概|大约|差不多|约莫|左右)(?:是|在|有)?\s*(?=[\d一二两三四五六七八九十百千万])")
_BUDGET: Final = re.compile(r"预算(?:是|为|有|在|大概|大约|差不多|约)*[::]?\s*(?=[\d一二两三四五六七八九十百])")
_EDGES: Final = " \t\r\n。.!！;；,,、"
_OPENING: Final = re.compile(
    r"^(?:嗯|哦|啊|对了|另外|还有|其实|那个|好的|请记住|记住|记得|帮我记[一下住]*|"
    r"(?:(?:oh|ah|well|so|also|and|ok(?:ay)?|yes|yeah|by the way|actually|please remember(?: that)?|remember(?: that)?|"
    r"hi|hello|hey)\b))[,,、.。!!::\s]*",
    re.IGNORECASE,
)


def small_talk(text: str, language: str) -> str:
    """Return the answer to a greeting, to thanks or to "who are you"; nothing for anything else."""
    if not text.strip():
        return _EMPTY[language]
    if _SELF_WORDS.search(text):
        return _SELF[language]
    if _GREETING_WORDS.match(text):
        return _GREETING[language]
    return _THANKS[language] if _THANKS_WORDS.match(text) else ""


def own_words(text: str) -> bool:
    """Whether a text is one of the frames here: an earlier answer, and so no evidence for the next one."""
    return bool(_OWN.match(text))


def to_you(text: str) -> str:
    """Turn what users say of themselves into what is said to them: "my budget" becomes "your budget", 我 becomes 你.

    What they ask for ("please answer me in Chinese") stays as they said it.
    """
    if _REQUEST.match(text):
        return text
    if _HAN.search(text):
        return re.sub(r"(?<!自)(?:俺|我)(?!国)", "你", text.replace("我们", "你们").replace("咱们", "你们"))

    def second(match: re.Match[str]) -> str:
        return _SECOND[match[0].lower().replace("’", "'")]

    return _FIRST_PERSON.sub(second, text)


def of_profile(name: str, value: str, language: str) -> str:
    """Return a field of the core profile as the sentence that would state it."""
    english, chinese = _PROFILE.get(name, (name.replace("_", " ") + ": {}",) * 2)
    return (chinese if language == "zh" else english).format(value)


def tidy(text: str) -> str:
    """Take opening words ("well, also") and closing points off a sentence."""
    text = text.strip(_EDGES)
    while (shorter := _OPENING.sub("", text, count=1)) != text and shorter:
        text = shorter
    return text


def compact(text: str) -> str:
    """Shorten a sentence, not what it says: "有景观的民宿" as "景观民宿".

    A budget is an estimate, so its Chinese amount is given as 约.
    """
    text = tidy(text)
    if _HAN.search(text):
        text = _ATTRIBUTIVE.sub(r"\1\2", text)
        text = _BUDGET.sub("预算约 ", text)
        text = _ABOUT.sub("约 ", text)
    return text


def spell(day: date, language: str) -> str:
    """Return a date in words."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B %Y}"


def found(items: Sequence[tuple[str, date | None]], language: str) -> str:
    """Frame extracted sentences with their dates; one date for all is said once."""
    days = {day for _, day in items}
    (single,) = days if len(days) == 1 else (None,)
    head = _FOUND_ON[language].format(day=spell(single, language)) if single else _FOUND[language]
    parts = [text if single or day is None else _dated(text, day, language) for text, day in items]
    if language == "zh":
        return f"{head}:{';'.join(parts)}。"
    parts = [_lower(part) for part in parts]
    return f"{head}: {'; '.join(parts)}."


def _dated(text: str, day: date, language: str) -> str:
    return f"{text}({spell(day, language)})" if language == "zh" else f"{text} ({spell(day, language)})"


def _lower(text: str) -> str:
    """Take the capital off a sentence that goes on after a colon, unless its first word is a name or an acronym."""
    first = re.match(r"(?:You|Your|Yours|The|A|An|This|That|It|We|Our|In|On|At|For)\b", text)
    return text[0].lower() + text[1:] if first else text


def noted(statements: Sequence[str], language: str) -> str:
    """Acknowledge what was noted."""
    if language == "zh":
        return _NOTED["zh"].format(what=";".join(statements))
    return _NOTED["en"].format(what="; ".join(_lower(statement) for statement in statements))


def nothing(subjects: Sequence[str], language: str) -> str:
    """Say plainly that nothing was found."""
    what = ("、" if language == "zh" else " or ").join(subjects)
    return _NOTHING[language].format(what=what or {"en": "this", "zh": "这件事"}[language])


def result(text: str, language: str) -> str:
    """Pass on what a tool returned."""
    return _RESULT[language].format(what=text)
