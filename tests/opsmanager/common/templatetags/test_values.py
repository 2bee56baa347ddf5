"""Values of any JSON type, shown to people."""

import pytest

from opsmanager.common.templatetags import values


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        ("", "—"),
        ([], "—"),
        (0, "0"),
        (False, "no"),
        (True, "yes"),
        ([80, 443], "80, 443"),
        ([True, None], "yes, —"),
        ({"a": 1}, '{"a": 1}'),
        ("nginx", "nginx"),
    ],
)
def test_a_value_is_shown_as_words(value: object, shown: str) -> None:
    assert values.plain(value) == shown


def test_pairs_are_those_of_the_mapping_even_with_a_key_called_items() -> None:
    assert values.pairs({"items": 3}) == [("items", 3)]
    assert values.pairs(None) == []


def test_names_become_words() -> None:
    assert values.words("NOT_FIXED") == "Not fixed"


@pytest.mark.parametrize(
    ("share", "shown"), [(None, "—"), (0, "0 %"), (0.29, "29 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_a_share_is_never_rounded_up_to_all(share: float | None, shown: str) -> None:
    assert values.percent(share) == shown
