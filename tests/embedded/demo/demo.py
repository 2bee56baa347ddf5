"""The demo servers as a process of their own, and commands on them over SSH."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

import opsmanager
from servers.ssh.errors import ChannelLost, SshError
from servers.ssh.host_keys import HostKey
from servers.ssh.pool import Pool
from servers.ssh.session import RemoteCommand
from servers.ssh.target import Target

PATIENCE = 90.0
PROJECT = Path(opsmanager.__path__[0]).parent
SECRET = "canary-of-the-environment"
ORDINARY_USER = 65_533


@dataclass(frozen=True)
class Result:
    """How a command on a demo server ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Account:
    """Who runs the demo servers, by which Python."""

    name: str
    user: int | None = None
    python: str = sys.executable

    @property
    def options(self) -> dict[str, Any]:
        """Of ``subprocess``."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": [], "cwd": "/"}


class Demo:
    """`python -m opsmanager.embedded.demo`, running."""

    def __init__(
        self, account: Account, folder: Path, *, prefix: tuple[str, ...] = (), **environment: str
    ) -> None:
        self.account = account
        self.folder = folder
        self.log = folder.with_suffix(".log")
        self._described.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, account.python, "-m", "opsmanager.embedded.demo", "--data", str(folder)],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(folder),
                    "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, sys.path)]),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "CANARY": SECRET,
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **account.options,
            )
        self.pool = Pool()
        eventually(lambda: self.is_ready or self.process.poll() is not None, self.log.read_text)
        assert self.is_ready, self.log.read_text()
        self.servers = {one["name"]: one for one in json.loads(self._described.read_text())}

    @property
    def _described(self) -> Path:
        return self.folder / "servers.json"

    @property
    def is_ready(self) -> bool:
        return self._described.exists()

    @property
    def contained(self) -> bool:
        return all(one["contained"] for one in self.servers.values())

    def target(self, name: str) -> Target:
        one = self.servers[name]
        key = HostKey(type=one["hostKey"]["type"], blob_base64=one["hostKey"]["publicKey"])
        return Target(
            name=name,
            hostname=one["hostname"],
            port=one["port"],
            username=one["username"],
            private_key=Path(one["privateKeyFile"]).read_text(),
            host_keys=(key,),
        )

    def run(self, text: str, *, on: str = "web-1", **options: Any) -> Result:
        streams = {"stdout": b"", "stderr": b""}

        def take(stream: str, chunk: bytes) -> None:
            streams[stream] += chunk

        values = {"timeout": PATIENCE, "recorded": False, "sudo": False, **options}
        command = RemoteCommand(text=text, action_id=uuid4(), **values)
        with self.pool.session(self.target(on)) as session:
            code = session.run(command, on_output=take, stop=lambda: None)
        return Result(code, streams["stdout"].decode(), streams["stderr"].decode())

    def python(self, code: str, *, on: str = "web-1") -> Result:
        """Run Python code in a server's world; shells and tools may refuse what a kernel would."""
        return self.run(
            f"{Path(self.account.python).resolve()} -I -S - <<'END'\n{code}\nEND", on=on
        )

    def answers(self, text: str, *, on: str) -> str:
        """Return a command's output; nothing when the server is in no state to answer."""
        try:
            return self.run(text, on=on).out
        except SshError:
            return ""

    def kill_all(self, *, on: str) -> None:
        """Kill every process of a server but its first; the command itself is among them."""
        with contextlib.suppress(ChannelLost):
            self.run("kill -9 -1", on=on)

    def family(self) -> list[psutil.Process]:
        leader = psutil.Process(self.process.pid)
        return [leader, *leader.children(recursive=True)]

    def close(self) -> None:
        self.pool.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()


def eventually(condition: Callable[[], object], what: Callable[[], object] = str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never came about: {what()}"
        time.sleep(0.05)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def accounts() -> list[Account]:
    """Who we are; as root also an ordinary user, by whichever Python he can run."""
    if os.geteuid() != 0:
        return [Account("ordinary user")]
    names = (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")
    candidates = [Account("ordinary user", ORDINARY_USER, name) for name in names]
    return [Account("root"), *[one for one in candidates if _can_run(one)][:1]]


def _can_run(account: Account) -> bool:
    path = os.pathsep.join([str(PROJECT), *filter(None, sys.path)])
    try:
        subprocess.run(
            [account.python, "-c", "import opsmanager.embedded.demo.server"],
            env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
            capture_output=True,
            **account.options,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def new_folder(account: Account) -> Path:
    """A folder that the account can reach and write to; to be removed by :func:`remove`."""
    parent = Path(tempfile.mkdtemp(prefix="demo-"))
    parent.chmod(0o711)
    folder = parent / "data"
    folder.mkdir()
    folder.with_suffix(".log").touch()
    if account.user is not None:
        os.chown(folder, account.user, account.user)
    return folder


def remove(folder: Path) -> None:
    shutil.rmtree(folder.parent)
