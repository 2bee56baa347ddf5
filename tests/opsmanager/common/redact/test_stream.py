"""A secret is masked wherever its stream is cut."""

import base64
import json
import random
import textwrap
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmanager.common.redact import MASK, Redactor
from opsmanager.common.redact.stream import LONGEST_LINE

SHORT = "hunter2!"
LONG = "S3CR3T-0b7f/9a+c1=d e'f\"g"
CYRILLIC = "пароль-Ёж-42"
LINES = "first line of it\nsecond/line+of it\n\nthe third line"
SECRETS = (SHORT, LONG, CYRILLIC, LINES)
REDACTOR = Redactor(SECRETS)


def shapes(secret: str) -> dict[str, str]:
    """Return the secret as programs print it."""
    data = secret.encode()
    return {
        "plain": secret,
        "base64": base64.b64encode(data).decode(),
        "base64 one later": base64.b64encode(b"u" + data).decode(),
        "base64 two later": base64.b64encode(b"u:" + data + b"\n").decode(),
        "base64 urlsafe": base64.urlsafe_b64encode(data).decode(),
        "hex": data.hex(),
        "HEX": data.hex().upper(),
        "url": quote(secret, safe=""),
        "json": json.dumps({"value": secret}),
        "json utf-8": json.dumps({"value": secret}, ensure_ascii=False),
        "repr": repr(secret),
        "shell": "'" + secret.replace("'", "'\"'\"'") + "'",
        "html": secret.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#x27;"),
    }


CASES = [
    pytest.param(secret, shape, id=f"{name} {number}")
    for number, secret in enumerate(SECRETS)
    for name, shape in shapes(secret).items()
]


def given_away(secret: str, text: str) -> bool:
    """Whether the text holds the secret, a line of it, or base64 and hex of most of it."""
    parts = [secret, *(line for line in secret.splitlines() if len(line) >= 4)]
    forms = [
        form
        for part in parts
        for shape in shapes(part).values()
        for form in (shape, shape.strip("'\"={} "))
        # What of base64 belongs to what surrounds it gives nothing away.
        for form in (form, form[4:-4] if len(form) > 16 else form)
    ]
    return any(form in text for form in forms if len(form) >= 4)


@pytest.mark.parametrize(("secret", "shape"), CASES)
def test_nothing_leaks_wherever_the_stream_is_cut(secret: str, shape: str) -> None:
    text = f"before it\nhere: {shape} and on\nafter it\n"
    whole = REDACTOR.text(text)
    assert MASK in whole
    assert not given_away(secret, whole)
    assert whole.startswith("before it\nhere: ")
    assert whole.endswith("after it\n")
    data = text.encode()
    for cut in range(len(data) + 1):
        stream = REDACTOR.stream()
        pieces = [stream.feed(data[:cut]), stream.feed(data[cut:]), stream.flush()]
        assert "".join(pieces) == whole, cut


@pytest.mark.parametrize(("secret", "shape"), CASES)
def test_nothing_leaks_byte_by_byte(secret: str, shape: str) -> None:
    text = f"{shape}{shape}\n{shape}"
    stream = REDACTOR.stream()
    pieces = [stream.feed(text.encode()[at : at + 1]) for at in range(len(text.encode()))]
    pieces.append(stream.flush())
    assert "".join(pieces) == REDACTOR.text(text)
    assert not given_away(secret, "".join(pieces))


def wrapped(before: int, width: int) -> str:
    text = "x" * before + LONG + "y" * 90
    return textwrap.fill(base64.b64encode(text.encode()).decode(), width)


def gives_away_a_piece(text: str) -> bool:
    """Whether twelve characters of base64 of the secret stand in what was wrapped."""
    joined = text.replace("\n", "")
    return any(
        base64.b64encode(LONG[piece:].encode())[:12].decode() in joined
        for piece in range(len(LONG) - 9)
    )


@pytest.mark.parametrize("width", [60, 64, 76])
def test_base64_that_was_broken_into_lines_is_found(width: int) -> None:
    for before in range(120):
        printed = f"cat | base64\n{wrapped(before, width)}\nend\n"
        whole = REDACTOR.text(printed)
        assert gives_away_a_piece(printed)
        assert not gives_away_a_piece(whole)
        assert MASK in whole
        stream = REDACTOR.stream()
        by_line = [stream.feed(line) for line in printed.splitlines(keepends=True)]
        assert "".join([*by_line, stream.flush()]) == whole
        for size in (1, 7, 100):
            pieces = [stream.feed(printed[at : at + size]) for at in range(0, len(printed), size)]
            assert "".join([*pieces, stream.flush()]) == whole


def test_a_line_that_only_ends_in_a_long_word_is_shown_at_once() -> None:
    line = f"sha256 {'ab' * 32}\n"
    assert REDACTOR.stream().feed(line) == line


def test_random_cuts_of_a_mixed_stream_give_what_the_whole_gives() -> None:
    chance = random.Random(7)
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAA" * 3 + "\n"
    end = "-----END OPENSSH PRIVATE KEY-----\n"
    secret_yaml = "apiVersion: v1\ndata:\n  user: cm9vdA==\nkind: Secret\nmetadata:\n  name: x\n\n"
    pieces = [
        *("plain words\n", "password=x1y2z3\n", key + end, key, secret_yaml, "\r\n", "\n"),
        *(shape + end for secret in SECRETS for shape in shapes(secret).values() for end in "\n "),
        *("a" * 70_000 + "\n", "QUJD" * 18 + "\n", "apiVersion: v1\nkind: Pod\n"),
    ]
    for _ in range(120):
        text = "".join(chance.choices(pieces, k=12))
        data = text.encode()
        cuts = sorted(chance.choices(range(len(data) + 1), k=chance.choice([1, 5, 40])))
        stream = REDACTOR.stream()
        shown = [
            stream.feed(data[begin:end])
            for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)
        ]
        assert "".join([*shown, stream.flush()]) == REDACTOR.text(text)


def test_whole_lines_are_shown_at_once() -> None:
    stream = REDACTOR.stream()
    assert stream.feed("first\nsec") == "first\n"
    assert stream.feed("ond\n") == "second\n"
    assert stream.flush() == ""


def test_a_line_without_end_is_not_held_back_for_ever() -> None:
    stream = REDACTOR.stream()
    shown = "".join(stream.feed("." * 1000) for _ in range(200))
    assert len(shown) >= 2 * LONGEST_LINE
    assert shown + stream.flush() == "." * 200_000


def test_a_key_that_never_ends_is_not_held_back_for_ever() -> None:
    stream = Redactor().stream()
    shown = stream.feed("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0123456789\n")
    assert shown == ""
    shown = stream.feed("just words that follow\n" * 500)
    assert shown.startswith("-----BEGIN RSA PRIVATE KEY-----\n***\njust words")


def test_invalid_utf8_is_replaced() -> None:
    stream = REDACTOR.stream()
    assert stream.feed(b"a\xff\xd0") + stream.feed(b"\xbf\n") == "a\ufffdп\n"


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.data())
def test_any_secret_is_masked_at_any_cut(secret: str, around: str, data: st.DataObject) -> None:
    redactor = Redactor([secret])
    text = f"{around}{secret}{around}"
    cut = data.draw(st.integers(0, len(text)))
    stream = redactor.stream()
    shown = stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.flush()
    assert secret not in shown.replace(MASK, "\0")
    assert shown == redactor.text(text)


HOSTILE = (
    *("x-", "mysql ", "mysql '", "https://a:", "docker login ", "chpasswd ", "sk-", "eyJ-"),
    *("password", "password=", "'--password=", "$6$a", "Cookie: a=b;", "a:", "<password ", "'a-"),
    *("A", "+", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n+", "kind: Secret\n"),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_line_takes_for_ever(piece: str) -> None:
    text = (piece * (64_000 // len(piece)))[:64_000] + "!\n"
    begun = time.process_time()
    REDACTOR.text(text)
    # One that looks at each place of the line from each place takes a minute.
    assert time.process_time() - begun < 15
