"""The configuration reference names what the code reads, no less and no more."""

import re

from tests.docs.environment import REQUIRED, settings, words_of_embedded
from tests.docs.fences import DOCS

PAGE = (DOCS / "configuration.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
SAID = {name: default.strip("`") for name, default, _ in ROW.findall(PAGE)}

# Texts in capital letters that are no variable which somebody may set for `make run`.
PASSED_TO_CHILDREN = {
    "DJANGO_SETTINGS_MODULE",
    "HOME",
    "LANG",
    "LC_ALL",
    "MALLOC_ARENA_MAX",
    "PATH",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
    "TMPDIR",
    "USER",
}
GENERATED = {
    "POSTGRES_OWNER_PASSWORD",
    "POSTGRES_PASSWORD",
    "POSTGRES_SUPERUSER_PASSWORD",
    "REDIS_PASSWORD",
}
NO_VARIABLES = {"ALTER", "CREATE", "CREATEDB", "GET", "PG_VERSION", "UTC"}


def test_each_setting_is_described() -> None:
    assert settings().keys() - SAID.keys() == set()


def test_the_defaults_are_those_of_the_code() -> None:
    read = settings()
    shown = {
        "": "empty",
        REQUIRED: REQUIRED,
        "str(BASE_DIR / '.data' / 'static')": ".data/static",
    }
    differ = {
        name: (SAID[name], default)
        for name, default in read.items()
        if SAID[name] != shown.get(default, default) and name != "OPSMANAGER_ADMIN_PASSWORD"
    }

    assert differ == {}


def test_each_variable_of_make_run_is_described() -> None:
    unknown = words_of_embedded() - SAID.keys() - PASSED_TO_CHILDREN - GENERATED - NO_VARIABLES

    assert unknown == set(), "Describe it in docs/configuration.md, or say here what it is."


def test_nothing_is_described_that_nobody_reads() -> None:
    assert SAID.keys() - settings().keys() - words_of_embedded() == set()
