"""Known values in texts, sentences and JSON."""

import json

import pytest

from opsmanager.common.redact import MASK, Redactor

SECRET = "S3CR3T-0123456789abcdef"


def test_the_longest_goes_first() -> None:
    assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh abcd") == "*** ***"


def test_secrets_that_overlap_leave_nothing() -> None:
    assert Redactor(["abcdef", "defghi"]).text("x abcdefghi x") == "x *** x"


def test_what_is_shorter_than_four_characters_is_no_known_value() -> None:
    assert Redactor(["abc", ""]).text("abc") == "abc"


def test_one_that_knows_more_leaves_the_first_as_it_is() -> None:
    first = Redactor(["abcdefgh"])
    more = first.with_also(["abcd", "wxyz"])
    assert more.text("abcdefgh abcd wxyz") == "*** *** ***"
    assert first.text("abcdefgh abcd wxyz") == "*** abcd wxyz"


@pytest.mark.parametrize("count", [3, 900], ids=["a pattern", "place by place"])
@pytest.mark.parametrize("length", [10, 10_000], ids=["short", "long"])
def test_many_or_few_in_short_texts_or_long(count: int, length: int) -> None:
    known = [f"{number:04}-S3CR3T-{number:04}" for number in range(count)]
    filler = "." * length
    text = filler.join(["", known[0], known[-1], "0001-S3CR3T", ""])
    assert Redactor(known).text(text) == filler.join(["", MASK, MASK, "0001-S3CR3T", ""])


def test_a_repr_shows_nothing() -> None:
    assert SECRET not in repr(Redactor([SECRET]))
    assert SECRET not in repr(vars(Redactor([SECRET]))["_known"])


def test_json_keeps_its_shape() -> None:
    value = {"a": [f"x{SECRET}", 1, None, True], SECRET: {"password": "short", "user": "bob"}}
    assert Redactor([SECRET]).value(value) == {
        "a": ["x***", 1, None, True],
        MASK: {"password": MASK, "user": "bob"},
    }


def test_a_name_says_that_a_value_is_a_secret() -> None:
    masked = Redactor().value({"apiKey": "with, comma and space", "token_count": "5", "path": "/a"})
    assert masked == {"apiKey": MASK, "token_count": "5", "path": "/a"}


def test_masked_json_is_json_again() -> None:
    value = {"text": 'say "password=a\\"b" and\nmore', "key": SECRET}
    json.dumps(Redactor([SECRET]).value(value))


def test_a_sentence_may_end_in_half_a_secret() -> None:
    masked = Redactor([SECRET]).sentence(f"It was answered: token is {SECRET[:12]}... and so on")
    assert masked == "It was answered: token is ***... and so on"


def test_known_only_leaves_families_alone() -> None:
    assert Redactor([SECRET]).known_only(f"password=x {SECRET}") == "password=x ***"
    assert Redactor().known_only(f"password=x {SECRET}") == f"password=x {SECRET}"
