"""`Redactor`: takes personal data and secrets out of a text before it is stored.

A `LongTermMemory` made with ``redact=Redactor()`` passes everything it stores through it. E-mail addresses, card
numbers and network addresses are found by the detectors of LangChain's `PIIMiddleware`; telephone numbers, identity
numbers, bank accounts and secrets (keys, tokens, passwords) by patterns of ours, in English and Chinese text alike.
Patterns find what has a form; they don't understand what a text says, and what they miss is stored.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeAlias, TypedDict, get_args

from langmem_ext.errors import InvalidInputError, RedactionBlockedError

Strategy: TypeAlias = Literal["redact", "mask", "hash", "block"]


class Match(TypedDict):
    """One place to redact: what it is, its text and where it is. The same as LangChain's `PIIMatch`."""

    type: str
    value: str
    start: int
    end: int


Detector: TypeAlias = Callable[[str], Iterable[Match]]
"""Finds places in a text, in any order."""

DEFAULT_KINDS: Final = ("secret", "credit_card", "bank_account", "id_number", "email", "phone")
"""What a `Redactor` looks for unless told otherwise; the first that finds a place names it."""

_ROUNDS: Final = 8
"""How often a text is looked at again: what is left beside a replacement may have the form of something else."""
_SHOWN: Final = 4
"""Characters at the end that the strategy "mask" leaves."""
_EMAIL_REACH: Final = 320
"""Characters on each side of an @ that an address can have (RFC 3696)."""

_WIDE: Final = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
"""Full-width forms to ASCII, one character each, so that places stay where they are."""
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")


class Redactor:
    """Replaces what its detectors find.

    Example:
        >>> redact = Redactor()
        >>> redact("Write to alice@example.com, my password is hunter2!")
        'Write to [REDACTED_EMAIL], my password is [REDACTED_SECRET]'
        >>> redact("我的手机号是13812345678")
        '我的手机号是[REDACTED_PHONE]'

    Args:
        kinds: What to look for: secret, credit_card, bank_account, id_number, email, phone, ip, mac_address, url, and
            the names in `detectors`. None is `DEFAULT_KINDS` and all of `detectors`.
        strategy: "redact" writes ``[REDACTED_EMAIL]``, "mask" leaves the last four characters, "hash" writes a digest,
            so that the same value stays recognisable (a short one can be guessed), "block" refuses the text.
        detectors: Further detectors by kind: a regular expression, or a function that finds the places.

    An instance has no state and may be shared by threads. Its own replacements are left alone, so applying it twice
    changes nothing. It takes time in proportion to the text, whatever the text is.

    Raises:
        InvalidInputError: An unknown kind or strategy, or a pattern that is none.
    """

    def __init__(
        self,
        kinds: Iterable[str] | None = None,
        *,
        strategy: Strategy = "redact",
        detectors: Mapping[str, Detector | str] | None = None,
    ) -> None:
        own = {kind: _detector(kind, given) for kind, given in (detectors or {}).items()}
        known: dict[str, Detector] = {**_builtin(), **own}
        chosen = [*DEFAULT_KINDS, *own] if kinds is None else list(kinds)
        unknown = [kind for kind in chosen if kind not in known]
        if unknown:
            raise InvalidInputError(f"unknown kinds {unknown}; known are {sorted(known)}")
        if strategy not in get_args(Strategy):
            raise InvalidInputError(f"strategy must be one of {get_args(Strategy)}, got {strategy!r}")
        self.kinds = tuple(dict.fromkeys(chosen))
        self.strategy = strategy
        self._detectors = {kind: known[kind] for kind in self.kinds}

    def __call__(self, text: str) -> str:
        """Return the text without what was found.

        Raises:
            RedactionBlockedError: Something was found and the strategy is "block"; the message names its kind alone.
        """
        for _ in range(_ROUNDS):
            before, text = text, self._once(text)
            if text == before:
                break
        return text

    def _once(self, text: str) -> str:
        for kind, detect in self._detectors.items():
            places = sorted(detect(text), key=lambda place: place["start"])
            if places and self.strategy == "block":
                raise RedactionBlockedError(f"the text holds {len(places)} × {kind}, which is not to be stored")
            text = self._replaced(text, kind, places)
        return text

    def _replaced(self, text: str, kind: str, places: Iterable[Match]) -> str:
        parts: list[str] = []
        done = 0
        for place in places:
            if place["start"] < done:  # inside the one before
                continue
            parts += [text[done : place["start"]], self._replacement(kind, text[place["start"] : place["end"]])]
            done = place["end"]
        return "".join([*parts, text[done:]])

    def _replacement(self, kind: str, value: str) -> str:
        if self.strategy == "hash":
            return f"<{kind}_hash:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}>"
        if self.strategy == "mask":
            return "****" if kind == "secret" or len(value) <= 2 * _SHOWN else f"****{value[-_SHOWN:]}"
        return f"[REDACTED_{kind.upper()}]"


def _detector(kind: str, given: Detector | str) -> Detector:
    if not isinstance(given, str):
        return given
    try:
        pattern = re.compile(given)
    except re.error as error:
        raise InvalidInputError(f"the pattern for {kind!r} is no regular expression: {error}") from error
    return lambda text: [_match(kind, found) for found in pattern.finditer(text)]


def _match(kind: str, found: re.Match[str]) -> Match:
    """Return the place of a match, or of its first group where it has one."""
    group = 1 if found.re.groups else 0
    return Match(type=kind, value=found[group], start=found.start(group), end=found.end(group))


def _builtin() -> dict[str, Detector]:
    from langchain.agents.middleware import pii  # noqa: PLC0415 - heavy, and only for who redacts

    return {
        "secret": _secrets,
        "credit_card": _in_ascii(pii.detect_credit_card),
        "bank_account": _checked("bank_account", _IBAN, _is_iban),
        "id_number": _id_numbers,
        "email": _emails(_in_ascii(pii.detect_email)),
        "phone": _phones,
        "ip": _in_ascii(pii.detect_ip),
        "mac_address": _in_ascii(pii.detect_mac_address),
        "url": _in_ascii(pii.detect_url),
    }


def _in_ascii(detect: Callable[[str], Iterable[Match]]) -> Detector:
    r"""Let a detector of ASCII forms see them between Chinese characters, which ``\b`` takes for letters."""
    return lambda text: detect(_FOREIGN.sub(" ", text.translate(_WIDE)))


def _emails(detect: Detector) -> Detector:
    """Look around each @ only: over a long text of words and dots alone the detector takes quadratic time."""

    def around(text: str) -> list[Match]:
        spans: list[tuple[int, int]] = []
        for at in re.finditer("[@\uff20]", text):
            start, end = max(0, at.start() - _EMAIL_REACH), at.start() + _EMAIL_REACH
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return [_moved(place, start) for start, end in spans for place in detect(text[start:end])]

    return around


def _moved(place: Match, offset: int) -> Match:
    start, end = place["start"] + offset, place["end"] + offset
    return Match(type=place["type"], value=place["value"], start=start, end=end)


_SECRETS: Final = re.compile(
    r"""
      (?<![A-Za-z0-9]) (?:AKIA|ASIA)[0-9A-Z]{16} (?![A-Za-z0-9])                     # AWS
    | (?<![A-Za-z0-9_]) (?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255})       # GitHub
    | (?<![A-Za-z0-9_-]) (?:sk|pk|rk)[-_][A-Za-z0-9_-]{20,255}                        # OpenAI, Anthropic, Stripe, …
    | (?<![A-Za-z0-9_-]) xox[abeoprs]-[A-Za-z0-9-]{10,255}                            # Slack
    | (?<![A-Za-z0-9_-]) AIza[A-Za-z0-9_-]{35}                                        # Google
    | (?<![A-Za-z0-9_-]) (?:hf|npm|lsv2_(?:pt|sk))_[A-Za-z0-9_]{30,255}               # Hugging Face, npm, LangSmith
    | (?<![A-Za-z0-9_-]) (?:glpat|pypi|dop_v1)[-_][A-Za-z0-9_-]{20,255}               # GitLab, PyPI, DigitalOcean
    | (?<![A-Za-z0-9_-]) eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,4096}  # JSON web token
    | -----BEGIN[A-Z\ ]{0,40}PRIVATE\ KEY-----[\s\S]*?(?:-----END[A-Z\ ]{0,40}PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE,
)
_AFTER_ITS_NAME: Final = re.compile(
    r"""(?ix)
    (?: (?<![a-z]) (?:password|passwd|passphrase|passcode|pwd) | 密码 | 密碼 | 口令 )
    (?: \s{0,3} (?:=|:) | \s{1,3} (?:is|was) (?![a-z]) | \s{0,3} (?:是|为|為) ) \s{0,3} ["'`“]?
    ([\x21\x23-\x26\x28-\x5f\x61-\x7e]{4,128})  # printable ASCII but quotes
    """
)
_NAMED_KEY: Final = re.compile(
    r"""(?ix)
    (?: (?<![a-z]) (?: (?:api|access|auth|secret|private|client)[\s_-]? (?:key|token|secret) | token | secret )
      | 密钥 | 密鑰 | 令牌 )
    (?: \s{0,3} (?:=|:) | \s{1,3} is (?![a-z]) | \s{0,3} (?:是|为|為) ) \s{0,3} ["'`“]?
    ((?=[A-Za-z_.+/=-]{0,128}\d) [A-Za-z0-9_.+/=-]{6,256})
    """
)
_CODE: Final = re.compile(
    r"(?i)(?:验证码|驗證碼|(?<![a-z])(?:verification\ code|OTP|PIN))\s{0,3}(?:=|:|is|是|为|為)?\s{0,3}(\d{4,8})(?!\d)"
)
_BEARER: Final = re.compile(
    r"(?i)(?<![a-z])(?:bearer|basic)\s{1,3}((?=[A-Za-z._~+/-]{0,64}\d)[A-Za-z0-9._~+/=-]{16,4096})"
)
_IN_URL: Final = re.compile(r"://[^\s/:@]{0,128}:([^\s/@]{1,256})@")


_REPLACED: Final = re.compile(r"\[REDACTED_[A-Z_]{1,64}\]|<\w{1,64}_hash:[0-9a-f]{8}>")
"""What this module wrote itself, in the place of a password."""


def _secrets(text: str) -> list[Match]:
    narrow = text.translate(_WIDE)
    patterns = (_SECRETS, _IN_URL, _BEARER, _NAMED_KEY, _CODE, _AFTER_ITS_NAME)
    found = [_match("secret", one) for pattern in patterns for one in pattern.finditer(narrow)]
    return [place for place in found if not _REPLACED.match(place["value"])]


_PHONE: Final = re.compile(
    r"""(?x) (?<![\w.+-])
    (?: (?:(?:\+|00)86[\ -]?)? 1[3-9]\d (?:[\ -]?\d{4}){2}                 # Chinese mobile
      | 0\d{2,3}-\d{7,8}                                                # Chinese landline
      | \+[1-9]\d{0,2} [\ .-]? (?:\(0\)[\ ]?)? (?:\(?\d{1,4}\)?[\ .-]?){2,4} \d{2,4}   # international
      | (?:1[\ .-])? \(?[2-9]\d{2}\)?[\ .-] [2-9]\d{2}[\ .-]\d{4}             # North American
    ) (?![\d-]) """,
    re.ASCII,
)


def _phones(text: str) -> list[Match]:
    return [_match("phone", found) for found in _PHONE.finditer(text.translate(_WIDE))]


_CHINESE_ID: Final = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx](?![0-9A-Za-z])", re.ASCII
)
_SOCIAL_SECURITY: Final = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])", re.ASCII)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Check digit of a Chinese identity number, GB 11643."""


def _id_numbers(text: str) -> list[Match]:
    narrow = text.translate(_WIDE)
    chinese = [found for found in _CHINESE_ID.finditer(narrow) if _is_chinese_id(found[0])]
    return [_match("id_number", found) for found in (*chinese, *_SOCIAL_SECURITY.finditer(narrow))]


def _is_chinese_id(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[-1].upper()


_IBAN: Final = re.compile(
    r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![0-9A-Za-z])", re.ASCII
)


def _is_iban(number: str) -> bool:
    """Check an international bank account number, ISO 13616: its digits are 1 modulo 97."""
    packed = number.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in packed[4:] + packed[:4])) % 97 == 1


def _checked(kind: str, pattern: re.Pattern[str], holds: Callable[[str], bool]) -> Detector:
    return lambda text: [_match(kind, found) for found in pattern.finditer(text.translate(_WIDE)) if holds(found[0])]
