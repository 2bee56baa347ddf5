import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = {
    "manage.py": ["manage.py", "check"],
    "a worker": ["-m", "celery", "-A", "opsmanager", "worker"],
    "web": ["-c", "import opsmanager.wsgi"],
}


def start(*words: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "opsmanager.settings"}
    for name, value in changed.items():
        environ.pop(name, None)
        environ.pop(f"{name}_FILE", None)
        if value is not None:
            environ[name] = value
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def settings_of(*names: str, **changed: str | None) -> list[str]:
    """Return the settings as a process with these variables reads them."""
    shown = "; ".join(f"print(settings.{name})" for name in names)
    ended = start("-c", f"from django.conf import settings; {shown}", **changed)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_setting_ends_the_start_with_its_sentence(program: str) -> None:
    ended = start(*PROGRAMS[program], DATABASE_URL="mysql://ops:hunter2@db/ops")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        "DATABASE_URL names a mysql database; OpsManager needs PostgreSQL. "
        "It must look like postgresql://user:password@host:5432/opsmanager.\n"
    )


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"])
def test_what_is_required_is_named_when_it_is_missing(name: str) -> None:
    ended = start("manage.py", "check", **{name: None})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name} is not set. ")


def test_a_database_that_does_not_answer_is_said_without_a_stack_trace() -> None:
    ended = start(
        "manage.py",
        "showmigrations",
        DATABASE_URL="postgresql://ops:hunter2@127.0.0.1:9/ops",
        DJANGO_SETTINGS_MODULE="opsmanager.settings.test",
    )
    assert ended.returncode == 1
    assert "The database can't be used" in ended.stderr
    assert ended.stderr.rstrip().endswith("Check DATABASE_URL and PostgreSQL.")
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


def test_on_a_public_https_address_cookies_and_redirects_are_strict() -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    found = settings_of(
        *names,
        "CSRF_TRUSTED_ORIGINS",
        "SECURE_HSTS_SECONDS",
        OPSMANAGER_PUBLIC_URL="https://ops.example/",
    )
    assert found == ["True", "True", "True", "['https://ops.example']", "31536000"]
    assert settings_of(*names, OPSMANAGER_PUBLIC_URL="http://ops.example") == ["False"] * 3


def test_the_public_address_and_the_machines_own_names_are_served() -> None:
    (hosts,) = settings_of(
        "ALLOWED_HOSTS",
        ALLOWED_HOSTS="ops.internal",
        OPSMANAGER_PUBLIC_URL="https://ops.example:8443",
    )
    assert hosts == "['ops.internal', 'ops.example', 'localhost', '127.0.0.1', '[::1]']"


def test_web_is_told_no_private_key_unless_it_is_given_one() -> None:
    found = settings_of(
        "CREDENTIAL_PRIVATE_KEYS",
        "JWT_PUBLIC_KEY",
        "DEBUG",
        OPSMANAGER_CREDENTIAL_PRIVATE_KEYS=None,
        OPSMANAGER_JWT_PRIVATE_KEY=None,
        DEBUG=None,
    )
    assert found == ["[]", "", "False"]


def test_events_are_kept_for_90_days_at_least() -> None:
    ended = start("manage.py", "check", OPSMANAGER_AUDIT_RETENTION_DAYS="89")
    assert ended.returncode == 1
    assert ended.stderr.startswith("OPSMANAGER_AUDIT_RETENTION_DAYS must be between 90 and ")
