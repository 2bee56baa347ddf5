"""A world's contents survive the way into it and are laid out as described."""

import time
from pathlib import Path

from opsmanager.embedded.demo.inside import contents
from opsmanager.embedded.demo.inside.contents import Contents, LogFile
from opsmanager.embedded.demo.shop import SHOP


def test_contents_are_the_same_after_the_way_in():
    for blueprint in SHOP:
        assert Contents.from_json(blueprint.contents().to_json()) == blueprint.contents()


def test_files_units_and_logs_are_laid_out(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "_WANTED", tmp_path / "wants")
    log = LogFile(path=str(tmp_path / "log/old.log"), kilobytes=100, age_days=9, line="DEBUG")
    contents.lay_out(
        Contents(files={str(tmp_path / "etc/x"): "text"}, logs=(log,), units=("shop.service",))
    )
    assert (tmp_path / "etc/x").read_text() == "text"
    assert (tmp_path / "wants/shop.service").readlink() == Path("../shop.service")
    written = tmp_path / "log/old.log"
    assert 100_000 < written.stat().st_size < 140_000
    assert abs(time.time() - written.stat().st_mtime - 9 * 86_400) < 3600
    assert "DEBUG #0" in written.read_text().splitlines()[0]


def test_every_blueprint_makes_sense():
    assert len({one.name for one in SHOP}) == len(SHOP)
    for one in SHOP:
        units = {service.unit for service in one.services}
        assert set(one.killed) <= units
        assert sum(log.kilobytes for log in one.logs) < one.log_megabytes * 1024
        if one.incident:
            assert one.incident.labels["unit"] in one.killed
