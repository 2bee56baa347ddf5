"""The examples of the API guide, run against OpsManager and its demo servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.fences import DOCS, fences
from tests.docs.typed import TOOLS, need, typed
from tests.stack.demo import Demo, begin
from tests.stack.stack import Stack, running

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("alone")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return one of our own: a cooldown on web-1 is no business of other tests."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="module")
def demo(stack: Stack) -> Demo:
    """Return the demo servers of this stack."""
    return begin(stack)


@pytest.fixture(autouse=True)
def tools() -> None:
    """Skip where a tool of the examples is missing; fail instead with CI=true."""
    need(*TOOLS)


def test_the_examples_of_the_api_guide_do_what_they_say(
    stack: Stack, demo: Demo, tmp_path: Path
) -> None:
    demo.stop("web-1", "shop.service")
    first, *blocks = (fence.code for fence in fences(DOCS / "api.md", "sh"))
    assert first.startswith("API=http://127.0.0.1:8000")

    said = typed(blocks, tmp_path, API=f"{stack.address}/api/v1")

    assert '"admin"' in said
    assert '"status board"' in said
    assert '"serviceName"' in said
    assert "SERVICE_RESTART: Restart a service" in said
    assert "systemctl restart shop.service\n" in said
    assert "It started a cooldown" in said
    assert '"verdict": "FIXED"' in said
    assert "event: log\nid: 1\ndata: {" in said
    assert "event: end\nid: " in said
    assert "python saw SUCCESS" in said
    assert "unchanged: 304" in said
    assert "429 " in said
    assert '"RATE_LIMIT_EXCEEDED"' in said
    assert "ACCEPTED" in said
