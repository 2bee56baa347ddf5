import subprocess
from pathlib import Path

import pytest

from tests.repository import secrets

# Put together here, so that this file holds no whole one.
KEY = "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n"
TOKEN = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
ADDRESS = "postgresql://ops:" + "s3cr3tpassw0rd@db/ops"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "plain.py").write_text("answer = 42\n")
    return tmp_path


@pytest.mark.parametrize("text", [KEY, TOKEN, ADDRESS])
def test_a_secret_in_a_file_fails_the_check_and_is_not_repeated(
    repository: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert secrets.main([], repository) == 0
    (repository / "tests").mkdir()
    (repository / "tests" / "leak.txt").write_text(f"\n{text}\n")
    assert secrets.main([], repository) == 1
    said = capsys.readouterr().out
    assert "tests/leak.txt:2: looks like a secret" in said
    assert text.strip() not in said


def test_what_was_accepted_passes_wherever_it_moves_and_its_copies_do_not(
    repository: Path,
) -> None:
    leak = repository / "leak.txt"
    leak.write_text(f"{ADDRESS}\n")
    assert secrets.main(["--accept"], repository) == 0
    assert "s3cr3t" not in (repository / secrets.BASELINE).read_text()
    leak.write_text(f"\n\n{ADDRESS}\n")
    assert secrets.main([], repository) == 0
    (repository / "other.txt").write_text(f"{ADDRESS}\n")
    assert secrets.main([], repository) == 1
