"""What a demo server runs where it cannot be contained: a fixed list of reading commands.

The machine's own shell never sees a word that a client sent. The command is taken out of what the
client sends, compared as words with the list, and run by this process.
"""

import os
import re
import shlex
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from opsmanager.embedded.demo.pipes import Pipes
from servers.ssh import script

REFUSED = 126

ALLOWED = frozenset(
    {
        ("cat", "/proc/loadavg"),
        ("cat", "/proc/meminfo"),
        ("cat", "/proc/uptime"),
        ("date",),
        ("df", "-P"),
        ("df", "-Pi"),
        ("df", "-Pk"),
        ("hostname",),
        ("id",),
        ("id", "-u"),
        ("nproc",),
        ("true",),
        ("uname", "-a"),
        ("uptime",),
    }
)
"""All that is run, word for word."""

_SHELLS = frozenset({script.SHELL, script.OWN_SESSION_SHELL})
_ASSIGNMENT = re.compile(r"opsm_(\w+)=(.*)", re.DOTALL)
_LONGEST_SCRIPT = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a client wants to run."""

    text: str
    announcement: str = ""
    """The id under which the client expects the first line of both streams."""

    @property
    def words(self) -> tuple[str, ...]:
        """The command as words; nothing where that is not all there is to it."""
        try:
            words = tuple(shlex.split(self.text))
        except ValueError:
            return ()
        # Only text that is nothing but its words, quoted, means the same to a shell.
        return words if shlex.join(words) == self.text else ()

    @property
    def is_allowed(self) -> bool:
        """Whether it is on the list."""
        return self.words in ALLOWED or self.text == script.load("probe")


def understand(command: str, stdin: bytes) -> Asked:
    """Read an exec request: a command of its own, or a shell that is fed OpsManager's script."""
    if command not in _SHELLS:
        return Asked(text=command)
    lexer = shlex.shlex(stdin.decode(errors="replace"), posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    found: dict[str, str] = {}
    try:
        if lexer.get_token() == "{":
            while match := _ASSIGNMENT.fullmatch(lexer.get_token() or ""):
                found[match[1]] = match[2]
    except ValueError:
        found = {}
    return Asked(text=found.get("text", ""), announcement=found.get("id", ""))


def launch(command: str, environment: Mapping[str, str]) -> "ReadingProcess":
    """Run what is on the list, and refuse all else; see :data:`servers.ssh.testing.Launch`."""
    return ReadingProcess(command, environment)


class ReadingProcess:
    """A command that is looked at before it runs."""

    def __init__(self, command: str, environment: Mapping[str, str]) -> None:
        pipes = Pipes.open()
        self.stdin: IO[bytes] | None = pipes.stdin
        self.stdout: IO[bytes] | None = pipes.stdout
        self.stderr: IO[bytes] | None = pipes.stderr
        self._command = command
        self._environment = environment
        self._ends = pipes.theirs
        self._running: subprocess.Popen[bytes] | None = None
        self._code = REFUSED
        self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
        self._thread.start()

    def wait(self) -> int:
        """Wait for the end; return the exit status, or minus the signal that ended it."""
        self._thread.join()
        return self._code

    def kill(self) -> None:
        """End the command, if it runs."""
        if self._running is not None:
            self._running.kill()

    def _run(self) -> None:
        stdin, stdout, stderr = self._ends
        with (
            os.fdopen(stdin, "rb") as given,
            os.fdopen(stdout, "wb", 0) as out,
            os.fdopen(stderr, "wb", 0) as err,
        ):
            sent = given.read(_LONGEST_SCRIPT) if self._command in _SHELLS else b""
            asked = understand(self._command, sent)
            if not asked.is_allowed:
                _announce(asked, 0, out, err)
                err.write(_refusal(asked.text).encode())
                return
            words = asked.words if asked.words in ALLOWED else ("/bin/sh", "-c", asked.text)
            self._answer(asked, words, out, err)

    def _answer(self, asked: Asked, words: tuple[str, ...], out: IO[bytes], err: IO[bytes]) -> None:
        try:
            self._running = running = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(self._environment),
                cwd="/",
                start_new_session=True,
            )
        except FileNotFoundError:
            self._code = 127
            _announce(asked, 0, out, err)
            err.write(f"{words[0]}: not found\n".encode())
            return
        with running:
            _announce(asked, running.pid, out, err)
            # Each of these says little, so that nothing waits for room in a pipe.
            stdout, stderr = running.communicate()
        out.write(stdout)
        err.write(stderr)
        self._code = running.returncode


def _announce(asked: Asked, session: int, *streams: IO[bytes]) -> None:
    if asked.announcement:
        for stream in streams:
            stream.write(f"opsm:{asked.announcement}:{session}\n".encode())


def _refusal(text: str) -> str:
    shown = text if len(text) < 200 else f"{text[:200]}..."
    return (
        f"Not run: {shown}\nThis demo server cannot be contained on this machine, so it runs only "
        "a few reading commands (cat /proc/loadavg, df -P, uname -a, ...). "
        "On Linux with user namespaces it runs everything.\n"
    )
