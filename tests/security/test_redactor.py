"""What a `Redactor` finds, in English and Chinese text, and what it leaves alone."""

import time

import pytest
from hypothesis import given, settings, strategies as st

from langmem_ext.errors import InvalidInputError, RedactionBlockedError
from langmem_ext.redaction import Match, Redactor, Strategy

FOUND = [
    ("Write to alice.b+x@mail.example.com today", "Write to [REDACTED_EMAIL] today"),
    ("我的邮箱是alice@example.com,请记住", "我的邮箱是[REDACTED_EMAIL],请记住"),
    ("card 4111 1111 1111 1111 please", "card [REDACTED_CREDIT_CARD] please"),
    ("卡号4111-1111-1111-1111。", "卡号[REDACTED_CREDIT_CARD]。"),
    ("全角4111111111111111也一样", "全角[REDACTED_CREDIT_CARD]也一样"),
    ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [REDACTED_BANK_ACCOUNT]."),
    ("身份证号11010519491231002X请保密", "身份证号[REDACTED_ID_NUMBER]请保密"),
    ("My SSN is 123-45-6789", "My SSN is [REDACTED_ID_NUMBER]"),
    ("手机13812345678或+86 138-1234-5678", "手机[REDACTED_PHONE]或[REDACTED_PHONE]"),
    ("办公室 021-12345678", "办公室 [REDACTED_PHONE]"),
    ("call (415) 555-2671 or +49 30 1234567", "call [REDACTED_PHONE] or [REDACTED_PHONE]"),
    ("My wifi password is swordfish.", "My wifi password is [REDACTED_SECRET]"),
    ("密码:Abc-12345 别忘了", "密码:[REDACTED_SECRET] 别忘了"),
    ("我的密码是hunter2", "我的密码是[REDACTED_SECRET]"),
    ("验证码是889900", "验证码是[REDACTED_SECRET]"),
    ("export API_KEY=abc123def456", "export API_KEY=[REDACTED_SECRET]"),
    ("use sk-proj-abcdefghijklmnopqrstuvwx now", "use [REDACTED_SECRET] now"),
    ("密钥sk-ant-api03-abcdefghijklmnopqrstuv在此", "密钥[REDACTED_SECRET]在此"),
    ("AKIAIOSFODNN7EXAMPLE", "[REDACTED_SECRET]"),
    ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", "[REDACTED_SECRET]"),
    ("git clone https://me:s3cr3t@host/repo", "git clone https://me:[REDACTED_SECRET]@host/repo"),
    ("Authorization: Bearer abcdefgh12345678xyz", "Authorization: Bearer [REDACTED_SECRET]"),
    ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4", "[REDACTED_SECRET]"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end", "[REDACTED_SECRET] end"),
    ("-----BEGIN PRIVATE KEY-----\ncut off before its e", "[REDACTED_SECRET]"),
]
LEFT_ALONE = [
    "The budget is 20,000 yuan, from 2025-09-30 to 2025-10-07 at 10:30.",
    "预算两万元,航班 CA1234,订单 20250930123456",
    "4111 1111 1111 1112 fails its checksum",
    "110105194912310021 的校验位不对",
    "密码是什么?",
    "What is my password?",
    "version 3.11.7, pi is 3.14159265358979, 1 234 567 people",
    "The token economy and the secret of the old clock",
    "@alice and @bob met at 5 p.m.",
    "id 5f0c2a4e-9c1d-4e1b-8a52-0d8ef1c2b3a4",
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_what_has_a_form_is_taken_out(text: str, expected: str) -> None:
    redact = Redactor()
    assert redact(text) == expected
    assert redact(expected) == expected


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_merely_looks_like_it_stays(text: str) -> None:
    assert Redactor()(text) == text


def test_network_addresses_are_taken_out_where_asked_for() -> None:
    redact = Redactor(["ip", "mac_address", "url"])
    assert redact("从192.168.0.1到00:1a:2b:3c:4d:5e") == "从[REDACTED_IP]到[REDACTED_MAC_ADDRESS]"
    assert redact("see https://example.com/private?x=1") == "see [REDACTED_URL]"
    assert redact("alice@example.com stays") == "alice@example.com stays"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("redact", "[REDACTED_PHONE] password: [REDACTED_SECRET]"),
        ("mask", "****5678 password: ****"),
        ("hash", "<phone_hash:38aed904> password: <secret_hash:20d2fe5e>"),
    ],
)
def test_strategies_differ_in_what_they_leave(strategy: Strategy, expected: str) -> None:
    assert Redactor(strategy=strategy)("13812345678 password: hunter22") == expected


def test_a_hash_tells_the_same_value_from_another() -> None:
    redact = Redactor(strategy="hash")
    assert redact("a@example.com") == redact("a@example.com") != redact("b@example.com")


def test_blocking_names_the_kind_and_nothing_else() -> None:
    with pytest.raises(RedactionBlockedError, match="1 × email") as caught:
        Redactor(strategy="block")("alice@example.com")
    assert "alice" not in str(caught.value)


def test_own_detectors_join_the_built_in_ones() -> None:
    def colours(text: str) -> list[Match]:
        start = text.find("mauve")
        return [Match(type="colour", value="mauve", start=start, end=start + 5)] if start >= 0 else []

    redact = Redactor(detectors={"employee": r"EMP-(\d{6})", "colour": colours})
    assert redact("EMP-123456 likes mauve, a@example.com") == (
        "EMP-[REDACTED_EMPLOYEE] likes [REDACTED_COLOUR], [REDACTED_EMAIL]"
    )
    assert Redactor(["colour"], detectors={"colour": colours})("mauve a@b.cc") == "[REDACTED_COLOUR] a@b.cc"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"kinds": ["shoe_size"]}, "unknown kinds"),
        ({"strategy": "burn"}, "strategy must be one of"),
        ({"detectors": {"x": "("}}, "no regular expression"),
    ],
)
def test_a_redactor_that_can_not_be_meant_is_refused(arguments: dict[str, object], expected: str) -> None:
    with pytest.raises(InvalidInputError, match=expected):
        Redactor(**arguments)  # type: ignore[arg-type]


_PIECES = st.sampled_from(
    [
        *"@.:-_=/+ []<>密码是0123456789aA\uff20\ufe6b\n\ud83d",
        "alice@example.com", "password is ", "13812345678", "sk-", "[REDACTED_", "://", "4111111111111111", "验证码",
        "_hash:0123abcd>", "****", "-----BEGIN PRIVATE KEY-----", "DE89370400440532013000", "token=", "is", "x1y2z3w4",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=40).map("".join)), st.sampled_from(["redact", "mask", "hash"]))
@settings(max_examples=300)
def test_any_text_is_taken_and_a_second_time_changes_nothing(text: str, strategy: Strategy) -> None:
    redact = Redactor(strategy=strategy)
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "a.@",
        "@",
        "eyJ-",
        "sk-",
        "+1 2 ",
        "-----BEGIN PRIVATE KEY-----",
        "token:",
        "://",
        "DE89 ",
        "0",
    ],
)
def test_no_text_takes_more_than_time_in_proportion(unit: str) -> None:
    """Ten times the text takes far less than the hundred times that a quadratic detector would."""
    redact = Redactor()

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    assert seconds(300_000) < 40 * max(seconds(30_000), 0.002)
