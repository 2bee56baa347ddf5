"""The API does what its OpenAPI document says, whatever is asked of it: schemathesis, all checks.

Here a part of it; `make fuzz` asks 20,000 times.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.demo import Demo, begin
from tests.stack.fuzzing import fuzz
from tests.stack.stack import Stack, running

# What it makes, changes and deletes would get into the way of other tests.
pytestmark = [pytest.mark.xdist_group("fuzzed"), pytest.mark.sshd]

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "600"))
"""By each role."""
SECONDS = 30 if REQUESTS <= 2000 else 240


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return OpsManager, running for this test alone."""
    with running(tmp_path_factory.mktemp("fuzzed")) as started:
        yield started


@pytest.fixture
def demo(stack: Stack) -> Demo:
    """Return the demo servers."""
    return begin(stack)


@pytest.mark.parametrize("role", ["ADMIN", "NOC"])
def test_no_answer_is_another_than_the_document_says(
    stack: Stack, demo: Demo, role: str, tmp_path: Path
) -> None:
    user = stack.user(role)
    servers = list(demo.servers.values())
    for server in servers[:2]:
        stack.grant(user, server)
    # Not a login: what is fuzzed tries wrong passwords, and logins are throttled for that.
    token = stack.api(user).post("auth/tokens", {"name": "fuzzing"}).json["token"]["secret"]
    done = 0
    for seed in range(1, 200):
        found = fuzz(stack, tmp_path, token=token, servers=servers, seed=seed, seconds=SECONDS)
        done += found.requests
        print(f"{role}: {done} requests, {found.failures} failures")  # noqa: T201 - for `make fuzz`
        assert (found.failures, found.exit_code) == (0, 0), found.output
        if done >= REQUESTS:
            break
    assert done >= REQUESTS
