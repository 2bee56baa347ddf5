"""Each family of secrets is recognised, and what only looks like one is left alone."""

from pathlib import Path

import pytest

from opsmanager.common.redact import MASK, Redactor
from opsmanager.common.redact.families import FAMILIES
from opsmanager.common.redact.family import Family, check_order
from tests.opsmanager.common.redact.samples import LINES, SECRET, TOKENS

REDACTOR = Redactor()
HARMLESS = sorted((Path(__file__).parent / "harmless").glob("*.txt"))
CASES = [pytest.param(name, line, id=line[:60]) for name, lines in LINES.items() for line in lines]


def secret_of(name: str) -> str:
    return TOKENS.get(name, SECRET)


def test_each_family_has_a_line_that_shows_it() -> None:
    assert {family.name for family in FAMILIES} == set(LINES)


@pytest.mark.parametrize(("name", "line"), CASES)
def test_the_secret_is_masked_and_the_rest_is_not(name: str, line: str) -> None:
    masked = REDACTOR.text(line)
    assert secret_of(name) not in masked
    assert MASK in masked
    first_words = line.partition(secret_of(name))[0].split(" ")[0].split("=")[0]
    assert first_words[:3] in masked or name in ("crypt", "wpa") or name in TOKENS


@pytest.mark.parametrize(("name", "line"), CASES)
def test_masking_twice_is_masking_once(name: str, line: str) -> None:
    assert REDACTOR.text(REDACTOR.text(line)) == REDACTOR.text(line)


@pytest.mark.parametrize(("name", "line"), CASES)
def test_it_is_masked_in_the_middle_of_a_log_too(name: str, line: str) -> None:
    text = f"Nov 24 begin\n{line}\nNov 24 end\n"
    masked = REDACTOR.text(text)
    assert secret_of(name) not in masked
    assert masked.startswith("Nov 24 begin\n")
    assert masked.endswith("\nNov 24 end\n")


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.name in LINES], ids=lambda f: f.name)
def test_the_family_alone_masks_its_first_line(family: Family) -> None:
    line = LINES[family.name][0]
    assert secret_of(family.name) not in family.apply(line, line.lower())


def test_the_words_around_a_secret_stay() -> None:
    for line, expected in {
        "mysql -u root -pabc shop": "mysql -u root -p*** shop",
        "curl -H 'Authorization: Bearer abc' x": "curl -H 'Authorization: Bearer ***' x",
        "PGPASSWORD=a psql -h db": "PGPASSWORD=*** psql -h db",
        '{"password": "a\\"b", "n": 1}': '{"password": "***", "n": 1}',
        "postgresql://ops:a@b@db:5432/x": "postgresql://ops:***@db:5432/x",
        "Set-Cookie: id=abc; Path=/; Secure": "Set-Cookie: id=***; Path=/; Secure",
        "bob:$6$salt$hash1234567:19000:0:99999:7:::": "bob:***:19000:0:99999:7:::",
        "app '--password=a b' --port 22": "app '--password=***' --port 22",
        "login failed: password=abc, user=bob": "login failed: password=***, user=bob",
    }.items():
        assert REDACTOR.text(line) == expected


@pytest.mark.parametrize("file", HARMLESS, ids=lambda file: file.stem)
def test_harmless_output_comes_through_unchanged(file: Path) -> None:
    changed = [
        (line, REDACTOR.text(line))
        for line in file.read_text().splitlines()
        if REDACTOR.text(line) != line
    ]
    assert changed == []
    assert REDACTOR.text(file.read_text()) == file.read_text()


def test_there_is_harmless_output_to_look_at() -> None:
    assert len(HARMLESS) >= 5
    assert sum(len(file.read_text().splitlines()) for file in HARMLESS) > 200


def test_two_families_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Two families are named jwt"):
        check_order([*FAMILIES, next(f for f in FAMILIES if f.name == "jwt")])


def test_a_letter_that_grows_in_lower_case_moves_nothing() -> None:
    assert REDACTOR.text("İİİ password=abc İ") == "İİİ password=*** İ"
