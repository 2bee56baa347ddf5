import zlib

import pytest

from opsmanager.accounts import token_text


def test_a_token_is_whole_and_never_the_same() -> None:
    made = {token_text.make() for _ in range(500)}
    assert len(made) == 500
    assert all(token_text.is_whole(text) for text in made)
    assert {len(text) for text in made} == {51}


def test_each_single_mistyped_character_is_told() -> None:
    text = token_text.make()
    for place, letter in enumerate(text):
        wrong = "x" if letter != "x" else "y"
        assert not token_text.is_whole(text[:place] + wrong + text[place + 1 :])


def test_swapped_neighbours_are_told() -> None:
    text = token_text.make()
    for place in range(len(text) - 1):
        swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        assert swapped == text or not token_text.is_whole(swapped)


@pytest.mark.parametrize(
    "cut", [lambda t: t[:-1], lambda t: t[1:], lambda t: f"{t} ", lambda t: ""]
)
def test_what_is_cut_off_or_too_long_is_told(cut) -> None:
    assert not token_text.is_whole(cut(token_text.make()))


def test_the_checksum_is_the_crc_32_of_the_rest_in_62_letters() -> None:
    text = token_text.make()
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for letter in text[-6:]:
        number = number * 62 + letters.index(letter)
    assert number == zlib.crc32(text[:-6].encode())


def test_what_is_kept_tells_nothing_of_the_token() -> None:
    text = token_text.make()
    assert token_text.digest(text) != token_text.digest(text[:-1])
    assert text not in token_text.digest(text)
    assert text.startswith(token_text.start(text))
    assert len(token_text.start(text)) == 11
