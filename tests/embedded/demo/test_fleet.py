"""The fleet begins, repairs itself and ends, here in one process."""

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from opsmanager.embedded.demo import reading
from opsmanager.embedded.demo.containment.errors import ContainmentUnavailable, WorldEnded
from opsmanager.embedded.demo.containment.world import World
from opsmanager.embedded.demo.fleet import Fleet
from opsmanager.embedded.demo.inside.messages import Ended, Kill, Ready
from opsmanager.embedded.demo.shop import SHOP
from servers.ssh import script
from servers.ssh.testing import Process
from tests.embedded.demo.demo import eventually, lives

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/"}
ACTION = uuid4()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def fleet(folder: Path, said: list[str]) -> Iterator[Fleet]:
    fleet = Fleet(folder, say=said.append)
    yield fleet
    fleet.close()


@pytest.fixture
def contained(fleet: Fleet, said: list[str]) -> Fleet:
    fleet.begin()
    if fleet.servers[0].world is None:
        pytest.skip(said[0])
    return fleet


def world_of(fleet: Fleet) -> World:
    world = fleet.servers[0].world
    assert world is not None
    return world


def finish(process: Process, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """Feed a process, and return how it ended, and both streams."""
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with process.stdin:
        process.stdin.write(stdin)
    with process.stdout, process.stderr:
        out, err = (b"".join(iter(s.read, b"")) for s in (process.stdout, process.stderr))
    return process.wait(), out, err


def output(world: World, command: str) -> tuple[int, bytes]:
    return finish(world.launch(command, ENVIRONMENT))[:2]


def test_a_world_runs_commands_side_by_side_and_tells_their_end(contained):
    world = world_of(contained)
    slow = world.launch("sleep 600 & sleep 600", ENVIRONMENT)
    assert output(world, "hostname; exit 3") == (3, b"web-1\n")
    assert output(world, "kill -TERM $$") == (-signal.SIGTERM, b"")
    slow.kill()
    assert slow.wait() == -signal.SIGKILL
    assert output(world, "ps -e | grep -c sleep")[1] == b"0\n"
    slow.kill()
    for stream in (slow.stdin, slow.stdout, slow.stderr):
        stream.close()


def test_a_command_too_long_to_hand_over_is_refused(contained):
    with pytest.raises(OSError, match="long"):
        world_of(contained).launch("x" * 1_000_000, ENVIRONMENT)


def test_what_a_world_says_is_taken_with_care(contained):
    world = world_of(contained)
    for nonsense in (None, Ready(), Kill(id=1), Ended(id=99_999, code=0)):
        world._take_in(nonsense)
    assert output(world, "echo fine") == (0, b"fine\n")


def test_a_world_that_was_killed_loses_its_commands_and_comes_back(contained, said):
    world = world_of(contained)
    assert world._boot
    first = psutil.Process(world._boot.pid).children()[0]
    command = world.launch("sleep 600", ENVIRONMENT)
    first.kill()
    assert command.wait() == -signal.SIGKILL
    for stream in (command.stdin, command.stdout, command.stderr):
        stream.close()
    eventually(lambda: not world.is_alive)
    contained.look()
    assert said[-1] == "The world of web-1 has ended; it gets a new one."
    assert output(world, "systemctl is-active sessions") == (0, b"active\n")
    contained.look()
    assert len(said) == 4


def test_nothing_is_launched_in_a_world_that_is_not_there(fleet):
    with pytest.raises(WorldEnded, match="is starting"):
        world_of(fleet).launch("true", ENVIRONMENT)
    world_of(fleet).kill(1)
    world_of(fleet).wait_until_ready()
    assert not world_of(fleet).is_alive


def test_closing_ends_the_worlds_and_takes_the_file_away(contained):
    described = json.loads(contained.described.read_text())
    assert [one["name"] for one in described] == [one.name for one in SHOP]
    boots = [psutil.Process(server.world._boot.pid) for server in contained.servers]
    family = [*boots, *(one for boot in boots for one in boot.children(recursive=True))]
    assert len(family) > 6
    contained.close()
    eventually(lambda: not any(lives(one) for one in family))
    assert not contained.described.exists()
    contained.close()


def test_a_machine_that_refuses_is_told_and_left_in_order(fleet, said, monkeypatch):
    monkeypatch.setattr("opsmanager.embedded.demo.containment.world.sys.executable", "/bin/false")
    fleet.begin()
    assert said[0] == "NOT CONTAINED: the world's first process did not answer."
    assert [one["contained"] for one in json.loads(fleet.described.read_text())] == [False] * 3
    fleet.look()


def test_uncontained_it_runs_what_is_on_the_list_and_nothing_else(fleet, tmp_path):
    fleet.begin(uncontained_because="this is about reading")
    load = finish(reading.launch("cat /proc/loadavg", ENVIRONMENT))
    assert (load[0], len(load[1].split()), load[2]) == (0, 5, b"")
    script_of_ours = script.wrap("uname -a", action_id=ACTION)
    code, out, err = finish(reading.launch(script.SHELL, ENVIRONMENT), script_of_ours)
    assert code == 0
    assert re.match(rf"opsm:{ACTION}:\d+\n\w+ ".encode(), out)
    assert re.fullmatch(rf"opsm:{ACTION}:\d+\n".encode(), err)
    probe = script.wrap(script.load("probe"), action_id=ACTION)
    assert finish(reading.launch(script.SHELL, ENVIRONMENT), probe)[1].endswith((b"yes\n", b"no\n"))
    code, out, err = finish(reading.launch(f"touch {tmp_path}/{'x' * 300}", ENVIRONMENT))
    assert (code, out) == (126, b"")
    assert err.startswith(b"Not run: touch ")
    assert len(err) < 600
    assert list(tmp_path.iterdir()) == []
    missing = finish(reading.launch("nproc", {"PATH": "/nowhere"}))
    assert missing == (127, b"", b"nproc: not found\n")


def test_a_reading_command_can_be_killed(monkeypatch):
    monkeypatch.setattr(reading, "ALLOWED", frozenset({("sleep", "600")}))
    process = reading.launch("sleep 600", ENVIRONMENT)
    eventually(lambda: process._running)
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    process = reading.launch("true", ENVIRONMENT)
    assert finish(process)[0] == 126
    process.kill()


def test_another_system_than_linux_is_told(fleet, said, monkeypatch):
    monkeypatch.setattr("opsmanager.embedded.demo.fleet.sys.platform", "darwin")
    fleet.begin()
    assert said[0] == "NOT CONTAINED: only Linux can contain them."


@pytest.mark.parametrize("found", [None, ModuleSpec("systemctl2.systemctl", None)])
def test_a_missing_package_is_told(fleet, said, monkeypatch, found):
    monkeypatch.setattr("opsmanager.embedded.demo.programs.find_spec", lambda name: found)
    fleet.begin()
    assert said[0].startswith("NOT CONTAINED: docker-systemctl-replacement is missing")


def test_a_port_of_before_is_taken_again_or_replaced(fleet, folder, said):
    fleet.begin(uncontained_because="this is about ports")
    ports = [server.port for server in fleet.servers]
    fleet.close()
    with socket.create_server(("127.0.0.1", ports[2])):
        again = Fleet(folder, say=said.append)
        again.begin(uncontained_because="this is about ports")
        assert [server.port for server in again.servers][:2] == ports[:2]
        assert again.servers[2].port not in (0, ports[2])
        assert f"app-1: port {ports[2]} is taken now, so it has another one." in said
        again.close()


def test_another_reason_not_to_listen_is_an_error(fleet, monkeypatch):
    monkeypatch.setattr("opsmanager.embedded.demo.server.HOST", "192.0.2.1")
    with pytest.raises(OSError, match="assign"):
        fleet.begin(uncontained_because="this is about addresses")
    assert fleet.servers[0].port == 0


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Fleet(tmp_path / "file" / "data", say=print).begin(uncontained_because="folders")


def test_a_world_that_speaks_nonsense_is_refused(fleet):
    world = world_of(fleet)
    world._beginning, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.send(b"hello")
    with pytest.raises(ContainmentUnavailable, match="nonsense"):
        world.wait_until_ready()
    theirs.close()


def test_no_two_servers_share_a_user_outside(fleet):
    users = {world._plan.user for world in (server.world for server in fleet.servers) if world}
    assert len(users) == 3
    assert os.getuid() not in users
