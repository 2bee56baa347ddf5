import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.engine.output import CappedText, OutputDecoder


def test_a_character_split_between_two_chunks_is_put_together() -> None:
    decoder = OutputDecoder()
    euro = "€".encode()
    assert decoder.decode(euro[:1]) == ""
    assert decoder.decode(euro[1:2]) == ""
    assert decoder.decode(euro[2:] + b"!") == "€!"


def test_invalid_and_unfinished_bytes_become_the_replacement_character() -> None:
    decoder = OutputDecoder()
    assert decoder.decode(b"a\xffb") == "a\ufffdb"
    assert decoder.decode(b"\xe2\x82", final=True) == "\ufffd"


def test_nul_becomes_its_symbol_since_postgresql_cannot_hold_it() -> None:
    assert OutputDecoder().decode(b"a\0b") == "a␀b"


@given(st.binary(max_size=60), st.integers(min_value=1, max_value=7))
def test_chunks_decode_to_the_same_text_wherever_they_are_cut(data: bytes, size: int) -> None:
    whole = OutputDecoder().decode(data, final=True)
    decoder = OutputDecoder()
    pieces = [decoder.decode(data[at : at + size]) for at in range(0, len(data), size)]
    assert "".join(pieces) + decoder.decode(b"", final=True) == whole


@given(st.lists(st.text(max_size=20), max_size=10))
def test_short_text_is_kept_whole(pieces: list[str]) -> None:
    kept = CappedText(limit=1000)
    for piece in pieces:
        kept.append(piece)
    assert kept.text() == "".join(pieces)


def test_long_text_keeps_head_and_tail_and_says_how_much_is_left_out() -> None:
    kept = CappedText(limit=20)
    for number in range(1000):
        kept.append(f"{number:04d} ")
    assert kept.text() == "0000 0001 \n[... 4,980 bytes left out ...]\n0998 0999 "


def test_a_cut_inside_a_character_leaves_the_character_out() -> None:
    kept = CappedText(limit=10)
    kept.append("€" * 10)
    assert kept.text() == "€\n[... 20 bytes left out ...]\n€"


@pytest.mark.parametrize("piece", [1, 7, 4096, 3_000_000])
def test_one_mebibyte_is_the_limit_whatever_the_pieces(piece: int) -> None:
    kept = CappedText()
    total = 3_000_000 if piece > 7 else 2_200_000
    block = "x" * piece
    for _ in range(total // piece):
        kept.append(block)
    text = kept.text()
    assert 1024 * 1024 <= len(text) <= 1024 * 1024 + 60
    assert "bytes left out" in text


def test_it_is_told_whether_the_middle_gave_way() -> None:
    text = CappedText(10)
    text.append("0123456789")
    assert not text.is_cut
    text.append("x")
    assert text.is_cut
    assert "[... 1 bytes left out ...]" in text.text()
