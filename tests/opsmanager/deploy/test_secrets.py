import stat
from pathlib import Path

import pytest

from opsmanager.deploy import __main__ as command
from opsmanager.deploy.secrets import make
from opsmanager.embedded.errors import SecretsError
from tests.opsmanager.deploy import files


def test_all_that_compose_names_is_made(tmp_path: Path) -> None:
    made = make(tmp_path / "secrets", database="db:5432", redis="broker:6379")
    assert set(made) == files.compose()["secrets"].keys()
    read = {name: (tmp_path / "secrets" / name).read_text() for name in made}
    owner = read["postgres_owner_password"]
    assert read["database_owner_url"] == f"postgresql://opsmanager_owner:{owner}@db:5432/opsmanager"
    assert read["redis_url"] == f"redis://:{read['redis_password']}@broker:6379/0"
    assert read["opsmanager_jwt_previous_keys"] == ""
    assert len(set(read.values())) == len(read)


def test_the_folder_lets_its_owner_in_alone(tmp_path: Path) -> None:
    make(tmp_path / "secrets", database="db:5432", redis="broker:6379")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    make(tmp_path, database="db:5432", redis="broker:6379")
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    (tmp_path / "opsmanager_metrics_token").unlink()

    assert make(tmp_path, database="x:1", redis="y:2") == ["opsmanager_metrics_token"]
    after = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert before | {"opsmanager_metrics_token": ""} == after | {"opsmanager_metrics_token": ""}


def test_half_a_pair_of_keys_is_not_made_whole(tmp_path: Path) -> None:
    make(tmp_path, database="db:5432", redis="broker:6379")
    (tmp_path / "opsmanager_credential_private_keys").unlink()
    with pytest.raises(SecretsError, match="Put it back from a backup"):
        make(tmp_path, database="db:5432", redis="broker:6379")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["opsmanager.deploy", *words])
        status = command.main()
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_the_command_names_what_it_made_but_shows_none_of_it(
    called: object, tmp_path: Path
) -> None:
    assert callable(called)
    status, out, _ = called(str(tmp_path))
    assert status == 0
    assert "redis_password" in out
    assert not [file for file in tmp_path.iterdir() if file.read_text() and file.read_text() in out]
    assert called(str(tmp_path)) == (0, f"{tmp_path}: nothing was missing.\n", "")


def test_the_command_says_what_stands_in_its_way(called: object, tmp_path: Path) -> None:
    assert callable(called)
    file = tmp_path / "file"
    file.write_text("")
    status, _, said = called(str(file / "secrets"))
    assert (status, said) == (1, f"{file / 'secrets'}: Not a directory.\n")
    make(tmp_path / "half", database="db:5432", redis="broker:6379")
    (tmp_path / "half" / "opsmanager_credential_private_keys").unlink()
    assert "Put it back" in called(str(tmp_path / "half"))[2]
