"""`python -m opsmanager.embedded`: OpsManager and its services on one machine."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.environment import recall
from opsmanager.embedded.errors import EmbeddedError
from opsmanager.embedded.run import run
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.with_services import with_services

PROJECT = Path(__file__).resolve().parents[2]


def main(words: Sequence[str]) -> int:
    """Do what the command line `words` ask for; return the exit status."""
    options = _parser().parse_args(words)
    try:
        return _do(options)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        # A full disk, a file of somebody else's: the reason and the file are all there is to say.
        where = f" ({error.filename})" if error.filename else ""
        print(f"OpsManager cannot go on: {error.strerror}{where}.", file=sys.stderr)
    except KeyboardInterrupt:
        return _shell_status(-signal.SIGINT)
    return 1


def _do(options: argparse.Namespace) -> int:
    if options.task == "run":
        run(os.environ, project=PROJECT, terminal=Terminal())
        return 0
    if options.task == "with-services":
        return _shell_status(_with_services(options))
    environment = recall(DataDir.from_environment(os.environ, project=PROJECT))
    command = [sys.executable, str(PROJECT / "manage.py"), *options.command]
    return _shell_status(
        subprocess.run(command, env=os.environ | environment, check=False).returncode
    )


def _with_services(options: argparse.Namespace) -> int:
    if options.data is None:
        options.data = Path(tempfile.mkdtemp(prefix="opsmanager-"))
        # PostgreSQL's account, where we are root, has to pass through.
        options.data.chmod(0o711)
        options.fresh = True
    return with_services(
        options.command,
        os.environ,
        data=DataDir(path=options.data.absolute()),
        fresh=options.fresh,
        terminal=Terminal(sys.stderr),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m opsmanager.embedded", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("run", help="start everything and stay")
    services = tasks.add_parser("with-services", help="run a command with PostgreSQL and Redis")
    services.add_argument("--data", type=Path, help="the data folder; without it a fresh one")
    services.add_argument(
        "--fresh", action="store_true", help="the folder is empty, and removed at the end"
    )
    services.add_argument("command", nargs="+", help="after --")
    manage = tasks.add_parser("manage", help="run manage.py against the running OpsManager")
    manage.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def _shell_status(status: int) -> int:
    """As a shell tells a signal's victims: 128 and the signal."""
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
