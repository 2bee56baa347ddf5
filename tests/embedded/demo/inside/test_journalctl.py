"""The journal is kept per unit and read back as journalctl shows it."""

import re
import socket
from pathlib import Path

import pytest

from opsmanager.embedded.demo.inside import journal, journalctl


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(journal, "FOLDER", tmp_path / "journal")
    return tmp_path / "journal"


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]):
    def show(*words: str) -> list[str]:
        assert journalctl.main(list(words)) == 0
        return capsys.readouterr().out.splitlines()

    return show


def test_entries_are_shown_oldest_first(shown):
    for text in ("first", "second", "third"):
        journal.append("shop.service", text)
    assert shown("-u", "shop", "-o", "cat", "--no-pager") == ["first", "second", "third"]
    assert shown("-u", "shop", "-n", "2", "-o", "cat") == ["second", "third"]
    assert shown("-u", "shop", "-n", "0", "-q") == []
    assert shown("-u", "shop", "-r", "-n", "1", "-o", "cat") == ["third"]
    assert shown("-u", "shop", "-g", "sec", "-o", "cat") == ["second"]


def test_the_forms_are_journalctls(shown):
    journal.append("shop.service", "Started.")
    host = re.escape(socket.gethostname())
    short, iso = shown("-u", "shop")[0], shown("-u", "shop", "--output=short-iso")[0]
    assert re.fullmatch(rf"\w{{3}} \d\d \d\d:\d\d:\d\d {host} systemd\[1\]: Started\.", short)
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{{4}} {host} systemd\[1\]: Started\.", iso
    )


def test_output_without_a_time_is_kept_as_it_is(shown, folder):
    folder.mkdir()
    (folder / "raw.service.log").write_text("Traceback\n2026-99-99Tx who: what\n")
    assert shown("-u", "raw") == ["Traceback", "2026-99-99Tx who: what"]


def test_without_a_unit_all_entries_are_in_order_of_time(shown):
    journal.append("b.service", "first")
    journal.append("a.service", "second")
    assert shown("-o", "cat") == ["first", "second"]
    assert journal.units() == ["a.service", "b.service"]


def test_since(shown, folder):
    folder.mkdir()
    old = "2020-01-01T00:00:00+00:00 shop[1]: old\n"
    (folder / "shop.service.log").write_text(old)
    journal.append("shop.service", "new")
    for since in ("1 hour ago", "-5min", "today", "yesterday", "2021-01-01"):
        assert shown("-u", "shop", f"--since={since}", "-o", "cat") == ["new"], since
    assert shown("-u", "shop", "--since", "2019-12-31 10:00", "-o", "cat") == ["old", "new"]


def test_nothing_is_said_to_be_nothing(shown):
    assert shown("-u", "nope") == ["-- No entries --"]
    assert shown() == ["-- No entries --"]
