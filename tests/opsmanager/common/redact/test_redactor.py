"""Known values in texts, sentences and JSON."""

import json

from opsmanager.common.redact import MASK, Redactor

SECRET = "S3CR3T-0123456789abcdef"


def test_the_longest_goes_first() -> None:
    assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh abcd") == "*** ***"


def test_secrets_that_overlap_leave_nothing() -> None:
    assert Redactor(["abcdef", "defghi"]).text("x abcdefghi x") == "x *** x"


def test_what_is_shorter_than_four_characters_is_no_known_value() -> None:
    assert Redactor(["abc", ""]).text("abc") == "abc"


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
