"""Icons: decoration beside a word, or with a word of their own."""

from opsmanager.common.templatetags.icons import icon


def test_an_icon_beside_its_word_is_hidden_from_screen_readers() -> None:
    html = icon("check")
    assert 'aria-hidden="true"' in html
    assert "vendor/icons.svg#check" in html


def test_an_icon_that_stands_alone_says_what_it_means() -> None:
    html = icon("lock", label='Production "now"')
    assert 'role="img"' in html
    assert 'aria-label="Production &quot;now&quot;"' in html
    assert "aria-hidden" not in html
