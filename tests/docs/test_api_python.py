"""The Python examples of the API guide: a client is generated as they say, and they are run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.fences import DOCS, fences
from tests.docs.test_api_examples import tools
from tests.docs.typed import PATIENCE
from tests.stack.demo import Demo, begin
from tests.stack.stack import PASSWORD, Stack, running

__all__ = ["tools"]

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("alone")

PAGE = DOCS / "api-python.md"
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return one of our own: a cooldown on web-1 is no business of other tests."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="module")
def demo(stack: Stack) -> Demo:
    """Return the demo servers of this stack."""
    return begin(stack)


def test_the_python_examples_do_what_they_say_and_are_typed(
    stack: Stack, demo: Demo, tmp_path: Path
) -> None:
    demo.stop("web-1", "shop.service")
    (generate,) = (fence.code for fence in fences(PAGE, "sh"))
    blocks = [fence.code for fence in fences(PAGE, "python")]
    script = tmp_path / "examples.py"
    script.write_text("\n\n".join(blocks).replace(ADDRESS, stack.address))
    where = [str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {"PATH": os.pathsep.join(where), "PASSWORD": PASSWORD, "HOME": str(tmp_path)}

    def run(*words: str) -> str:
        ended = subprocess.run(
            words,
            env=environment,
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert ended.returncode == 0, f"{words[0]}: {ended.stdout}\n{ended.stderr}"
        return ended.stdout + ended.stderr

    assert (
        "warning"
        not in run("bash", "-c", f"set -eu\n{generate.replace(ADDRESS, stack.address)}").lower()
    )
    run(
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--follow-imports=silent",
        str(script),
    )
    said = run(sys.executable, str(script))

    assert said.splitlines()[0] == "admin"
    assert "would run: systemctl restart shop.service" in said
    assert "SUCCESS FIXED" in said
    assert "CANCELLED STOPPED" in said or "CANCELLED \n" in said
    assert "RATE_LIMIT_EXCEEDED wait " in said
    assert "ROLLED_BACK" in said
    assert "2 of 2 succeeded" in said
    assert "cooldown: It would take another " in said
    assert "VALIDATION [" in said
    assert "ACCEPTED SHA256:" in said
    assert "It started a cooldown" in said
